import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { runHoldpoint } from './testing/run-holdpoint.ts';
import { type StubServices, startStubServices } from './testing/stub-services.ts';

let stub: StubServices;
beforeAll(async () => {
  stub = await startStubServices();
});
afterAll(() => stub.stop());
beforeEach(() => stub.forget());

const holdpoint = (...words: string[]) => runHoldpoint([...words, '--url', stub.url, '--key', 'hp_admin'], '.');

test('entities says what connectors keep, and how much of it', async () => {
  const kind = { connector: 'shop', entity: 'orders', key: 'id', count: 1_000, more: true };
  stub.answer.body = { items: [kind, { ...kind, entity: 'carts', count: 3, more: false }] };
  const { code, out } = await holdpoint('entities');
  expect(code).toBe(0);
  expect(stub.asked[0]).toMatchObject({ method: 'GET', path: '/v1/entities' });
  expect(out).toMatch(/shop +orders +id +over 1000/);
  expect(out).toMatch(/shop +carts +id +3/);
});

test('entities of a kind are asked for as the options say, and shown with a column a field', async () => {
  stub.answer.body = {
    items: [
      { id: '7', total: 5 },
      { id: '8', tags: ['a'] },
    ],
    next_cursor: 'more',
  };
  const { code, out } = await holdpoint(
    'entities',
    'shop',
    'orders',
    '--where',
    '{"total":{"gte":5}}',
    '--order-by',
    'total:desc,id',
    '--limit',
    '2',
  );
  expect(code).toBe(0);
  const { pathname, searchParams } = new URL(stub.asked[0]?.path ?? '', stub.url);
  expect(pathname).toBe('/v1/entities/shop/orders');
  expect(Object.fromEntries(searchParams)).toEqual({
    where: '{"total":{"gte":5}}',
    order_by: 'total:desc,id',
    limit: '2',
  });
  expect(out).toMatch(/ID +TOTAL +TAGS/);
  expect(out).toMatch(/8 +\["a"\]/);
  expect(out).toContain('--cursor more');
});

test('one entity is shown field by field', async () => {
  stub.answer.body = { id: 'a/b', total: 5, note: null };
  const { out } = await holdpoint('entities', 'shop', 'orders', 'a/b');
  expect(stub.asked[0]?.path).toBe('/v1/entities/shop/orders/a%2Fb');
  expect(out).toMatch(/total +5/);
});

test('half a kind and a where that is no JSON object are mistakes of the command line', async () => {
  expect(await holdpoint('entities', 'shop')).toMatchObject({ code: 2, err: expect.stringContaining('ENTITY') });
  for (const where of ['{', '[]', '5']) {
    expect(await holdpoint('entities', 'shop', 'orders', '--where', where)).toMatchObject({ code: 2 });
  }
  expect(stub.asked).toEqual([]);
});
