import { connect, type Socket } from 'node:net';
import { quantile } from '../statistics.ts';
import type { Delivery } from './deliveries.ts';

export interface Sent {
  /** Deliveries a second, from the first written to the last answered. */
  readonly perSecond: number;
  /** Milliseconds from when each was due to when it was answered, sorted. */
  readonly latenciesMs: readonly number[];
  readonly statuses: ReadonlyMap<number, number>;
}

/** As fast as the answers come: each connection sends its next when it has been answered, as a provider's does. */
export async function flood(url: string, deliveries: readonly Delivery[], connections: number): Promise<Sent> {
  return send(url, deliveries, { connections, dueAt: () => 0 });
}

/** So many a second, whether or not earlier ones were answered: what waits counts as late. */
export async function paced(
  url: string,
  deliveries: readonly Delivery[],
  options: { readonly connections: number; readonly perSecond: number },
): Promise<Sent & { readonly p50: number; readonly p99: number }> {
  const everyMs = 1_000 / options.perSecond;
  const sent = await send(url, deliveries, { connections: options.connections, dueAt: (index) => index * everyMs });
  return { ...sent, p50: quantile(sent.latenciesMs, 0.5), p99: quantile(sent.latenciesMs, 0.99) };
}

async function send(
  url: string,
  deliveries: readonly Delivery[],
  options: { readonly connections: number; dueAt(index: number): number },
): Promise<Sent> {
  const { port } = new URL(url);
  const statuses = new Map<number, number>();
  const latenciesMs: number[] = [];
  let next = 0;
  const sockets = await Promise.all(Array.from({ length: options.connections }, () => open(Number(port))));
  const startedAt = performance.now();
  await new Promise<void>((resolve, reject) => {
    const idle = sockets.map((socket) => new Line(socket, answered, reject));
    function answered(line: Line, status: number, dueAt: number) {
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      latenciesMs.push(performance.now() - startedAt - dueAt);
      if (latenciesMs.length === deliveries.length) return resolve();
      idle.push(line);
      write();
    }
    function write() {
      const now = performance.now() - startedAt;
      while (next < deliveries.length && idle.length > 0 && options.dueAt(next) <= now) {
        idle.pop()?.send(deliveries[next] as Delivery, options.dueAt(next));
        next += 1;
      }
    }
    const tick = () => {
      write();
      if (next < deliveries.length) setTimeout(tick, 1);
    };
    tick();
  });
  const seconds = (performance.now() - startedAt) / 1000;
  for (const socket of sockets) socket.destroy();
  return { perSecond: deliveries.length / seconds, latenciesMs: latenciesMs.toSorted((a, b) => a - b), statuses };
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}

/** One connection with at most one request under way. */
class Line {
  readonly #socket: Socket;
  #received = '';
  #dueAt = 0;

  constructor(
    socket: Socket,
    answered: (line: Line, status: number, dueAt: number) => void,
    failed: (e: Error) => void,
  ) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.#received += text;
      const end = this.#received.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.#received)?.[1] ?? 0);
      if (this.#received.length < end + 4 + length) return;
      const status = Number(this.#received.slice(9, 12));
      this.#received = '';
      answered(this, status, this.#dueAt);
    });
    socket.on('error', failed);
    socket.on('close', () => failed(new Error('the server closed a connection')));
  }

  send(delivery: Delivery, dueAt: number): void {
    this.#dueAt = dueAt;
    this.#socket.write(delivery);
  }
}
