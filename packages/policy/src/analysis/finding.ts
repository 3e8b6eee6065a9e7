import { DECISIONS } from '@holdpoint/shared/domain/policy';
import { z } from 'zod';

export const SEVERITIES = ['error', 'warning', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What lint can find. The page on checking policies shows each. */
export const FINDING_CODES = [
  'after_its_time',
  'always_alert_over_allow',
  'broad_allow',
  'contradiction',
  'duplicate',
  'expired',
  'expires_soon',
  'grant_matches_nothing',
  'grant_without_policy',
  'kills_everything',
  'matches_nothing',
  'max_value_without_value',
  'never_permitted',
  'shadowed_tier',
  'unreachable',
] as const;
export type FindingCode = (typeof FINDING_CODES)[number];

/** What a condition is taken to answer, since only an action can tell. */
export const assumptionSchema = z.object({
  policy: z.string(),
  field: z.enum(['when', 'predicate']),
  is: z.boolean(),
});
export type Assumption = z.infer<typeof assumptionSchema>;

/** An action that shows what a finding says, decided by the rules themselves. Its arguments are left open. */
export const witnessSchema = z.object({
  line: z.object({
    connector: z.string(),
    tool: z.string(),
    args: z.object({}),
    value: z.number().optional(),
    entity_key: z.string(),
    idempotency_key: z.string(),
  }),
  operator: z.string(),
  /** ISO 8601. */
  at: z.string(),
  decision: z.enum(DECISIONS),
  /** Some of them, where there are many. */
  reasons: z.array(z.object({ code: z.string(), policy: z.string().optional(), message: z.string() })),
  /** Of many those that are true come first, and some of the others are left out. */
  assumes: z.array(assumptionSchema).optional(),
  note: z.string().optional(),
});
export type Witness = z.infer<typeof witnessSchema>;

/** A change of a policy that makes its finding go away: members to set (null: to remove), or the whole policy to remove. */
export const editSchema = z.union([
  z.object({ policy: z.string(), set: z.record(z.string(), z.union([z.number(), z.string(), z.null()])) }),
  z.object({ policy: z.string(), remove: z.literal(true) }),
]);
export type Edit = z.infer<typeof editSchema>;

export const findingSchema = z.object({
  code: z.enum(FINDING_CODES),
  severity: z.enum(SEVERITIES),
  /** Ids, the one that it is about first. Empty where it is about a tool or a grant. */
  policies: z.array(z.string()),
  message: z.string(),
  witnesses: z.array(witnessSchema),
  fix: z.object({ text: z.string(), edits: z.array(editSchema).optional() }).optional(),
});
export type Finding = z.infer<typeof findingSchema>;

export const lintReportSchema = z.object({
  version: z.string(),
  /** ISO 8601: for what was then to come. */
  at: z.string(),
  /** The gravest first. */
  findings: z.array(findingSchema),
  /** At most so many more than are shown. */
  more: z.number().int(),
  /** False: the rules are too many to be looked at whole; tools were left out, and what might be of them is not reported. */
  complete: z.boolean(),
});
export type LintReport = z.infer<typeof lintReportSchema>;
