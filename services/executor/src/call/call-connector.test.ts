import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import type { ConnectorContext, ConnectorKv } from '@holdpoint/shared/workspace/connector-runner';
import { expect, test } from 'vitest';
import type { Lease } from '../worker/lease.ts';
import { type Call, callConnector } from './call-connector.ts';

const logger = createLogger({ service: 'test', level: 'silent', instance: 'test' });
const held: Lease = {
  worker: 'w',
  held: () => true,
  unbrokenMs: () => 0,
  onLost: () => () => {},
  stop: async () => {},
};

function call(run: (args: never, ctx: ConnectorContext) => unknown, over: Partial<Call> = {}): Call {
  return {
    action: {
      id: 'a',
      tenant: 't',
      operator: 'o',
      plan_id: 'p',
      connector: 'c',
      tool: 'do',
      risk: 'write',
      args: {},
      entity_key: 'e',
      idempotency_key: 'k',
      attempts: 1,
      token: 'x',
      unsure: false,
      trace_id: null,
    },
    runner: { run: { do: run } },
    given: undefined,
    timeoutMs: 5_000,
    lease: held,
    abandon: new AbortController().signal,
    kv: {} as ConnectorKv,
    logger,
    ...over,
  };
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

test('a call that ignores its signal is left behind when its time is up or its lease lost', async () => {
  const never = () => new Promise(() => {});
  expect(await callConnector(call(never, { timeoutMs: 20 }))).toMatchObject({ kind: 'unknown' });
  let lose = () => {};
  const onLost: Lease['onLost'] = (abort) => {
    lose = abort;
    return () => {};
  };
  const lease: Lease = { ...held, onLost };
  const lost = callConnector(call(never, { lease }));
  lose();
  expect(await lost).toMatchObject({ kind: 'unknown', message: 'the worker lost its lease during the call' });
});

test('what a call says after it was called off proves nothing, not even a refusal', async () => {
  const late = (_args: never, ctx: ConnectorContext) =>
    new Promise((_, reject) => {
      ctx.signal.addEventListener('abort', () => reject(Object.assign(new Error('no'), { name: 'Terminal' })));
    });
  expect(await callConnector(call(late, { timeoutMs: 20 }))).toMatchObject({ kind: 'unknown' });
});

test('a refused connection proves nothing once another request of the same call was answered', async () => {
  const server = createServer((_request, response) => void response.end('ok')).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const open = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const closing = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => closing.once('listening', resolve));
  const closed = `http://127.0.0.1:${(closing.address() as AddressInfo).port}/`;
  await new Promise((resolve) => closing.close(resolve));
  expect(await callConnector(call((_args, ctx) => ctx.fetch(closed)))).toMatchObject({ kind: 'retry' });
  const both = async (_args: never, ctx: ConnectorContext) => {
    await ctx.fetch(open);
    await ctx.fetch(closed);
  };
  expect(await callConnector(call(both))).toMatchObject({ kind: 'unknown' });
  server.closeAllConnections();
  server.close();
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
