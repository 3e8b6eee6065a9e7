import { z } from 'zod';
import { APPROVAL_STATUSES } from './approval.ts';
import { escalationSchema, reasonSchema, requirementSchema } from './decision.ts';
import { entitySnapshotSchema } from './entity.ts';
import { STATES } from './lifecycle.ts';
import { DECISIONS, ESCALATION_MODES, RISKS } from './policy.ts';

/** The message of a line that was blocked because its grant was for other arguments than its tool reads now. */
export const READ_DIFFERENTLY = 'the tool or a hook reads these arguments differently now: propose the action again';

/** The message of a line whose user code was ended: asked again it would hang again. */
export const NOT_IN_TIME = 'the code of a policy or tool did not answer in time';

/** Ends the message of a line that was blocked without asking code that got stuck several times just before. */
export const NOT_ASKED = 'is not asked for a while: it did not answer in time, several times';

const recordedVoteSchema = z.object({
  principal: z.string(),
  vote: z.enum(['approve', 'deny']),
  /** Whether anything was said with it. */
  commented: z.boolean(),
  at: z.string(),
});
export type RecordedVote = z.infer<typeof recordedVoteSchema>;

const recordedApprovalSchema = z.object({
  id: z.string(),
  status: z.enum(APPROVAL_STATUSES),
  mode: z.enum(ESCALATION_MODES),
  requirements: z.array(requirementSchema),
  created_at: z.string(),
  decided_at: z.string().nullable(),
  votes: z.array(recordedVoteSchema),
});
export type RecordedApproval = z.infer<typeof recordedApprovalSchema>;

/** What replay compares: all that a verdict says. */
export const recordedVerdictSchema = z.object({
  decision: z.enum(DECISIONS),
  reasons: z.array(reasonSchema),
  matched: z.array(z.string()),
  policy_version: z.string(),
  escalation: escalationSchema.optional(),
  /** When it was decided; of an action that was scored again, the last time. */
  at: z.string(),
});
export type RecordedVerdict = z.infer<typeof recordedVerdictSchema>;

/** One recorded line with the facts of its decision, and what became of it: what rehearsals work on. */
export const decisionRecordSchema = z.object({
  action_id: z.string(),
  plan_id: z.string(),
  index: z.number().int(),
  operator: z.string(),
  event_id: z.string().optional(),
  proposed_at: z.string(),
  connector: z.string(),
  tool: z.string(),
  risk: z.enum(RISKS).nullable(),
  value: z.number().nullable(),
  entity_key: z.string().nullable(),
  /** The event as the evaluator saw it then. */
  env: z.looseObject({ id: z.string(), source: z.string(), type: z.string() }),
  /** What was known of the action's entity then, where anything was. */
  entity: entitySnapshotSchema.optional(),
  /** As it was proposed. */
  line: z.unknown(),
  /** Whether `line` is all that was proposed; false where it could not be stored as it came. */
  whole: z.boolean(),
  /** Paths in `line` where something secret is hidden. */
  masked: z.array(z.string()),
  /** Since when `env.data` and `line.args` are gone. */
  erased_at: z.string().optional(),
  verdict: recordedVerdictSchema,
  state: z.enum(STATES),
  duplicate_of: z.string().optional(),
  approvals: z.array(recordedApprovalSchema),
});
export type DecisionRecord = z.infer<typeof decisionRecordSchema>;
