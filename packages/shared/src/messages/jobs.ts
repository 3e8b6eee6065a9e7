import { z } from 'zod';

/** The queue of one connector's side effects. Its jobs are doorbells: they say where to look, never what to do. */
export const effectsQueue = (connector: string): string => `effects.${connector}`;
/** The queue of one connector's reads, so that one that must wait delays no other's. */
export const readsQueue = (connector: string): string => `reads.${connector}`;

/** One key slot a queue, so that a Redis Cluster can hold them. */
export const queuePrefix = (queue: string): string => `holdpoint:{${queue}}`;

/** A connector's gate: a hash of what all processes know of its rate and its circuit. */
export const gateKey = (connector: string): string => `${queuePrefix(effectsQueue(connector))}:gate`;
/** A hash: until when a connector rests for which tenant. */
export const holdsKey = (connector: string): string => `${queuePrefix(effectsQueue(connector))}:holds`;

/** Rung for a lane whose head may be claimable. `lane_id` is the row in `lanes`. */
export const drainJobSchema = z.strictObject({
  lane_id: z.number().int(),
  /** For people who look at the queue; nothing is decided by it. */
  tenant: z.string(),
  entity_key: z.string(),
  traceparent: z.string().optional(),
});
export type DrainJob = z.infer<typeof drainJobSchema>;
export const DRAIN_JOB = 'drain';
/** At most one active and one waiting doorbell a lane and queue. */
export const drainDedupeId = (laneId: number): string => `lane-${laneId}`;

export const readJobSchema = z.strictObject({
  action_id: z.string(),
  tenant: z.string(),
  traceparent: z.string().optional(),
});
export type ReadJob = z.infer<typeof readJobSchema>;
export const READ_JOB = 'read';
