import { z } from 'zod';
import type { EventEnvelope } from './event.ts';
import { NAME_PATTERN } from './names.ts';
import type { PlannedAction } from './plan.ts';

export const DECISIONS = ['ALLOW', 'ALERT', 'BLOCK'] as const;
export type TrustDecision = (typeof DECISIONS)[number];

export const RISKS = ['read', 'write', 'destructive'] as const;
export type Risk = (typeof RISKS)[number];

/** A function of the workspace's author, or CEL text that says the same. */
export type Condition = string | ((action: PlannedAction, env: EventEnvelope) => boolean);

const conditionSchema = z.union([
  z.string().min(1).max(4096),
  z.custom<(action: PlannedAction, env: EventEnvelope) => boolean>((value) => typeof value === 'function', {
    message: 'must be a function or CEL text',
  }),
]);

export const ESCALATION_MODES = ['hold', 'alongside'] as const;
export type EscalationMode = (typeof ESCALATION_MODES)[number];

/** Approvals wait minutes or months; a year is where "later" becomes "never". */
const TTL_MAX_SECONDS = 366 * 24 * 3600;

/** An audience is an opaque id; the identity provider says who belongs to it. */
export const audienceSchema = z.string().min(1).max(128);

export const policyEscalationSchema = z.strictObject({
  audience: audienceSchema,
  quorum: z.number().int().min(1).max(20).optional(),
  ttlSeconds: z.number().int().min(1).max(TTL_MAX_SECONDS).optional(),
  mode: z.enum(ESCALATION_MODES).optional(),
  reason: z.string().min(1).max(1024).optional(),
  selfApproval: z.boolean().optional(),
  denials: z.number().int().min(1).max(20).optional(),
  remindEverySeconds: z.number().int().min(60).max(TTL_MAX_SECONDS).optional(),
  escalateTo: z
    .strictObject({ audience: audienceSchema, afterSeconds: z.number().int().min(1).max(TTL_MAX_SECONDS) })
    .optional(),
});

/** What a tenant lets stand where a policy does not say. A queue says for itself what it refuses: no policy has a say in it. */
export const escalationDefaultsSchema = policyEscalationSchema
  .omit({ reason: true })
  .partial()
  .extend({ refuseUnverified: z.boolean().optional() });

const amount = z.number().finite().min(0);

/** Whose usage a limit bounds: each entity's, each operator's, each tool's, or all of the tenant's together. */
export const LIMIT_DIMENSIONS = ['entity', 'operator', 'tool', 'tenant'] as const;
export type LimitDimension = (typeof LIMIT_DIMENSIONS)[number];

export const limitSchema = z
  .strictObject({
    count: z.number().int().min(1).optional(),
    total: amount.optional(),
    per: z.string().regex(/^[1-9][0-9]{0,4}(s|m|h|d)$/, 'must be a number of s, m, h or d, such as 24h'),
    by: z.enum(LIMIT_DIMENSIONS),
  })
  .refine(({ count, total }) => count !== undefined || total !== undefined, 'must bound a count or a total');
export type Limit = z.infer<typeof limitSchema>;

/** A policy as its author writes it. Source: the seed's `kernel/trust.ts`, widened by semantics §1. */
export const trustPolicySchema = z.strictObject({
  id: z.string().min(1).max(128).optional(),
  connector: z.string().regex(NAME_PATTERN).optional(),
  tool: z.string().min(1).max(64).optional(),
  tools: z.union([z.string().min(1).max(128), z.array(z.string().min(1).max(128)).min(1).max(100)]).optional(),
  operator: z.string().regex(NAME_PATTERN).optional(),
  risk: z.enum(RISKS).optional(),
  appliesUpTo: amount.optional(),
  appliesAbove: amount.optional(),
  when: conditionSchema.optional(),
  maxValue: amount.optional(),
  predicate: conditionSchema.optional(),
  limit: limitSchema.optional(),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
  escalation: policyEscalationSchema.optional(),
  decision: z.enum(DECISIONS),
});
export type TrustPolicy = z.infer<typeof trustPolicySchema>;
