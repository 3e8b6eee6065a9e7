import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One call as the far end saw it. Times are milliseconds of one monotonic clock. */
export interface ObservedCall {
  readonly path: string;
  readonly entity: string;
  readonly key: string;
  readonly startedMs: number;
  endedMs: number | undefined;
}

/** The far end: a server that does as it is told and logs each call, its start and its end, independent of the system. */
export interface Observer {
  readonly url: string;
  readonly calls: ObservedCall[];
  /** How long calls take, and what they answer, from now on. */
  behave(behaviour: { readonly delayMs?: () => number; readonly status?: (call: ObservedCall) => number }): void;
  stop(): Promise<void>;
}

export async function startObserver(): Promise<Observer> {
  const calls: ObservedCall[] = [];
  let delayMs = (): number => 0;
  let status = (_call: ObservedCall): number => 200;
  const server: Server = createServer((request, response) => {
    const call: ObservedCall = {
      path: request.url ?? '',
      entity: String(request.headers['x-entity'] ?? ''),
      key: String(request.headers['idempotency-key'] ?? ''),
      startedMs: performance.now(),
      endedMs: undefined,
    };
    calls.push(call);
    response.on('close', () => {
      call.endedMs = performance.now();
    });
    setTimeout(() => {
      response.writeHead(status(call), { 'content-type': 'application/json' }).end(JSON.stringify({ n: calls.length }));
    }, delayMs());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    behave(behaviour) {
      delayMs = behaviour.delayMs ?? (() => 0);
      status = behaviour.status ?? (() => 200);
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Pairs of calls for one entity that were under way at once: single-flight says there are none. */
export function overlaps(calls: readonly ObservedCall[]): [ObservedCall, ObservedCall][] {
  return calls.flatMap((a, index) =>
    calls
      .slice(index + 1)
      .filter(
        (b) => a.entity === b.entity && b.startedMs < (a.endedMs ?? Infinity) && a.startedMs < (b.endedMs ?? Infinity),
      )
      .map((b): [ObservedCall, ObservedCall] => [a, b]),
  );
}
