/** What several runs of one measurement said. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
  readonly runs: readonly number[];
}

export function spreadOf(runs: readonly number[]): Spread {
  const sorted = runs.toSorted((a, b) => a - b);
  return { min: sorted[0] ?? Number.NaN, median: quantile(sorted, 0.5), max: sorted.at(-1) ?? Number.NaN, runs };
}

/** Of a sorted list; between two values their mean, weighted by nearness. */
export function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  if (below === undefined || above === undefined) return Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** The median of the ratios of runs that were made side by side: what slows a round slows both. */
export function ratioOf(ours: readonly number[], theirs: readonly number[]): number {
  return spreadOf(ours.map((value, round) => value / (theirs[round] ?? Number.NaN))).median;
}

/** Events a second over what came after the warm-up; `times` in milliseconds, in any order. */
export function rateAfter(times: readonly number[], warmUp: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  const [from, to] = [sorted[Math.floor(warmUp)], sorted.at(-1)];
  if (from === undefined || to === undefined || to <= from) return Number.NaN;
  return ((sorted.length - 1 - Math.floor(warmUp)) / (to - from)) * 1000;
}
