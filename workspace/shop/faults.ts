import { z } from 'zod';

/** A failure on order, for tests: what the next calls of a path meet. */
export const faultSchema = z.strictObject({
  path: z.string(),
  /** Answers this instead; with `after`, once the effect is done. */
  status: z.number().int().min(400).max(599).optional(),
  retryAfterSeconds: z.number().min(0).optional(),
  delayMs: z.number().min(0).max(600_000).optional(),
  /** Never answers. */
  hang: z.boolean().default(false),
  /** The effect is done before things go wrong: the answer is lost, not the call. */
  after: z.boolean().default(false),
  times: z.number().int().min(1).default(1),
});
export type Fault = z.infer<typeof faultSchema>;

/** The fault that a call of this path meets, used up by one. */
export function takeFault(faults: Fault[], path: string): Fault | undefined {
  const index = faults.findIndex((fault) => fault.path === path);
  const fault = faults[index];
  if (fault === undefined) return undefined;
  if (fault.times > 1) faults[index] = { ...fault, times: fault.times - 1 };
  else faults.splice(index, 1);
  return fault;
}
