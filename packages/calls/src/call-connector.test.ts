import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import type { ConnectorContext, ConnectorKv } from '@holdpoint/shared/workspace/connector-runner';
import { Dispatcher } from 'undici';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { type Call, callConnector } from './call-connector.ts';
import { createConnectorNetwork } from './connector-network.ts';
import { callSecrets } from './core/call-secrets.ts';

const logger = createLogger({ service: 'test', level: 'silent', instance: 'test' });
const held: Call['lease'] = { held: () => true };

function call(run: (args: never, ctx: ConnectorContext) => unknown, over: Partial<Call> = {}): Call {
  return {
    action: {
      id: 'a',
      tenant: 't',
      connector: 'c',
      tool: 'do',
      args: {},
      entity_key: 'e',
      idempotency_key: 'k',
      attempts: 1,
    },
    part: 'run',
    runner: { run: { do: run } },
    given: undefined,
    timeoutMs: 5_000,
    lease: held,
    abandon: new AbortController().signal,
    kv: {} as ConnectorKv,
    db: {},
    pool: network.pool('c', 'anywhere'),
    reach: 'anywhere',
    logger,
    secrets: callSecrets({}, [], []),
    onStray: () => {},
    ...over,
  };
}

const network = createConnectorNetwork();
afterAll(() => network.close());
afterEach(() => vi.unstubAllGlobals());

/** Takes requests and sends none. */
class Silent extends Dispatcher {
  override dispatch(): boolean {
    return true;
  }
}

async function listen(answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close };
}

/** Where somebody listened a moment ago. */
async function closedUrl(): Promise<string> {
  const { url, close } = await listen(() => {});
  await close();
  return url;
}

test('a worker that slept past its lease sends nothing', async () => {
  let sent = false;
  const run = () => {
    sent = true;
  };
  expect(await callConnector(call(run, { lease: { ...held, held: () => false } }))).toMatchObject({ kind: 'not_sent' });
  expect(sent).toBe(false);
});

test('the lease is looked at again before every request of a call', async () => {
  let looks = 0;
  const lease = { ...held, held: () => ++looks === 1 };
  const end = await callConnector(call((_args, ctx) => ctx.fetch('http://127.0.0.1:9/'), { lease }));
  expect(end).toMatchObject({ kind: 'unknown', message: 'the worker lost its lease before sending' });
});

test('a call that ignores its signal is left behind when its time is up or the process may wait no longer', async () => {
  const never = () => new Promise(() => {});
  expect(await callConnector(call(never, { timeoutMs: 20 }))).toMatchObject({ kind: 'unknown' });
  const stop = new AbortController();
  const left = callConnector(call(never, { abandon: stop.signal }));
  stop.abort();
  expect(await left).toMatchObject({ kind: 'unknown', message: 'the worker was stopped during the call' });
});

test('a lease that is lost during a call does not end the call: what it answers counts', async () => {
  let looks = 0;
  const lease: Call['lease'] = { ...held, held: () => ++looks === 1 };
  const end = await callConnector(call(async () => 'done', { lease }));
  expect(end).toEqual({ kind: 'answered', result: 'done' });
  expect(lease.held()).toBe(false);
});

test('asked whether it happened, a connector has the same context and the same limits', async () => {
  const asked: unknown[] = [];
  const reconcile = (args: never, ctx: ConnectorContext) => {
    asked.push([args, ctx.idempotencyKey, ctx.entityKey]);
    return 'applied' as const;
  };
  const run = () => {
    throw new Error('was run');
  };
  const asks = { ...call(run), part: 'reconcile', runner: { run: { do: run }, reconcile: { do: reconcile } } } as const;
  expect(await callConnector(asks)).toEqual({ kind: 'answered', result: 'applied' });
  expect(asked).toEqual([[{}, 'k', 'e']]);
  const slow = { run: { do: run }, reconcile: { do: () => new Promise<never>(() => {}) } };
  expect(await callConnector({ ...asks, timeoutMs: 20, runner: slow })).toMatchObject({ kind: 'unknown' });
});

test('what a call says after it was called off proves nothing, not even a refusal', async () => {
  const late = (_args: never, ctx: ConnectorContext) =>
    new Promise((_, reject) => {
      ctx.signal.addEventListener('abort', () => reject(Object.assign(new Error('no'), { name: 'Terminal' })));
    });
  expect(await callConnector(call(late, { timeoutMs: 20 }))).toMatchObject({ kind: 'unknown' });
});

test('a call is not begun once the process may wait no longer', async () => {
  let begun = false;
  const run = () => {
    begun = true;
  };
  const end = await callConnector(call(run, { abandon: AbortSignal.abort() }));
  expect(end).toEqual({ kind: 'not_sent', message: 'the worker was stopped before the call' });
  expect(begun).toBe(false);
});

