import type { Limit, LimitDimension } from '@holdpoint/shared/domain/policy';

/** A policy's limit with its window in seconds: at most `count` actions, `total` of value, or both. */
export interface LimitTerms {
  readonly count: number | undefined;
  readonly total: number | undefined;
  readonly perSeconds: number;
  readonly by: LimitDimension;
}

const UNIT_SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

export function limitTerms({ count, total, per, by }: Limit): LimitTerms {
  const unit = per.slice(-1) as keyof typeof UNIT_SECONDS;
  return { count, total, perSeconds: Number(per.slice(0, -1)) * UNIT_SECONDS[unit], by };
}

/** `90m`, `24h`, `2d`: in the largest unit that gives a whole number; one day is 24h. */
export function windowText(perSeconds: number): string {
  if (perSeconds === UNIT_SECONDS.d) return '24h';
  const unit = (['d', 'h', 'm'] as const).find((one) => perSeconds % UNIT_SECONDS[one] === 0) ?? 's';
  return `${perSeconds / UNIT_SECONDS[unit]}${unit}`;
}
