import { quantile } from './statistics.ts';

/** A value at a time, in milliseconds of any clock. */
export interface Point {
  readonly at: number;
  readonly value: number;
}

/** How a series goes, whatever a few wild points say. */
export interface Trend {
  readonly points: number;
  readonly overMs: number;
  readonly median: number;
  /** What it grows by in so long as was looked at: the median of the slopes between every two points … */
  readonly grown: number;
  /** … and between what and what that lies, with 99 % of certainty: a series that only shakes has 0 between them. */
  readonly grownLeast: number;
  readonly grownMost: number;
}

/** Fewer say nothing. */
export const TREND_POINTS_MIN = 8;
/** Of more, every so many-th is looked at: the slopes go with their square. */
const POINTS_MAX = 400;
/** Of the normal distribution, for 99 % on both sides. */
const Z = 2.576;

/** Theil's and Sen's slope with Kendall's bounds. Undefined for too few points, or all at one time. */
export function trendOf(points: readonly Point[]): Trend | undefined {
  const sorted = thinned(points.toSorted((a, b) => a.at - b.at));
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined || sorted.length < TREND_POINTS_MIN || last.at === first.at) {
    return undefined;
  }
  const slopes: number[] = [];
  for (const [index, a] of sorted.entries()) {
    for (const b of sorted.slice(index + 1)) if (b.at > a.at) slopes.push((b.value - a.value) / (b.at - a.at));
  }
  slopes.sort((a, b) => a - b);
  const n = sorted.length;
  const spread = (Z * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)) / 2;
  const middle = (slopes.length - 1) / 2;
  const slopeAt = (place: number): number =>
    slopes[Math.min(slopes.length - 1, Math.max(0, Math.round(place)))] ?? Number.NaN;
  const overMs = last.at - first.at;
  return {
    points: n,
    overMs,
    median: quantile(
      sorted.map(({ value }) => value).sort((a, b) => a - b),
      0.5,
    ),
    grown: quantile(slopes, 0.5) * overMs,
    grownLeast: slopeAt(middle - spread) * overMs,
    grownMost: slopeAt(middle + spread) * overMs,
  };
}

function thinned(points: readonly Point[]): readonly Point[] {
  const every = Math.ceil(points.length / POINTS_MAX);
  return every <= 1 ? points : points.filter((_, index) => index % every === 0);
}
