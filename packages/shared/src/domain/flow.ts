import { z } from 'zod';

/** What is counted as it passes. `retried`: an attempt that provably did nothing and is made again. */
export const FLOW_STEPS = [
  'event',
  'plan',
  'allow',
  'alert',
  'block',
  'granted',
  'begun',
  'retried',
  'applied',
  'failed',
  'indeterminate',
  'duplicate',
  'denied',
  'expired',
  'cancelled',
] as const;
export type FlowStep = (typeof FLOW_STEPS)[number];
export type FlowCounts = Partial<Record<FlowStep, number>>;

export const FLOW_WINDOWS_SECONDS = [60, 300, 900] as const;

/** `at_least`: it was looked at so many, and there are more. */
const gaugeSchema = z.object({ count: z.number().int(), at_least: z.boolean() });

/** How work stands and moves now, of one tenant. */
export const flowSchema = z.object({
  at: z.string(),
  waiting: z.object({
    held: gaugeSchema,
    rescore: gaugeSchema,
    queued: gaugeSchema,
    running: gaugeSchema,
    indeterminate: gaugeSchema,
    approvals: gaugeSchema,
  }),
  /** Of the lanes that have been there longest. */
  oldest_head: z
    .object({ action_id: z.string(), connector: z.string(), why: z.string(), age_seconds: z.number() })
    .nullable(),
  oldest_approval: z.object({ id: z.string(), age_seconds: z.number() }).nullable(),
  /** What passed. `seconds`: how much of the window is known, up to two seconds ago. */
  windows: z.array(
    z.object({
      window_seconds: z.number().int(),
      seconds: z.number().int(),
      counts: z.partialRecord(z.enum(FLOW_STEPS), z.number().int()),
    }),
  ),
});
export type Flow = z.infer<typeof flowSchema>;
