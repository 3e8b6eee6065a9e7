import { z } from 'zod';
import { recordedVerdictSchema } from './decision-record.ts';
import { entitySnapshotSchema } from './entity.ts';
import { STATES } from './lifecycle.ts';
import { DECISIONS } from './policy.ts';

/**
 * What decided: the steps of semantics §1 in their order, between what is known of a plan before any policy is asked (`plan`,
 * `event`) and what only the record can know (`key`, `limits`).
 */
export const DECIDING_STEPS = [
  'plan',
  'event',
  'parse',
  'tool',
  'grants',
  'read',
  'derived',
  'hooks',
  'match',
  'veto',
  'constraints',
  'escalation',
  'allowed',
  'key',
  'limits',
] as const;
export type DecidingStep = (typeof DECIDING_STEPS)[number];

/** What a policy selects by. */
export const SELECTORS = [
  'connector',
  'tool',
  'tools',
  'operator',
  'risk',
  'appliesUpTo',
  'appliesAbove',
  'expiresAt',
  'when',
] as const;
export type Selector = (typeof SELECTORS)[number];

const selectorSchema = z.object({ selector: z.enum(SELECTORS), message: z.string() });

export const matchedPolicySchema = z.object({
  policy: z.string(),
  decision: z.enum(DECISIONS),
  /** The selectors that it has, all of which hold: none where it speaks for every action. */
  selectors: z.array(selectorSchema),
  /** `holds` is null where the constraint was not asked, or did not answer: a veto asks none, and limits are the record's to keep. */
  constraints: z.array(
    z.object({
      constraint: z.enum(['maxValue', 'predicate', 'limit']),
      holds: z.boolean().nullable(),
      message: z.string(),
    }),
  ),
});
export type MatchedPolicy = z.infer<typeof matchedPolicySchema>;

export const nearMissSchema = selectorSchema.extend({ policy: z.string(), decision: z.enum(DECISIONS) });
export type NearMiss = z.infer<typeof nearMissSchema>;

/** One change of the action, or of the rules. `field` is `value`, `entity_key`, `args.<path>`, `operator` or `now`. */
export const changeSchema = z.union([
  z.object({ field: z.string(), to: z.union([z.number(), z.string()]) }),
  z.object({ rule: z.literal('add_grant'), operator: z.string(), tool: z.string() }),
  z.object({ rule: z.literal('raise_max_value'), policy: z.string(), to: z.number() }),
  z.object({ rule: z.literal('remove_policy'), policy: z.string() }),
]);
export type Change = z.infer<typeof changeSchema>;

export const nearestSchema = z.object({
  change: changeSchema,
  /** What the change comes to, as the evaluation of it said. */
  decision: z.enum(DECISIONS),
  /** Every value in here comes to the same, and the next one outside of it does not: above `above`, and up to `up_to`. */
  range: z.object({ above: z.number().optional(), up_to: z.number().optional() }).optional(),
  sentence: z.string(),
});
export type Nearest = z.infer<typeof nearestSchema>;

/** Why a decision is what it is, and the nearest change that would have permitted it. */
export const explanationSchema = z.object({
  decision: z.enum(DECISIONS),
  step: z.enum(DECIDING_STEPS),
  sentence: z.string(),
  /** At most 50: the decision names them all. */
  matched: z.array(matchedPolicySchema),
  /** The nearest first; at most 5. */
  near_misses: z.array(nearMissSchema),
  nearest: nearestSchema.optional(),
  /** More might have been found, had there been more time. */
  incomplete: z.literal(true).optional(),
});
export type Explanation = z.infer<typeof explanationSchema>;

/** A recorded decision, and its explanation. */
export const actionExplanationSchema = z.object({
  action_id: z.string(),
  recorded: recordedVerdictSchema.extend({ state: z.enum(STATES), duplicate_of: z.string().optional() }),
  /** What was known of its entity then, where anything was. */
  entity: entitySnapshotSchema.optional(),
  /** Whether the policies that are loaded are those that decided. Where not, the explanation tells what they say now. */
  same_policies: z.boolean(),
  /** `record`: no policy decided it, or what it was decided on is gone, so nothing but the record is told. */
  basis: z.enum(['rules', 'record']),
  explanation: explanationSchema,
});
export type ActionExplanation = z.infer<typeof actionExplanationSchema>;
