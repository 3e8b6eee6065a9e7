import type { Decision } from '@holdpoint/shared/domain/action';

/** The recorded decision of a plan; the same answer however often it is proposed. */
export interface DecidedPlan {
  readonly id: string;
  readonly planId: string;
  readonly decisions: readonly Decision[];
}
