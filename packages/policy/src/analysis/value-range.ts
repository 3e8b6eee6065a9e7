/** The largest amount that a line may carry: a larger integer cannot be held exactly and is refused. */
export const VALUE_MAX = Number.MAX_SAFE_INTEGER;

/** Amounts over `above` (null: from 0, and none) up to and with `upTo` (null: however much). */
export interface ValueRange {
  readonly above: number | null;
  readonly upTo: number | null;
}

/** The ranges between thresholds, in order. Every selector and cap is of the form "up to and with", so within one nothing changes. */
export function rangesBetween(thresholds: Iterable<number>): ValueRange[] {
  const bounds = [...new Set([...thresholds].map((one) => one + 0))].filter((one) => one < VALUE_MAX).sort(ascending);
  const ends = [...bounds, null];
  return ends.map((upTo, index) => ({ above: bounds[index - 1] ?? null, upTo }));
}

/** An amount of the range, for a witness: its end, which is where an author looks. */
export function sampleOf({ above, upTo }: ValueRange): number {
  if (upTo !== null) return upTo;
  return above === null ? 0 : Math.min(above + 1, VALUE_MAX);
}

export function contains({ above, upTo }: ValueRange, value: number): boolean {
  return (above === null || value > above) && (upTo === null || value <= upTo);
}

/** Ranges that touch become one. They must come in order. */
export function mergedRanges(ranges: readonly ValueRange[]): ValueRange[] {
  const merged: ValueRange[] = [];
  for (const range of ranges) {
    const last = merged.at(-1);
    if (last && last.upTo !== null && last.upTo === range.above) {
      merged[merged.length - 1] = { above: last.above, upTo: range.upTo };
    } else {
      merged.push(range);
    }
  }
  return merged;
}

/** `over 500 up to 800`; empty for every amount. */
export function rangeWords({ above, upTo }: ValueRange): string {
  const words = [above === null ? '' : `over ${above}`, upTo === null ? '' : `up to ${upTo}`];
  return words.filter((part) => part !== '').join(' ');
}

const ascending = (a: number, b: number): number => a - b;
