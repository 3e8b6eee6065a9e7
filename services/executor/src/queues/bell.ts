import {
  DRAIN_JOB,
  type DrainJob,
  drainDedupeId,
  effectsQueue,
  queuePrefix,
  READ_JOB,
  type ReadJob,
  readsQueue,
} from '@holdpoint/shared/messages/jobs';
import type { Logger } from '@holdpoint/shared/runtime/logger';
import { type BulkJobOptions, Queue } from 'bullmq';
import type { Redis } from 'ioredis';

export interface LaneRing extends DrainJob {
  /** Of the lane's head: whose queue is rung. */
  readonly connector: string;
}

export interface ReadRing extends ReadJob {
  readonly connector: string;
}

/** Rings: says where to look. Lost or repeated, a ring does no harm, for rows are believed and sweeps ring again. */
export interface Bell {
  ringLanes(rings: readonly LaneRing[]): Promise<void>;
  ringReads(rings: readonly ReadRing[]): Promise<void>;
  /** How many a sweep may ring in a queue of a connector; 0 where it is served already, or paused. */
  room(connector: string, kind: 'effect' | 'read'): Promise<number>;
  /** No process takes anything of a connector for so long. */
  rest(connector: string, forMs: number): Promise<void>;
  /** Those of the connectors whose effects somebody has paused. */
  paused(connectors: readonly string[]): Promise<ReadonlySet<string>>;
  /** Doorbells of a connector, of its lanes and reads together. */
  counts(connector: string): Promise<{ readonly waiting: number; readonly active: number }>;
  /** Whether any process works on a connector's queue. */
  isServed(connector: string): Promise<boolean>;
  /** Every queue of the workspace, for people to look at. */
  readonly queues: readonly Queue[];
  close(): Promise<void>;
}

/** With more than this waiting a queue is served already: sweeps pass it over, so that others do not starve. */
const SERVED_WAITING = 2_500;
/** How far a sweep fills the others. */
const FILLED_WAITING = 5_000;
const BULK_MAX = 1_000;
/** Messages may name connectors without end, and each queue is kept. What is of others beyond these, whoever has them sweeps. */
const QUEUES_MAX = 2_000;
/** Shorter rests would be over before a worker hears of them. */
const REST_MIN_MS = 5;

/** A doorbell that was answered says nothing; what became of the action stands in its row. */
const KEEP = { removeOnComplete: true, removeOnFail: { count: 1_000 }, attempts: 1 } as const;

export function createBell(redis: Redis, connectors: readonly string[], logger: Logger): Bell {
  const queues = new Map<string, Queue>();

  function queue(name: string): Queue {
    const known = queues.get(name);
    if (known) return known;
    const made = new Queue(name, { connection: redis, prefix: queuePrefix(name), defaultJobOptions: KEEP });
    made.on('error', (err) => logger.debug({ err, queue: name }, 'a queue lost Redis'));
    queues.set(name, made);
    return made;
  }

  async function ring(name: string, job: string, rings: readonly { id: string; data: unknown }[]): Promise<void> {
    if (!queues.has(name) && queues.size >= QUEUES_MAX) return;
    for (let from = 0; from < rings.length; from += BULK_MAX) {
      await queue(name).addBulk(
        rings.slice(from, from + BULK_MAX).map(({ id, data }) => ({ name: job, data, opts: opts(id) })),
      );
    }
  }

  const queuesOf = (connector: string) => [queue(effectsQueue(connector)), queue(readsQueue(connector))];

  for (const connector of connectors) queue(effectsQueue(connector));
  for (const connector of connectors) queue(readsQueue(connector));
  const own = [...queues.values()];

  return {
    queues: own,
    async ringLanes(rings) {
      const byQueue = Map.groupBy(rings, ({ connector }) => effectsQueue(connector));
      await Promise.all(
        [...byQueue].map(([name, group]) =>
          ring(
            name,
            DRAIN_JOB,
            group.map(({ connector: _, ...data }) => ({ id: drainDedupeId(data.lane_id), data })),
          ),
        ),
      );
    },
    async ringReads(rings) {
      const byQueue = Map.groupBy(rings, ({ connector }) => readsQueue(connector));
      await Promise.all(
        [...byQueue].map(([name, group]) =>
          ring(
            name,
            READ_JOB,
            group.map(({ connector: _, ...data }) => ({ id: data.action_id, data })),
          ),
        ),
      );
    },
    async rest(connector, forMs) {
      const ms = Math.max(REST_MIN_MS, Math.ceil(forMs));
      await Promise.all(queuesOf(connector).map((one) => one.rateLimit(ms)));
    },
    async paused(asked) {
      const pipeline = redis.pipeline();
      for (const connector of asked) pipeline.hexists(queue(effectsQueue(connector)).toKey('meta'), 'paused');
      const found = (await pipeline.exec()) ?? [];
      return new Set(asked.filter((_, index) => found[index]?.[1] === 1));
    },
    async counts(connector) {
      const counts = await Promise.all(queuesOf(connector).map((one) => one.getJobCounts('wait', 'active')));
      const sum = (state: string) => counts.reduce((total, count) => total + (count[state] ?? 0), 0);
      return { waiting: sum('wait'), active: sum('active') };
    },
    async room(connector, kind) {
      const asked = queue(kind === 'read' ? readsQueue(connector) : effectsQueue(connector));
      const [waiting, paused] = await Promise.all([asked.getWaitingCount(), asked.isPaused()]);
      return paused || waiting > SERVED_WAITING ? 0 : FILLED_WAITING - waiting;
    },
    isServed: async (connector) => (await queue(effectsQueue(connector)).getWorkersCount()) > 0,
    async close() {
      await Promise.all([...queues.values()].map((one) => one.close()));
    },
  };
}

/** At most one active and one waiting: what is rung during a drain is looked at after it. */
function opts(id: string): BulkJobOptions {
  return { deduplication: { id, keepLastIfActive: true } };
}
