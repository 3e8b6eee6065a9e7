import { expect, test } from 'vitest';
import { edgeWidth, passing, rateText } from './flow-model.ts';

test('rates are over what is known of a window, not over all of it', () => {
  const half = passing({ window_seconds: 60, seconds: 30, counts: { allow: 60, denied: 2, expired: 1 } });
  expect(half.allow).toEqual({ count: 60, perSecond: 2 });
  expect(half.refused.count).toBe(3);
  expect(passing({ window_seconds: 60, seconds: 0, counts: {} }).allow.perSecond).toBe(0);
});

test('rates read at a glance', () => {
  expect([0, 0.001, 0.5, 4.24, 1250].map(rateText)).toEqual(['0', '<1/min', '30/min', '4.2/s', '1,250/s']);
});

test('what flows more is wider, within bounds', () => {
  const widths = [0, 0.05, 1, 100, 1_000_000].map(edgeWidth);
  expect(widths).toEqual(widths.toSorted((a, b) => a - b));
  expect(widths[0]).toBe(1.5);
  expect(widths.at(-1)).toBe(11);
});
