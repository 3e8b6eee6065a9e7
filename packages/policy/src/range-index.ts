/** Where something holds: for values over `above` and up to `upTo`, and before `untilMs`. What is not bounded is infinite. */
export interface Ranged {
  readonly above: number;
  readonly upTo: number;
  readonly untilMs: number;
}

/** The items whose range holds a value at a time, in an order that means nothing. */
export interface RangeIndex<T extends Ranged> {
  collect(value: number, nowMs: number, into: T[]): void;
}

/** Few enough that looking at each is faster than choosing. */
const LEAF_MAX = 8;

/**
 * Finds the ranges that hold a value without looking at the others: a tree that splits by one bound after the other, and knows
 * of each part how far it reaches. Memory grows with the items, the time of a look with what is found and the depth.
 */
export function createRangeIndex<T extends Ranged>(items: readonly T[]): RangeIndex<T> {
  const root = build(items, 0);
  return {
    collect: (value, nowMs, into) => {
      look(root, value, nowMs, into);
    },
  };
}

interface Part<T> {
  /** The least of its items' lower bounds, the greatest of their upper ones: beyond these it holds nothing. */
  readonly above: number;
  readonly upTo: number;
  readonly untilMs: number;
  readonly items: readonly T[] | undefined;
  readonly left: Part<T> | undefined;
  readonly right: Part<T> | undefined;
}

const BOUNDS = ['above', 'upTo', 'untilMs'] as const satisfies readonly (keyof Ranged)[];

function build<T extends Ranged>(items: readonly T[], depth: number): Part<T> {
  const reach = {
    above: least(items, 'above'),
    upTo: greatest(items, 'upTo'),
    untilMs: greatest(items, 'untilMs'),
  };
  const bound = items.length <= LEAF_MAX ? undefined : boundThatSplits(items, depth);
  // Items that are bounded alike hold together or not at all.
  if (bound === undefined) return { ...reach, items, left: undefined, right: undefined };
  const sorted = items.toSorted((a, b) => (a[bound] < b[bound] ? -1 : a[bound] > b[bound] ? 1 : 0));
  const half = sorted.length >> 1;
  return {
    ...reach,
    items: undefined,
    left: build(sorted.slice(0, half), depth + 1),
    right: build(sorted.slice(half), depth + 1),
  };
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

/** As deep as the logarithm of the items. */
function look<T extends Ranged>(part: Part<T>, value: number, nowMs: number, into: T[]): void {
  if (!(value > part.above && value <= part.upTo && nowMs < part.untilMs)) return;
  if (part.items === undefined) {
    if (part.left) look(part.left, value, nowMs, into);
    if (part.right) look(part.right, value, nowMs, into);
    return;
  }
  for (const item of part.items) {
    if (value > item.above && value <= item.upTo && nowMs < item.untilMs) into.push(item);
  }
}
