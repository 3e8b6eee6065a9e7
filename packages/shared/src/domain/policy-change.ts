import { z } from 'zod';
import { REASON_CODES, reasonSchema } from './decision.ts';

/** What a receipt of kind `policy_change` says: of the whole, of what is decided otherwise, and of single policies. */
export const POLICY_CHANGE_CODES = [
  'policies_changed',
  'now_looser',
  'now_tighter',
  'now_otherwise',
  'policy_added',
  'policy_removed',
  'policy_changed',
] as const;

export const policyChangeSchema = reasonSchema.extend({ code: z.enum(POLICY_CHANGE_CODES) });
export type PolicyChange = z.infer<typeof policyChangeSchema>;

/** In a receipt stands why an action was decided as it was, or what became of its tenant's policies. */
export const receiptReasonSchema = reasonSchema.extend({ code: z.enum([...REASON_CODES, ...POLICY_CHANGE_CODES]) });
export type ReceiptReason = z.infer<typeof receiptReasonSchema>;

/** A set of policies that is not in force, for something is wrong with it; the one before stays. */
export const rejectedSetSchema = z.object({
  /** Of the workspace's files; `unreadable` where they cannot be read. */
  version: z.string(),
  at: z.string(),
  issues: z.array(z.object({ file: z.string(), path: z.string(), reason: z.string() })),
});
export type RejectedSet = z.infer<typeof rejectedSetSchema>;
