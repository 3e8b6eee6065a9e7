import type { CompiledPolicy } from '../compile/policy-set.ts';

/** More thresholds than this around one value are not looked at, and nothing is said of ranges. */
const THRESHOLDS_MAX = 32;

/** Between two thresholds every value is decided alike, as far as no author's code looks at it. */
export interface ValueInterval {
  /** Not in it; undefined: it begins at 0. */
  readonly above: number | undefined;
  /** In it; undefined: it has no end. */
  readonly upTo: number | undefined;
  /** The value in it that is nearest to the present one. */
  readonly nearest: number;
}

export interface ValueIntervals {
  /** From 0 upwards, without gaps where `whole`. */
  readonly intervals: readonly ValueInterval[];
  readonly whole: boolean;
}

/** What the thresholds of some policies cut the values into. */
export function valueIntervals(policies: readonly CompiledPolicy[], value: number): ValueIntervals {
  const all = new Set(
    policies.flatMap(({ policy }) =>
      [policy.appliesUpTo ?? [], policy.appliesAbove ?? [], policy.maxValue ?? []].flat(),
    ),
  );
  const byDistance = [...all].sort((a, b) => Math.abs(a - value) - Math.abs(b - value) || a - b);
  const thresholds = byDistance.slice(0, THRESHOLDS_MAX).sort((a, b) => a - b);
  const intervals = [...thresholds, undefined].map((upTo, index) => {
    const above = index === 0 ? undefined : thresholds[index - 1];
    return { above, upTo, nearest: nearestIn(above, upTo, value) };
  });
  return { intervals, whole: all.size <= THRESHOLDS_MAX };
}

export function isIn({ above, upTo }: ValueInterval, value: number): boolean {
  return (above === undefined || value > above) && (upTo === undefined || value <= upTo);
}

function nearestIn(above: number | undefined, upTo: number | undefined, value: number): number {
  if (upTo !== undefined && upTo < value) return upTo;
  if (above === undefined || above < value) return value;
  // Above the present value: a round number where one fits.
  const round = Math.floor(above) + 1;
  if (round > above && (upTo === undefined || round <= upTo)) return round;
  return upTo ?? nextAbove(above);
}

/** The next number that can be told from one that is finite and not negative. */
export function nextAbove(number: number): number {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, number + 0);
  bits.setBigInt64(0, bits.getBigInt64(0) + 1n);
  return bits.getFloat64(0);
}
