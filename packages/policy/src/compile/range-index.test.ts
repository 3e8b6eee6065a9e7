import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collectHolding, createRangeIndex, type Ranged, type RangeIndex } from './range-index.ts';

const lower = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(Number.NEGATIVE_INFINITY));
const upper = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(Number.POSITIVE_INFINITY));
const range = fc.record({ above: lower, upTo: upper, untilMs: upper });

function found<T extends Ranged>(items: readonly T[], value: number, nowMs: number): T[] {
  const into: T[] = [];
  collectHolding(createRangeIndex(items), value, nowMs, into);
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

/** The same index, which tells of each bound that is looked at. */
function watched<T>(index: RangeIndex<T>, look: () => void): RangeIndex<T> {
  if (index.items !== undefined) {
    const get = (bounds: readonly number[], key: string | symbol) => {
      if (key !== 'length') look();
      return Reflect.get(bounds, key);
    };
    return { ...index, bounds: new Proxy(index.bounds, { get }) };
  }
  const { above } = index;
  return {
    ...index,
    get above() {
      look();
      return above;
    },
    left: watched(index.left, look),
    right: watched(index.right, look),
  };
}

describe('it looks at few of many', () => {
  const COUNT = 10_000;
  const ever = { above: Number.NEGATIVE_INFINITY, upTo: Number.POSITIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY };
  const NOW_MS = 5_000;

  test.each<[string, (index: number) => Partial<Ranged>]>([
    ['bands beside each other', (i) => ({ above: i, upTo: i + 1 })],
    ['thresholds, each below the next', (i) => ({ upTo: i })],
    ['thresholds, each above the last', (i) => ({ above: COUNT - i })],
    ['ranges within ranges', (i) => ({ above: i / 2, upTo: COUNT - i / 2 })],
    ['one threshold for all', () => ({ upTo: 2 })],
    ['what expired long ago', (i) => ({ untilMs: i % 1_000 })],
    ['bands of which every second has expired', (i) => ({ above: i, upTo: i + 1, untilMs: i % 2 === 0 ? 1 : 9_999 })],
    [
      'thresholds of which nearly all have expired',
      (i) => ({ above: i / COUNT, untilMs: i % 1_000 === 0 ? 9_999 : i % 997 }),
    ],
  ])('%s', (_, rangeOf) => {
    const items = Array.from({ length: COUNT }, (_, index) => ({ ...ever, ...rangeOf(index) }));
    let looks = 0;
    const index = watched(createRangeIndex(items), () => {
      looks += 1;
    });
    for (const value of [0, 0.5, 3, 4_999.5, 9_998]) {
      looks = 0;
      const into: Ranged[] = [];
      collectHolding(index, value, NOW_MS, into);
      expect(looks).toBeGreaterThan(0);
      // A few for each find, and a square root for where two bounds at once keep others out.
      expect(looks, `value ${value}, ${into.length} found`).toBeLessThanOrEqual(
        into.length * 8 + Math.sqrt(COUNT) * 10,
      );
    }
  });
});
