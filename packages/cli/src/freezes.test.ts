import type { Freeze } from '@holdpoint/shared/domain/freeze';
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

const standing: Freeze = {
  id: 'f1',
  tenant: 'acme',
  operator: null,
  connector: 'shop',
  tool: 'orders.refund',
  reason: 'wrong amounts',
  frozen_by: 'idp|alice',
  created_at: '2026-01-01T00:00:00.000Z',
  lifted_at: null,
  lifted_by: null,
};

test('freeze says what it stopped and how to go on', async () => {
  stub.answer.body = standing;
  const { code, out } = await holdpoint(
    'freeze',
    '--connector',
    'shop',
    '--tool',
    'orders.refund',
    '--reason',
    'wrong amounts',
  );
  expect(code).toBe(0);
  expect(stub.asked).toMatchObject([
    {
      method: 'POST',
      path: '/v1/freezes',
      body: { connector: 'shop', tool: 'orders.refund', reason: 'wrong amounts' },
    },
  ]);
  expect(out).toContain('shop orders.refund');
  expect(out).toContain('unfreeze f1');
});

test('a freeze of everything names nothing, and has a reason', async () => {
  expect(await holdpoint('freeze')).toMatchObject({ code: 2, err: expect.stringContaining('--reason') });
  expect(stub.asked).toEqual([]);
  stub.answer.body = { ...standing, connector: null, tool: null };
  expect((await holdpoint('freeze', '--reason', 'stop')).out).toContain('everything');
  expect(stub.asked[0]?.body).toEqual({ reason: 'stop' });
});

test('freezes lists those that stand, and on asking those that stood', async () => {
  stub.answer.body = {
    items: [standing, { ...standing, id: 'f2', connector: null, tool: null, operator: 'order-risk' }],
  };
  expect((await holdpoint('freezes')).out).toMatch(/f2\s+everything, by order-risk/);
  await holdpoint('freezes', '--lifted', '--limit', '3');
  expect(stub.asked.map(({ path }) => path)).toEqual(['/v1/freezes', '/v1/freezes?lifted=true&limit=3']);
  stub.forget();
  expect((await holdpoint('freezes')).out).toContain('nothing is frozen');
});

test('unfreeze says that what waited is scored again', async () => {
  stub.answer.body = { ...standing, lifted_at: '2026-01-01T01:00:00.000Z', lifted_by: 'idp|bob' };
  expect((await holdpoint('unfreeze', 'f1')).out).toMatch(/by idp\|bob[\s\S]*scored again/);
  expect(stub.asked).toMatchObject([{ method: 'DELETE', path: '/v1/freezes/f1' }]);
});