test('a refused connection proves nothing once another request of the same call was answered', async () => {
  const open = await listen((_request, response) => void response.end('ok'));
  const closed = await closedUrl();
  expect(await callConnector(call((_args, ctx) => ctx.fetch(closed)))).toMatchObject({ kind: 'retry' });
  const both = async (_args: never, ctx: ConnectorContext) => {
    await ctx.fetch(open.url);
    await ctx.fetch(closed);
  };
  expect(await callConnector(call(both))).toMatchObject({ kind: 'unknown' });
  await open.close();
});

test('a redirect to where nobody listens was sent: its first hop has answered', async () => {
  const closed = await closedUrl();
  const hop = await listen((_request, response) => void response.writeHead(307, { location: closed }).end());
  const post = (_args: never, ctx: ConnectorContext) => ctx.fetch(hop.url, { method: 'POST', body: 'pay' });
  expect(await callConnector(call(post))).toMatchObject({ kind: 'unknown' });
  await hop.close();
});

test('a connection of its own counts as a request does, and ends with the call', async () => {
  const open = await listen(() => {});
  const closed = await closedUrl();
  const to = (url: string) => ({ host: '127.0.0.1', port: Number(new URL(url).port) });
  const one = (url: string) => callConnector(call((_args, ctx) => ctx.connect(to(url))));
  expect(await one(closed)).toMatchObject({ kind: 'retry', message: expect.stringContaining('ECONNREFUSED') });
  const kept: Socket[] = [];
  const both = async (_args: never, ctx: ConnectorContext) => {
    kept.push(await ctx.connect(to(open.url)));
    await ctx.fetch(closed);
  };
  expect(await callConnector(call(both))).toMatchObject({ kind: 'unknown' });
  expect(kept[0]?.destroyed).toBe(true);
  const inward = call((_args, ctx) => ctx.connect(to(open.url)), { reach: 'public' });
  expect(await callConnector(inward)).toMatchObject({ kind: 'refused', message: expect.stringContaining('private') });
  await open.close();
});

test('a host that goes away during a request was sent something: only a failed connect proves nothing was', async () => {
  const failing =
    (over: object) =>
    async (_input: unknown, { dispatcher }: { dispatcher: Dispatcher }) => {
      dispatcher.dispatch({ path: '/', method: 'GET' }, {});
      throw new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code: 'EHOSTUNREACH' }, over) });
    };
  const end = () => callConnector(call((_args, ctx) => ctx.fetch('http://127.0.0.1/'), { pool: new Silent() }));
  vi.stubGlobal('fetch', failing({ syscall: 'read' }));
  expect(await end()).toMatchObject({ kind: 'unknown' });
  vi.stubGlobal('fetch', failing({ syscall: 'connect' }));
  expect(await end()).toMatchObject({ kind: 'retry' });
  const each = (syscall: string) => Object.assign(new Error('x'), { code: 'ECONNREFUSED', syscall });
  vi.stubGlobal('fetch', failing({ code: 'ECONNREFUSED', errors: [each('connect'), each('connect')] }));
  expect(await end()).toMatchObject({ kind: 'retry' });
  vi.stubGlobal('fetch', failing({ code: 'ECONNREFUSED', errors: [each('connect'), each('read')] }));
  expect(await end()).toMatchObject({ kind: 'unknown' });
});

test('what a connector logs holds no secret of its call', async () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ service: 'test', level: 'debug', instance: 'test', destination });
  const secrets = callSecrets({ iban: 'DE1234567890', pin: 4711 }, ['iban', 'pin'], ['cred_abcdef']);
  const run = (_args: never, { log }: ConnectorContext) => {
    const cause = new Error('for DE1234567890');
    log.info({ body: { iban: 'DE1234567890', pin: 4711, list: ['cred_abcdef'] } }, 'paying DE1234567890');
    log.error({ err: new Error('no cred_abcdef', { cause }), at: new Date(0) }, 'failed');
    log.warn(new Error('only DE1234567890') as never);
    log.debug('text of cred_abcdef' as never);
    const bad = { toJSON: () => JSON.parse('cred_abcdef') };
    log.info({ bad });
  };
  expect(await callConnector(call(run, { logger, secrets }))).toMatchObject({ kind: 'answered' });
  expect(lines).toHaveLength(5);
  const said = lines.join('');
  for (const secret of ['DE1234567890', '4711', 'cred_abcdef']) expect(said).not.toContain(secret);
  expect(said).toContain('paying •••');
  expect(said).toContain('no •••');
  expect(said).toContain('1970-01-01T00:00:00.000Z');
});

test('a secret that the tenant does not give is a refusal, by own names only', async () => {
  const asks = (name: string) => callConnector(call((_args, ctx) => ctx.secret(name)));
  expect(await asks('apiKey')).toMatchObject({ kind: 'refused', message: 'tenant t gives c no secret apiKey' });
  expect(await asks('constructor')).toMatchObject({ kind: 'refused' });
  const inherited = call(() => 1);
  expect(await callConnector({ ...inherited, action: { ...inherited.action, tool: 'toString' } })).toMatchObject({
    kind: 'refused',
    message: 'connector c has no tool toString',
  });
});
