import { z } from 'zod';
import { inexactNumberPath } from './json.ts';
import { keySchema, nameSchema, planIdSchema, toolNameSchema } from './names.ts';

export const PLAN_MAX_BYTES = 512 * 1024;
export const PLAN_MAX_ACTIONS = 100;

const agentSchema = z.strictObject({
  id: keySchema,
  on_behalf_of: keySchema.optional(),
  session_id: keySchema.optional(),
});
export type Agent = z.infer<typeof agentSchema>;

/**
 * A plan at the door. Its lines stay unparsed: a plan is not atomic, so a line that does not parse is that line's BLOCK
 * and not the plan's refusal.
 */
export const executionPlanSchema = z.strictObject({
  plan_id: planIdSchema,
  /** Of an event that there may be: what names none blocks the lines, as one that is gone does. */
  event_id: keySchema.optional(),
  agent: agentSchema.optional(),
  expires_at: z.iso.datetime({ offset: true }).optional(),
  actions: z.array(z.unknown()).min(1).max(PLAN_MAX_ACTIONS),
});
export type ExecutionPlan = z.infer<typeof executionPlanSchema>;

/** One line of a plan. Keys that depend on the tool (entity, idempotency) are checked where the tool is known. */
export const plannedActionSchema = z
  .strictObject({
    connector: nameSchema,
    tool: toolNameSchema,
    args: z.record(z.string(), z.unknown()),
    value: z.number().finite().min(0).optional(),
    entity_key: keySchema.optional(),
    idempotency_key: keySchema.optional(),
  })
  .superRefine((action, ctx) => {
    const path = inexactNumberPath({ value: action.value ?? 0, args: action.args });
    if (path !== undefined) {
      ctx.addIssue({ code: 'custom', path: path.split('.'), message: 'a number that cannot be held exactly' });
    }
  });
export type PlannedAction = z.infer<typeof plannedActionSchema>;
