import { z } from 'zod';
import { DECISIONS } from './policy.ts';
import { receiptReasonSchema } from './policy-change.ts';

export const RECEIPT_KINDS = [
  'decision',
  'approval',
  'intent',
  'outcome',
  'settlement',
  'policy_change',
  'freeze',
  'override',
  'webhook_received',
] as const;
export type ReceiptKind = (typeof RECEIPT_KINDS)[number];

/** The durable record of one step, written in the transaction of the change it records. Semantics §5. */
export const receiptSchema = z.object({
  id: z.string(),
  at: z.string(),
  tenant: z.string(),
  kind: z.enum(RECEIPT_KINDS),
  plan: z.string().nullable(),
  action: z.string().nullable(),
  event: z.string().nullable(),
  operator: z.string().nullable(),
  agent: z.string().nullable(),
  on_behalf_of: z.string().nullable(),
  /** Who did it: a person's principal, an app's id, or the service. */
  actor: z.string(),
  connector: z.string().nullable(),
  tool: z.string().nullable(),
  entity_key: z.string().nullable(),
  idempotency_key: z.string().nullable(),
  digest: z.string().nullable(),
  decision: z.enum(DECISIONS).nullable(),
  reasons: z.array(receiptReasonSchema).nullable(),
  matched: z.array(z.string()).nullable(),
  policy_version: z.string().nullable(),
  /** The state the action moved to; of a received webhook that was replayed, `replayed` or `replayed_fresh`. */
  outcome: z.string().nullable(),
  error: z.string().nullable(),
  attempt: z.number().int().nullable(),
  trace_id: z.string().nullable(),
});
export type Receipt = z.infer<typeof receiptSchema>;
