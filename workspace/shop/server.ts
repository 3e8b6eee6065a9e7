import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, findEffect, readEntity } from './effects.ts';
import { type Fault, faultSchema, takeFault } from './faults.ts';
import { type Call, openStore, type Store } from './store.ts';

export interface ShopOptions {
  /** 0: any free one. */
  readonly port?: number;
  /** Loopback unless told: it asks nobody who they are. */
  readonly host?: string;
  readonly dataDir: string;
}

export interface Shop {
  readonly url: string;
  stop(): Promise<void>;
}

const BODY_MAX_BYTES = 1024 * 1024;

interface Context {
  readonly store: Store;
  readonly faults: Fault[];
  /** Calls under a key that are not on disk yet: a second one waits for the first. */
  readonly underway: Map<string, Promise<Answer>>;
  nextCallId: number;
}

/**
 * A shop and an issue tracker for development and tests. It honours `Idempotency-Key` where its tools say so,
 * remembers over a restart, and shows every call it took at `GET /_calls`.
 */
export async function startShop({ port = 0, host = '127.0.0.1', dataDir }: ShopOptions): Promise<Shop> {
  const store = await openStore(dataDir);
  const context: Context = { store, faults: [], underway: new Map(), nextCallId: 1 + (store.calls.at(-1)?.id ?? 0) };
  const server = createServer((request, response) => {
    answer(context, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else reply(response, { status: 500, body: { error: String(error) } });
    });
  });
  await listen(server, port, host);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function answer(context: Context, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://shop').pathname;
  const body = await readBody(request);
  if (body === undefined) return reply(response, { status: 413, body: { error: 'the body is too large' } });
  if (path === '/_calls') return reply(response, { status: 200, body: context.store.calls });
  if (path === '/_faults') return reply(response, addFault(context, request.method, body));
  await takeCall(context, { method: request.method ?? 'GET', path, body, key: keyOf(request) }, response);
}

interface Incoming {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly key: string | null;
}

/** Does one call, in the log from its first moment to its last. */
async function takeCall(context: Context, incoming: Incoming, response: ServerResponse): Promise<void> {
  const call: Call = {
    id: context.nextCallId++,
    method: incoming.method,
    path: incoming.path,
    entity: entityOf(incoming.path),
    idempotency_key: incoming.key,
    started_at: nowMs(),
    ended_at: null,
    status: null,
  };
  context.store.calls.push(call);
  const fault = takeFault(context.faults, incoming.path);
  const gone = closed(response);
  if (fault?.delayMs) await Promise.race([delay(fault.delayMs, undefined, { ref: false }), gone]);
  const spoilt = fault !== undefined && (fault.hang || fault.status !== undefined);
  const real = spoilt && !fault.after ? undefined : await perform(context, incoming);
  if (fault?.hang) {
    await gone;
    return finish(context, call, null);
  }
  const result = fault?.status ? { status: fault.status, body: { error: 'as ordered' } } : real;
  await finish(context, call, result?.status ?? 500);
  reply(response, result ?? { status: 500, body: {} }, fault?.retryAfterSeconds);
}

async function finish(context: Context, call: Call, status: number | null): Promise<void> {
  call.ended_at = nowMs();
  call.status = status;
  await context.store.ended(call);
}

async function perform(context: Context, incoming: Incoming): Promise<Answer> {
  const [, kind = '', rawId = '', verb] = incoming.path.split('/');
  const id = decodeURIComponent(rawId);
  if ((kind !== 'orders' && kind !== 'issues') || id === '') return { status: 404, body: { error: 'no such thing' } };
  if (verb === undefined) return { status: 200, body: readEntity(context.store.state, kind, id) };
  const effect = findEffect(kind, verb);
  if (!effect || incoming.method !== 'POST') return { status: 404, body: { error: 'no such thing' } };
  if (!effect.keyed || incoming.key === null) {
    const result = effect.apply(context.store.state, id, parseJson(incoming.body));
    await context.store.save();
    return result;
  }
  return performOnce(context, incoming, incoming.key, () =>
    effect.apply(context.store.state, id, parseJson(incoming.body)),
  );
}

/** The first call under a key is done and its answer kept, in one write; later ones get that answer. */
async function performOnce(context: Context, incoming: Incoming, key: string, apply: () => Answer): Promise<Answer> {
  const { answers } = context.store.state;
  const request = `${incoming.method} ${incoming.path} ${incoming.body}`;
  const earlier = Object.hasOwn(answers, key) ? answers[key] : undefined;
  if (earlier && earlier.request !== request)
    return { status: 422, body: { error: 'the key was used for another call' } };
  const underway = context.underway.get(key);
  if (underway) return underway;
  if (earlier) return { status: earlier.status, body: earlier.body };
  const result = apply();
  answers[key] = { request, ...result };
  const saved = context.store.save().then(() => result);
  context.underway.set(key, saved);
  return saved.finally(() => context.underway.delete(key));
}

function addFault(context: Context, method: string | undefined, body: string): Answer {
  if (method === 'DELETE') context.faults.length = 0;
  if (method !== 'POST') return { status: 200, body: context.faults };
  const fault = faultSchema.safeParse(parseJson(body));
  if (!fault.success) return { status: 400, body: { error: fault.error.message } };
  context.faults.push(fault.data);
  return { status: 201, body: fault.data };
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_MAX_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function reply(response: ServerResponse, { status, body }: Answer, retryAfterSeconds?: number): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
  });
  response.end(JSON.stringify(body));
}

/** `order:450789469` of `/orders/450789469/hold`: the entity as its tools name it. */
function entityOf(path: string): string {
  const [, kind = '', id = ''] = path.split('/');
  return `${kind.replace(/s$/, '')}:${decodeURIComponent(id)}`;
}

const keyOf = (request: IncomingMessage): string | null => {
  const key = request.headers['idempotency-key'];
  return typeof key === 'string' ? key : null;
};

const closed = (response: ServerResponse): Promise<void> => new Promise((resolve) => response.once('close', resolve));
const nowMs = (): number => performance.timeOrigin + performance.now();

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
