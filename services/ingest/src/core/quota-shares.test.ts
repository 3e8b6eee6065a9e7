import { expect, test } from 'vitest';
import { quotaShares } from './quota-shares.ts';

const NONE = new Map<string, number>();

test('tenants share equally what nobody has of their own', () => {
  expect(quotaShares(1_000, 4, NONE, undefined).of('a')).toBe(250);
  const shares = quotaShares(1_000, 4, new Map([['big', 700]]), undefined);
  expect([shares.of('big'), shares.of('a')]).toEqual([700, 100]);
});

test('what is told for all stands in for the share, and what is told for one goes before it', () => {
  const shares = quotaShares(1_000, 4, new Map([['big', 700]]), 50);
  expect([shares.of('big'), shares.of('a')]).toEqual([700, 50]);
});

test('those with their own may leave nothing, never less', () => {
  expect(quotaShares(1_000, 2, new Map([['big', 5_000]]), undefined).of('a')).toBe(0);
  expect(quotaShares(1_000, 1, new Map([['big', 500]]), undefined).of('big')).toBe(500);
});
