import { z } from 'zod';
import type { ActionState } from './lifecycle.ts';
import { DECISIONS } from './policy.ts';

export const OUTCOMES = [
  'applied',
  'failed',
  'indeterminate',
  'duplicate',
  'blocked',
  'denied',
  'expired',
  'cancelled',
] as const satisfies readonly ActionState[];
export type OutcomeName = (typeof OUTCOMES)[number];

export const outcomeSchema = z.object({
  action_id: z.string(),
  plan_id: z.string(),
  index: z.number().int(),
  outcome: z.enum(OUTCOMES),
  ok: z.boolean(),
  result: z.unknown().optional(),
  error: z.string().optional(),
  decision: z.enum(DECISIONS),
  attempts: z.number().int(),
  duplicate_of: z.string().optional(),
  at: z.string(),
});
export type Outcome = z.infer<typeof outcomeSchema>;
