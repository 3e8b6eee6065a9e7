/** Where something holds: for values over `above` and up to `upTo`, and before `untilMs`. What is not bounded is infinite. */
export interface Ranged {
  readonly above: number;
  readonly upTo: number;
  readonly untilMs: number;
}

/**
 * Items by the values and times for which they hold: a tree that splits by one bound after the other, and knows of each part how
 * far it reaches. Memory grows with the items.
 */
export type RangeIndex<T> = Leaf<T> | Branch<T>;

interface Leaf<T> {
  readonly items: readonly T[];
  /**
   * `above, upTo, untilMs` of each item in turn, side by side: what does not hold is passed over without a look at the item.
   * Where all items are bounded alike, once for all of them.
   */
  readonly bounds: readonly number[];
}

interface Branch<T> extends Ranged {
  readonly items: undefined;
  readonly left: RangeIndex<T>;
  readonly right: RangeIndex<T>;
}

/** Few enough that looking at each is faster than choosing. */
const LEAF_MAX = 8;

export function createRangeIndex<T extends Ranged>(items: readonly T[]): RangeIndex<T> {
  return build(items, 0);
}

/** Finds the items whose range holds a value at a time, in an order that means nothing. It takes as long as there are finds. */
export function collectHolding<T>(index: RangeIndex<T>, value: number, nowMs: number, into: T[]): void {
  if (index.items === undefined) {
    if (!(value > index.above && value <= index.upTo && nowMs < index.untilMs)) return;
    // As deep as the logarithm of the items.
    collectHolding(index.left, value, nowMs, into);
    collectHolding(index.right, value, nowMs, into);
    return;
  }
  const { items, bounds } = index;
  if (bounds.length === BOUNDS.length) {
    if (holds(bounds, 0, value, nowMs)) for (const item of items) into.push(item);
    return;
  }
  for (let at = 0; at < items.length; at += 1) {
    if (holds(bounds, at, value, nowMs)) into.push(items[at] as T);
  }
}

function holds(bounds: readonly number[], at: number, value: number, nowMs: number): boolean {
  const first = at * BOUNDS.length;
  return (
    value > (bounds[first] as number) && value <= (bounds[first + 1] as number) && nowMs < (bounds[first + 2] as number)
  );
}

const BOUNDS = ['above', 'upTo', 'untilMs'] as const satisfies readonly (keyof Ranged)[];

function build<T extends Ranged>(items: readonly T[], depth: number): RangeIndex<T> {
  const bound = boundThatSplits(items, depth);
  if (bound === undefined) return { items, bounds: boundsOf(items.slice(0, 1)) };
  if (items.length <= LEAF_MAX) return { items, bounds: boundsOf(items) };
  const sorted = items.toSorted((a, b) => (a[bound] < b[bound] ? -1 : a[bound] > b[bound] ? 1 : 0));
  const half = sorted.length >> 1;
  return {
    // The least of the lower bounds, the greatest of the upper ones: beyond these it holds nothing.
    above: least(items, 'above'),
    upTo: greatest(items, 'upTo'),
    untilMs: greatest(items, 'untilMs'),
    items: undefined,
    left: build(sorted.slice(0, half), depth + 1),
    right: build(sorted.slice(half), depth + 1),
  };
}

function boundsOf(items: readonly Ranged[]): number[] {
  return items.flatMap(({ above, upTo, untilMs }) => [above, upTo, untilMs]);
}

/** In turn, so that no bound is left unsplit; but not one that all have alike. */
function boundThatSplits(items: readonly Ranged[], depth: number): (typeof BOUNDS)[number] | undefined {
  const inTurn = BOUNDS.map((_, index) => BOUNDS[(depth + index) % BOUNDS.length] as (typeof BOUNDS)[number]);
  return inTurn.find((bound) => least(items, bound) !== greatest(items, bound));
}

function least(items: readonly Ranged[], bound: keyof Ranged): number {
  return items.reduce((found, item) => Math.min(found, item[bound]), Number.POSITIVE_INFINITY);
}

function greatest(items: readonly Ranged[], bound: keyof Ranged): number {
  return items.reduce((found, item) => Math.max(found, item[bound]), Number.NEGATIVE_INFINITY);
}
