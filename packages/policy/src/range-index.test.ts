import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRangeIndex, type Ranged } from './range-index.ts';

const lower = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(Number.NEGATIVE_INFINITY));
const upper = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(Number.POSITIVE_INFINITY));
const range = fc.record({ above: lower, upTo: upper, untilMs: upper });

function found<T extends Ranged>(items: readonly T[], value: number, nowMs: number): T[] {
  const into: T[] = [];
  createRangeIndex(items).collect(value, nowMs, into);
  return into;
}

test('it finds each range that holds the value, once, and no other', () => {
  const asked = fc.integer({ min: 0, max: 10 });
  fc.assert(
    fc.property(fc.array(range, { maxLength: 100 }), asked, asked, (items, value, nowMs) => {
      const due = items.filter((item) => value > item.above && value <= item.upTo && nowMs < item.untilMs);
      const all = found(items, value, nowMs);
      expect(new Set(all)).toEqual(new Set(due));
      expect(all).toHaveLength(due.length);
    }),
    { numRuns: 2_000 },
  );
});

describe('it looks at few of many', () => {
  const COUNT = 10_000;
  const ever = { above: Number.NEGATIVE_INFINITY, upTo: Number.POSITIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY };
  const NOW_MS = 5_000;

  test.each<[string, (index: number) => Partial<Ranged>]>([
    ['bands beside each other', (i) => ({ above: i, upTo: i + 1 })],
    ['thresholds, each below the next', (i) => ({ upTo: i })],
    ['thresholds, each above the last', (i) => ({ above: COUNT - i })],
    ['ranges within ranges', (i) => ({ above: i / 2, upTo: COUNT - i / 2 })],
    ['what expired long ago', (i) => ({ untilMs: i % 1_000 })],
    ['bands of which every second has expired', (i) => ({ above: i, upTo: i + 1, untilMs: i % 2 === 0 ? 1 : 9_999 })],
    [
      'thresholds of which nearly all have expired',
      (i) => ({ above: i / COUNT, untilMs: i % 1_000 === 0 ? 9_999 : i % 997 }),
    ],
  ])('%s', (_, rangeOf) => {
    let looks = 0;
    const items = Array.from({ length: COUNT }, (_, index) => {
      const { above, upTo, untilMs } = { ...ever, ...rangeOf(index) };
      return {
        get above() {
          looks += 1;
          return above;
        },
        upTo,
        untilMs,
      };
    });
    const index = createRangeIndex(items);
    for (const value of [0, 0.5, 3, 4_999.5, 9_998]) {
      looks = 0;
      const into: Ranged[] = [];
      index.collect(value, NOW_MS, into);
      // A square root for what splits by two bounds at once; and what is found, with its neighbours.
      expect(looks, `value ${value}, ${into.length} found`).toBeLessThanOrEqual(into.length * 2 + Math.sqrt(COUNT) * 3);
    }
  });
});
