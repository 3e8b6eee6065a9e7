import { z } from 'zod';
import { requirementSchema } from './decision.ts';
import { audienceSchema, ESCALATION_MODES, policyEscalationSchema, RISKS } from './policy.ts';

export const APPROVAL_STATUSES = ['pending', 'granted', 'denied', 'expired', 'cancelled'] as const;
export type ApprovalStatus = (typeof APPROVAL_STATUSES)[number];

export const URGENCIES = ['low', 'medium', 'high'] as const;

/** One vote a principal. `principal` is `iss|sub`: a subject alone is only unique within its issuer. */
export const voteSchema = z.object({
  principal: z.string(),
  vote: z.enum(['approve', 'deny']),
  audience: z.string(),
  comment: z.string().nullable(),
  at: z.string(),
  /** What the person was called then: for people to read, decides nothing. */
  name: z.string().nullable().default(null),
});
export type Vote = z.infer<typeof voteSchema>;

export const commentSchema = z.object({
  id: z.string(),
  principal: z.string(),
  name: z.string().nullable(),
  text: z.string(),
  at: z.string(),
});
export type ApprovalComment = z.infer<typeof commentSchema>;

/** The most comments that an approval takes. */
export const COMMENTS_MAX = 200;
/** As many of the newest are in lists and facts, which are bounded in bytes; reading one approval shows all. */
export const COMMENTS_SHOWN_MAX = 20;

export const approvalSchema = z.object({
  id: z.string(),
  tenant: z.string(),
  status: z.enum(APPROVAL_STATUSES),
  action_id: z.string().nullable(),
  plan_id: z.string().nullable(),
  connector: z.string().nullable(),
  tool: z.string().nullable(),
  args: z.unknown(),
  value: z.number().nullable(),
  entity_key: z.string().nullable(),
  risk: z.enum(RISKS).nullable(),
  urgency: z.enum(URGENCIES),
  reason: z.string(),
  subject: z.string().nullable(),
  requirements: z.array(requirementSchema),
  mode: z.enum(ESCALATION_MODES),
  self_approval: z.boolean(),
  operator: z.string(),
  agent: z.string().nullable(),
  on_behalf_of: z.string().nullable(),
  /** Whether anybody but the operator vouches for it. */
  on_behalf_of_verified: z.boolean().default(false),
  session_id: z.string().nullable(),
  expires_at: z.string(),
  votes: z.array(voteSchema),
  /** So many denials deny it. */
  denials: z.number().int().min(1).default(1),
  escalated_at: z.string().nullable().default(null),
  remind_every_seconds: z.number().nullable().default(null),
  /** How often people were reminded. */
  reminders: z.number().default(0),
  comments: z.array(commentSchema).default([]),
  comment_count: z.number().default(0),
  digest: z.string().nullable(),
  created_at: z.string(),
  decided_at: z.string().nullable(),
  /** Since when the arguments are gone. */
  erased_at: z.string().optional(),
  /** Nobody was asked: the grant in advance that decided it; of several, the first to end. */
  standing_grant_id: z.string().optional(),
});
export type Approval = z.infer<typeof approvalSchema>;

export const approvalRequestSchema = z.strictObject({
  reason: z.string().min(1).max(2048),
  subject: z.string().min(1).max(255).default('custom'),
  urgency: z.enum(URGENCIES).default('medium'),
  audience: audienceSchema,
  quorum: policyEscalationSchema.shape.quorum,
  denials: policyEscalationSchema.shape.denials,
  timeoutMs: z
    .number()
    .int()
    .min(1)
    .max(366 * 24 * 3600 * 1000)
    .optional(),
});
export type ApprovalRequest = z.infer<typeof approvalRequestSchema>;
