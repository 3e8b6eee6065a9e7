import { sha256 } from './digest.ts';

/** What makes two messages the same plan. */
export interface PlanName {
  readonly tenant: string;
  readonly operator: string;
  readonly planId: string;
}

/**
 * The id of the span in which a plan is decided: 16 hex characters. Derived from its name, so that whatever follows from the
 * plan stands under that span without having been told of it, retried, swept up or republished alike.
 */
export function planSpanId({ tenant, operator, planId }: PlanName): string {
  // Names hold no space.
  return sha256(`${tenant} ${operator} ${planId}`).slice(0, 16);
}
