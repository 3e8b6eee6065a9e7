import { describe, expect, test } from 'vitest';
import { type Point, trendOf } from './trend.ts';

/** Repeatable noise between -1 and 1. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return (state / 2 ** 31) * 2 - 1;
  };
}

const series = (length: number, value: (index: number) => number): Point[] =>
  Array.from({ length }, (_, index) => ({ at: index * 5_000, value: value(index) }));

describe('a trend', () => {
  test('of a straight line is that line', () => {
    const trend = trendOf(series(21, (index) => 100 + index * 3));
    expect(trend).toMatchObject({ points: 21, overMs: 100_000, median: 130 });
    for (const grown of [trend?.grown, trend?.grownLeast, trend?.grownMost]) expect(grown).toBeCloseTo(60);
  });

  test('of what only shakes may be none', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const next = noise(seed);
      const trend = trendOf(series(60, () => 1_000 + 50 * next()));
      expect(trend?.grownLeast).toBeLessThan(0);
      expect(trend?.grownMost).toBeGreaterThan(0);
    }
  });

  test('is seen through noise as large as itself', () => {
    const next = noise(7);
    const trend = trendOf(series(60, (index) => 1_000 + index + 30 * next()));
    expect(trend?.grownLeast).toBeGreaterThan(10);
    expect(trend?.grownMost).toBeLessThan(110);
  });

  test('does not follow a few wild points', () => {
    const trend = trendOf(series(40, (index) => (index % 9 === 8 ? 1e9 : 500)));
    expect(trend?.grown).toBe(0);
    expect(trend?.grownLeast).toBe(0);
  });

  test('is none of too few points, or of one moment', () => {
    expect(trendOf(series(7, (index) => index))).toBeUndefined();
    expect(trendOf(series(30, (index) => index).map((point) => ({ ...point, at: 1 })))).toBeUndefined();
  });

  test('of many thousand points takes no time', () => {
    const startedAt = performance.now();
    expect(trendOf(series(50_000, (index) => index))?.grown).toBeGreaterThan(49_000);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});
