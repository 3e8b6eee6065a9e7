import { z } from 'zod';
import { decisionSchema } from '../domain/action.ts';
import { approvalSchema } from '../domain/approval.ts';
import { outcomeSchema } from '../domain/outcome.ts';

const target = {
  connector: z.string(),
  tool: z.string(),
  entity_key: z.string().nullable(),
  idempotency_key: z.string().nullable(),
};

/** Carried by `decisions.`: the lines of one plan with the same decision. Consumers dedupe by `id`. */
export const decisionsFactSchema = z.object({
  id: z.string(),
  tenant: z.string(),
  operator: z.string(),
  plan_id: z.string(),
  items: z.array(decisionSchema.extend({ ...target, lane_id: z.number().nullable().optional() })),
});
export type DecisionsFact = z.infer<typeof decisionsFactSchema>;

/** Carried by `outcomes.`: what one flush finished of one plan with the same outcome. Consumers dedupe by `id`. */
export const outcomesFactSchema = z.object({
  id: z.string(),
  tenant: z.string(),
  operator: z.string(),
  plan_id: z.string(),
  items: z.array(outcomeSchema.extend(target)),
});
export type OutcomesFact = z.infer<typeof outcomesFactSchema>;

/** Carried by `approvals.`. */
export const approvalFactSchema = approvalSchema;

/** What a dead letter says in its headers, beside the original bytes. */
export const DEAD_HEADERS = {
  reason: 'Holdpoint-Dead-Reason',
  code: 'Holdpoint-Dead-Code',
  subject: 'Holdpoint-Dead-Subject',
  sequence: 'Holdpoint-Dead-Sequence',
  /** In bytes, of one that was too large to come along whole: the letter holds its beginning. */
  size: 'Holdpoint-Dead-Size',
} as const;
