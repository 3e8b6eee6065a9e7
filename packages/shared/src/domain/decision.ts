import { z } from 'zod';
import { type DECISIONS, ESCALATION_MODES } from './policy.ts';
import type { Reservation } from './reservation.ts';

/** Why an action got its decision. The step of semantics §1 that decides gives the code. */
export const REASON_CODES = [
  'invalid_action',
  'unknown_tool',
  'not_granted',
  'read',
  'value_mismatch',
  'entity_mismatch',
  'hook_rejected',
  'policy_error',
  'no_policy',
  'veto',
  'max_value',
  'predicate_false',
  'escalated',
  'allowed',
  'limit_exceeded',
  'idempotency_conflict',
  'event_not_found',
  'event_not_granted',
  'plan_expired',
  'duplicate',
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

export const reasonSchema = z.object({
  code: z.enum(REASON_CODES),
  policy: z.string().optional(),
  message: z.string(),
});
export type Reason = z.infer<typeof reasonSchema>;

export const requirementSchema = z.object({ audience: z.string(), quorum: z.number().int().min(1) });
export type Requirement = z.infer<typeof requirementSchema>;

/** Where an ALERT goes: the strictest of all that asked. Requirements are sorted by audience; all are to be met. */
export const escalationSchema = z.object({
  mode: z.enum(ESCALATION_MODES),
  requirements: z.array(requirementSchema).min(1),
  ttl_seconds: z.number().int().min(1),
  self_approval: z.boolean(),
  reasons: z.array(z.string()),
});
export type Escalation = z.infer<typeof escalationSchema>;

/** The pure verdict on one action, before anything is recorded. */
export interface Verdict {
  readonly decision: (typeof DECISIONS)[number];
  readonly reasons: readonly Reason[];
  /** Ids of the policies that matched, sorted. */
  readonly matched: readonly string[];
  readonly policy_version: string;
  readonly escalation?: Escalation;
  /** What it asks of limits, sorted by key; absent where no matching policy has one. */
  readonly reservations?: readonly Reservation[];
  /** ISO 8601, the database's clock. */
  readonly at: string;
}

/** The error text of a blocked line, exactly. */
export const BLOCKED_ERROR = 'blocked by trust policy';
