import { expect, test } from 'vitest';
import { z } from 'zod';
import { moneyArgs } from './money-args.ts';

test('an amount is above nothing, within its most, and no finer than the vendor counts', () => {
  const args = z.strictObject(moneyArgs({ max: 1e9, places: 'two' }));
  const takes = (amount: unknown, currency: unknown = 'EUR') => args.safeParse({ amount, currency }).success;
  expect([0.01, 95.5, 1e9].filter((amount) => !takes(amount))).toEqual([]);
  expect([0, -1, 0.001, 1e-7, 1e9 + 1, Number.NaN, Infinity, '1', null].filter((amount) => takes(amount))).toEqual([]);
  expect(['eur', 'EU', 'EURO', '', 1].filter((currency) => takes(1, currency))).toEqual([]);
  expect(z.strictObject(moneyArgs({ max: 1, places: 'three' })).parse({ amount: 0.125, currency: 'KWD' })).toBeTruthy();
});
