import { expect, test, vi } from 'vitest';
import { quotaShares } from '../core/quota-shares.ts';
import { OverQuota, tenantQuotas } from './tenant-quotas.ts';

const shares = quotaShares(200, 2, new Map(), undefined);

function quotas(onOver = vi.fn()) {
  let now = Date.parse('2026-01-01T10:59:59.999Z');
  const kept = tenantQuotas({ shares, clock: () => new Date(now), onOver });
  const pass = (ms: number) => {
    now += ms;
  };
  return { kept, onOver, pass };
}

test('what is being stored counts at once, and no longer when it was not stored', () => {
  const { kept } = quotas();
  const first = kept.reserve('a', 60);
  expect(() => kept.reserve('a', 60)).toThrow(OverQuota);
  expect(kept.reserve('b', 60)).toBeDefined();
  first.release();
  kept.reserve('a', 60).stored();
  expect(() => kept.reserve('a', 60)).toThrow(OverQuota);
});

test('a release after it was stored changes nothing', () => {
  const { kept } = quotas();
  const one = kept.reserve('a', 60);
  one.stored();
  one.release();
  expect(kept.usedBytes('a')).toBe(60);
});

test('it counts the same before, while and after it is saved, and when that fails', () => {
  const { kept } = quotas();
  kept.reserve('a', 30).stored();
  const taken = kept.takeUnsaved();
  expect(taken).toEqual([{ tenant: 'a', hour: '2026-01-01T10:00:00.000Z', bytes: 30 }]);
  kept.reserve('a', 10).stored();
  expect(kept.usedBytes('a')).toBe(40);
  kept.notSaved(taken);
  expect(kept.usedBytes('a')).toBe(40);
  const again = kept.takeUnsaved();
  expect(again).toEqual([{ tenant: 'a', hour: '2026-01-01T10:00:00.000Z', bytes: 40 }]);
  kept.saved(again);
  expect([kept.usedBytes('a'), kept.takeUnsaved()]).toEqual([40, []]);
});

test('what others saved replaces what was known, and not what is unsaved here', () => {
  const { kept } = quotas();
  kept.reserve('a', 30).stored();
  kept.known(new Map([['a', 50]]), shares);
  expect(kept.usedBytes('a')).toBe(80);
  kept.known(new Map(), shares);
  expect(kept.usedBytes('a')).toBe(30);
});

test('each hour is a row of its own', () => {
  const { kept, pass } = quotas();
  kept.reserve('a', 1).stored();
  pass(1);
  kept.reserve('a', 2).stored();
  expect(kept.takeUnsaved().map(({ hour, bytes }) => [hour, bytes])).toEqual([
    ['2026-01-01T10:00:00.000Z', 1],
    ['2026-01-01T11:00:00.000Z', 2],
  ]);
});

test('a refusal is told once a minute for each tenant', () => {
  const { kept, onOver, pass } = quotas();
  const refused = (tenant: string) => expect(() => kept.reserve(tenant, 101)).toThrow(OverQuota);
  refused('a');
  refused('a');
  refused('b');
  pass(60_000);
  refused('a');
  expect(onOver.mock.calls).toEqual([
    ['a', 100],
    ['b', 100],
    ['a', 100],
  ]);
});
