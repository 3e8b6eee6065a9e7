import { z } from 'zod';

/** `limits` of `connectors/<name>/tools.ts`: what keeps one connector's trouble its own. Bounds are the schema's. */
export const limitsSchema = z.strictObject({
  /** Lanes drained at once, and reads at once, in one process. */
  concurrency: z.number().int().min(1).max(500).optional(),
  /** Calls over all processes, effects and reads together; `burst` may be made at once after a pause. */
  rate: z
    .strictObject({
      perSecond: z.number().min(0.01).max(100_000),
      burst: z.number().int().min(1).max(100_000).optional(),
    })
    .optional(),
  /** Stops calling a system that fails; false: never. */
  breaker: z
    .union([
      z.literal(false),
      z.strictObject({
        /** Opens at this share of failed calls … */
        errorShare: z.number().min(0.01).max(1).optional(),
        /** … of at least so many within the window. */
        minimumCalls: z.number().int().min(1).max(10_000).optional(),
        windowSeconds: z.number().min(1).max(3600).optional(),
        /** The first time; doubled each time a probe fails, up to eight times this. */
        openSeconds: z.number().min(0.1).max(3600).optional(),
        /** Calls let through afterwards; so many successes close it. */
        probes: z.number().int().min(1).max(100).optional(),
      }),
    ])
    .optional(),
});
export type ConnectorLimits = z.infer<typeof limitsSchema>;
