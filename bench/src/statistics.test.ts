import { expect, test } from 'vitest';
import { quantile, rateAfter, ratioOf, spreadOf } from './statistics.ts';

test('a spread tells the least, the middle and the most, whatever the order of the runs', () => {
  expect(spreadOf([30, 10, 20])).toEqual({ min: 10, median: 20, max: 30, runs: [30, 10, 20] });
  expect(spreadOf([10, 20]).median).toBe(15);
});

test('a quantile between two values lies between them', () => {
  expect(quantile([0, 10, 20, 30, 40], 0.99)).toBeCloseTo(39.6);
});

test('a rate leaves the warm-up out', () => {
  const slowStart = [0, 1_000, 2_000, 2_010, 2_020, 2_030];
  expect(rateAfter(slowStart, 2)).toBeCloseTo(100);
  // A share of a run that was cut off need not be whole.
  expect(rateAfter(slowStart, 2.4)).toBeCloseTo(100);
});

test('a rate of nothing is no number', () => {
  expect(rateAfter([], 0)).toBeNaN();
});

test('a ratio is taken round by round, so that a slow round counts no more than another', () => {
  expect(ratioOf([100, 10, 100], [200, 20, 100])).toBe(0.5);
});
