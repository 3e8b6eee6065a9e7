import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectorContext, ConnectorRunner } from '@holdpoint/sdk/define';
import { loadRunners } from '@holdpoint/shared/workspace/runners';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Shop, startShop } from '../shop/server.ts';

let dataDir: string;
let shop: Shop;
let runners: Map<string, ConnectorRunner>;
let order = 0;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdpoint-shop-'));
  shop = await startShop({ dataDir });
  runners = await loadRunners(new URL('..', import.meta.url).pathname);
});
afterAll(async () => {
  await shop?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const quiet = () => undefined;

function context(baseUrl = shop.url, key: string | null = 'key', timeMs = 5_000): ConnectorContext {
  const signal = AbortSignal.timeout(timeMs);
  return {
    tenant: 'acme',
    entityKey: 'order:1',
    idempotencyKey: key,
    actionId: 'a1',
    attempt: 1,
    signal,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    config: { baseUrl },
    secret: () => 'development-only',
    // As the platform's, it ends with the call.
    fetch: (input, init) => fetch(input, { ...init, signal }),
    connect: () => Promise.reject(new Error('is not asked for')),
    rest: quiet,
    db: {},
    kv: {
      get: async () => null,
      set: async () => undefined,
      delete: async () => undefined,
      compareAndSet: async () => true,
    },
  };
}

function run(connector: string, tool: string, args: object, ctx = context()): Promise<unknown> {
  const runTool = runners.get(connector)?.run[tool];
  return (async () => runTool?.(args as never, ctx))();
}

async function fault(path: string, what: object): Promise<void> {
  await fetch(`${shop.url}/_faults`, { method: 'POST', body: JSON.stringify({ path, ...what }) });
}

it('every tool does at the remote what it says, with the key along', async () => {
  const order_id = `o/${++order}`;
  const key = (name: string) => context(shop.url, `${order_id}-${name}`);
  await run('shop', 'orders.note', { order_id, text: 'n' }, key('note'));
  await run('shop', 'orders.refund', { order_id, amount: 3, currency: 'USD' }, key('refund'));
  await run('shop', 'orders.refund', { order_id, amount: 3, currency: 'USD' }, key('refund'));
  await run('shop', 'orders.hold', { order_id, reason: 'r' }, key('hold'));
  await run('shop', 'orders.cancel', { order_id, reason: 'r' }, key('cancel'));
  expect(await run('shop', 'orders.read', { order_id }, context(shop.url, null))).toEqual({
    id: order_id,
    status: 'cancelled',
    notes: ['n'],
    refunded: 3,
  });
  const issue = { repository: 'acme/site', number: 7 };
  await run('desk', 'issues.label', { ...issue, labels: ['bug'] }, key('label'));
  await run('desk', 'issues.comment', { ...issue, body: 'hello' }, key('comment'));
  expect(await run('desk', 'issues.read', issue)).toMatchObject({ labels: ['bug'], comments: ['hello'] });
});

it('a refusal says whether it is for now, for good, or not known', async () => {
  const order_id = `${++order}`;
  const hold = (ctx = context(shop.url, `fault-${order_id}`)) =>
    run('shop', 'orders.hold', { order_id, reason: 'r' }, ctx);
  await fault(`/orders/${order_id}/hold`, { status: 429, retryAfterSeconds: 4 });
  await expect(hold()).rejects.toMatchObject({ name: 'RateLimited', retryAfterSeconds: 4 });
  await fault(`/orders/${order_id}/hold`, { status: 404 });
  await expect(hold()).rejects.toMatchObject({ name: 'Terminal' });
  await fault(`/orders/${order_id}/hold`, { status: 503 });
  await expect(hold()).rejects.toMatchObject({ name: 'Unknown' });
  await fault(`/orders/${order_id}/hold`, { hang: true, after: true });
  await expect(hold(context(shop.url, `fault-${order_id}`, 100))).rejects.toMatchObject({ name: 'Unknown' });
});

it('a call that broke off may have happened; a look that did is taken again', async () => {
  const gone = createServer((request) => request.socket.destroy());
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(gone.address() as AddressInfo).port}`;
  const call = (tool: string, more = {}) => run('shop', tool, { order_id: '1', ...more }, context(url));
  await expect(call('orders.note', { text: 'n' })).rejects.toMatchObject({ name: 'Unknown' });
  await expect(call('orders.read')).rejects.toMatchObject({ name: 'Retryable' });
  await new Promise((resolve) => gone.close(resolve));
});

it('shipping is looked up: it happened, or it did not', async () => {
  const args = { order_id: `${++order}` };
  const reconcile = () => runners.get('shop')?.reconcile?.['orders.ship']?.(args as never, context());
  expect(await reconcile()).toBe('not_applied');
  await run('shop', 'orders.ship', args);
  expect(await reconcile()).toEqual({ applied: expect.objectContaining({ status: 'shipped' }) });
});
