import { z } from 'zod';
import { escalationSchema, reasonSchema } from './decision.ts';
import { entitySnapshotSchema } from './entity.ts';
import { SIGNED } from './event.ts';
import { STATES } from './lifecycle.ts';
import { DECISIONS, RISKS } from './policy.ts';
import { receiptSchema } from './receipt.ts';
import { reservationSchema } from './reservation.ts';

/** A recorded decision on one line of a plan, as the outside sees it. */
export const decisionSchema = z.object({
  action_id: z.string(),
  plan_id: z.string(),
  index: z.number().int(),
  decision: z.enum(DECISIONS),
  reasons: z.array(reasonSchema),
  matched: z.array(z.string()),
  policy_version: z.string(),
  escalation: escalationSchema.optional(),
  state: z.enum(STATES),
  duplicate_of: z.string().optional(),
  approval_id: z.string().optional(),
  at: z.string(),
  /** In a rehearsal: what the action would ask of limits. */
  reservations: z.array(reservationSchema).optional(),
});
export type Decision = z.infer<typeof decisionSchema>;

/** What stands around an action: where it came from, and what it waits for. */
export const aroundSchema = z.object({
  /** The plan's server id. */
  plan: z.string(),
  risk: z.enum(RISKS).nullable(),
  proposed_at: z.string(),
  requester: z.string(),
  agent: z.string().nullable(),
  on_behalf_of: z.string().nullable(),
  session_id: z.string().nullable(),
  trace_id: z.string().nullable(),
  /** The event behind the plan, without its data; null: it named none. */
  event: z
    .object({
      id: z.string(),
      source: z.string(),
      type: z.string(),
      time: z.string().nullable(),
      subject: z.string().nullable(),
      signed: z.enum(SIGNED),
    })
    .nullable(),
  updated_at: z.string(),
  /** Of one that backs off. */
  next_attempt_at: z.string().nullable(),
  /** An earlier attempt may have happened. */
  unsure: z.boolean(),
  /** Of one in a lane: who is first in it, and how many stand before this one; at most 100 are counted. */
  lane: z.object({ head: z.string(), head_state: z.enum(STATES), ahead: z.number().int() }).nullable(),
  /** The oldest that say the same and were not done again; at most 20. */
  duplicates: z.array(z.object({ action_id: z.string(), operator: z.string(), at: z.string() })),
});
export type Around = z.infer<typeof aroundSchema>;

export const actionSchema = decisionSchema.extend({
  connector: z.string(),
  tool: z.string(),
  args: z.unknown(),
  value: z.number().nullable(),
  entity_key: z.string().nullable(),
  idempotency_key: z.string().nullable(),
  /** What was known of its entity when it was decided, where anything was. */
  entity: entitySnapshotSchema.optional(),
  operator: z.string(),
  attempts: z.number().int(),
  result: z.unknown().optional(),
  error: z.string().optional(),
  /** Since when arguments, what was known of its entity, and result are gone. */
  erased_at: z.string().optional(),
  receipts: z.array(receiptSchema).optional(),
  around: aroundSchema.optional(),
});
export type Action = z.infer<typeof actionSchema>;
