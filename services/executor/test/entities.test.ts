import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Row, seedAction, writeWorkspace } from './fixtures.ts';
import { becomes, executorHarness, type Harness } from './harness.ts';

const SCHEMA = `{ '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }`;
const ENTITIES = `{ orders: { schema: ${SCHEMA}, version: 'v', indexes: ['status', ['status', 'v']] }, notes: { schema: ${SCHEMA} } }`;

let harness: Harness;
let url: string;
let reader: string;
let stranger: string;

beforeAll(async () => {
  harness = await executorHarness();
  const workspaceDir = await writeWorkspace({
    'connectors/alpha/tools.ts': `export default { name: 'alpha', tools: { write: { risk: 'write' } }, entities: ${ENTITIES} };`,
    'connectors/beta/tools.ts': `export default { name: 'beta', tools: { write: { risk: 'write' } }, entities: { orders: { schema: ${SCHEMA} } } };`,
    'connectors/alpha/run.ts': `export default {
      run: { write: async ({ put, look }, ctx) => (put ? { ...put } : look === 'beta' ? ctx.db.beta.orders.findMany() : ctx.db.alpha.orders.findUnique({ where: { id: look } })) },
      after: { write: async (result, { put }, ctx) => { if (put) return ctx.db.alpha.orders.upsert(result); } },
    };`,
    'connectors/beta/run.ts': 'export default { run: { write: () => null } };',
    'tenants/acme/policies.ts': 'export default [];',
  });
  ({ url } = await harness.start({ workspaceDir }));
  reader = await harness.key('acme', ['read']);
  stranger = await harness.key('zeta', ['read']);
});
afterAll(() => harness.stop());

async function effect(args: Record<string, unknown>): Promise<string> {
  const action = await seedAction(harness.db, { args });
  await harness.decide([action]);
  return action.id;
}

async function get(path: string, key = reader): Promise<{ status: number; body: Row }> {
  const response = await fetch(url + path, { headers: { authorization: `Bearer ${key}` } });
  return { status: response.status, body: (await response.json()) as Row };
}

const where = (what: object) => `where=${encodeURIComponent(JSON.stringify(what))}`;

test('a connector keeps what its results tell, finds it in the next call, and does not see another’s', async () => {
  for (const put of [
    { id: '1', v: 1, status: 'open' },
    { id: '2', v: 2, status: 'open' },
    { id: 'a/b', v: 3, status: 'closed' },
  ]) {
    await becomes(harness.db, await effect({ put }), 'applied');
  }
  const found = await becomes(harness.db, await effect({ look: '1' }), 'applied');
  expect(found.result).toEqual({ id: '1', v: 1, status: 'open' });
  const stale = await becomes(harness.db, await effect({ put: { id: '1', v: 0, status: 'stale' } }), 'applied');
  expect(stale.result).toEqual({ stale: true });
  expect((await get('/v1/entities/alpha/orders/1')).body.status).toBe('open');
  const refused = await becomes(harness.db, await effect({ look: 'beta' }), 'indeterminate');
  expect(refused.error).toContain('there is no connector beta here');
});

test('kinds are listed with what they are found by and how many are known, of the tenant alone', async () => {
  const { status, body } = await get('/v1/entities');
  expect(status).toBe(200);
  expect(body.items).toEqual([
    {
      connector: 'alpha',
      entity: 'orders',
      key: 'id',
      indexes: [['status'], ['status', 'v']],
      keep_days: 90,
      count: 3,
      more: false,
    },
    { connector: 'alpha', entity: 'notes', key: 'id', indexes: [], keep_days: 90, count: 0, more: false },
    { connector: 'beta', entity: 'orders', key: 'id', indexes: [], keep_days: 90, count: 0, more: false },
  ]);
  const theirs = await get('/v1/entities', stranger);
  expect(theirs.body.items[0]).toMatchObject({ entity: 'orders', count: 0 });
});

test('entities are found by what they hold, in an order, page by page', async () => {
  const ids = (body: Row) => body.items.map((item: Row) => item.id);
  const open = await get(`/v1/entities/alpha/orders?${where({ status: 'open' })}&order_by=v:desc&limit=1`);
  expect([open.status, ids(open.body)]).toEqual([200, ['2']]);
  const cursor = open.body.next_cursor;
  const rest = await get(
    `/v1/entities/alpha/orders?${where({ status: 'open' })}&order_by=v:desc&limit=1&cursor=${cursor}`,
  );
  expect([ids(rest.body), rest.body.next_cursor]).toEqual([['1'], undefined]);
  expect((await get('/v1/entities/alpha/orders', stranger)).body.items).toEqual([]);
  expect((await get(`/v1/entities/alpha/orders/${encodeURIComponent('a/b')}`)).body).toMatchObject({ id: 'a/b', v: 3 });
  expect((await get('/v1/entities/alpha/orders/1', stranger)).status).toBe(404);
});

test('a question that is wrong is answered as a problem that names what', async () => {
  const wrong = async (query: string) => {
    const { status, body } = await get(`/v1/entities/alpha/orders?${query}`);
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'INVALID_REQUEST' });
    return body.detail;
  };
  expect(await wrong('where={')).toContain('where: is no JSON');
  expect(await wrong(where({ status: { like: 'x' } }))).toContain('where.status.like: unknown key');
  expect(await wrong(where(['x']))).toContain('where');
  expect(await wrong('order_by=v:up')).toContain('order_by: v:up is not a field');
  expect(await wrong('order_by=a%20b')).toContain('no plain name of a field');
  expect(await wrong('cursor=abc')).toContain('cursor: is not one of ours');
  await wrong('limit=101');
  expect((await get('/v1/entities/alpha/parcels')).status).toBe(404);
  expect((await get('/v1/entities/gamma/orders')).status).toBe(404);
  expect((await get('/v1/entities/alpha/orders/none')).status).toBe(404);
});

test('who starts without declared indexes is told of them', () => {
  const warned = harness.logs.map((line) => JSON.parse(line)).find(({ missing }) => missing);
  expect(warned.missing).toEqual(['alpha.orders (status)', 'alpha.orders (status, v)']);
});
