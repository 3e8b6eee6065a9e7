import { z } from 'zod';
import { escalationSchema, reasonSchema } from './decision.ts';
import { STATES } from './lifecycle.ts';
import { DECISIONS } from './policy.ts';
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

export const actionSchema = decisionSchema.extend({
  connector: z.string(),
  tool: z.string(),
  args: z.unknown(),
  value: z.number().nullable(),
  entity_key: z.string().nullable(),
  idempotency_key: z.string().nullable(),
  operator: z.string(),
  attempts: z.number().int(),
  result: z.unknown().optional(),
  error: z.string().optional(),
  /** Since when arguments and result are gone. */
  erased_at: z.string().optional(),
  receipts: z.array(receiptSchema).optional(),
});
export type Action = z.infer<typeof actionSchema>;
