import { windowSeconds } from '@holdpoint/shared/domain/limit-window';
import type { Limit, LimitDimension } from '@holdpoint/shared/domain/policy';

/** A policy's limit with its window in seconds: at most `count` actions, `total` of value, or both. */
export interface LimitTerms {
  readonly count: number | undefined;
  readonly total: number | undefined;
  readonly perSeconds: number;
  readonly by: LimitDimension;
}

export function limitTerms({ count, total, per, by }: Limit): LimitTerms {
  return { count, total, perSeconds: windowSeconds(per), by };
}
