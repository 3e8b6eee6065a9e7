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
  'entity_unreadable',
  'hook_rejected',
  'policy_error',
  'no_policy',
  'veto',
  'max_value',
  'predicate_false',
  'escalated',
  'standing_grant',
  'allowed',
  'limit_exceeded',
  'idempotency_conflict',
  'denied',
  'unverified_on_behalf_of',
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

/** Who is to agree, and how many of them. */
export const requirementSchema = z.object({
  audience: z.string(),
  quorum: z.number().int().min(1),
  /** Still to come: whom it is opened to as well, so long after people were asked. */
  escalate: z.object({ audience: z.string(), after_seconds: z.number().int().min(1) }).optional(),
  /** Audiences that may vote in its place since it was opened to them. */
  also: z.array(z.string()).optional(),
});
export type Requirement = z.infer<typeof requirementSchema>;

/** Where an ALERT goes: the strictest of all that asked. Requirements are sorted by audience; all are to be met. */
export const escalationSchema = z.object({
  mode: z.enum(ESCALATION_MODES),
  requirements: z.array(requirementSchema).min(1),
  ttl_seconds: z.number().int().min(1),
  self_approval: z.boolean(),
  reasons: z.array(z.string()),
  /** So many denials deny; absent: one. */
  denials: z.number().int().min(1).optional(),
  remind_every_seconds: z.number().int().min(1).optional(),
  /** What is said to be on somebody's behalf is blocked unless somebody vouches for it. */
  refuse_unverified: z.literal(true).optional(),
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
