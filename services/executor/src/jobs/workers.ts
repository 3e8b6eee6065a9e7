import { drainJobSchema, effectsQueue, queuePrefix, readJobSchema, readsQueue } from '@holdpoint/shared/messages/jobs';
import { type Job, Worker } from 'bullmq';
import type { Context } from '../context.ts';
import { drainLane, runRead } from './drain.ts';

/** A stalled job does no harm, for the row is believed: it may come back as often as it likes. */
const STALLED_MAX = 1_000_000;

/**
 * So that a worker honours a rest of its queue: BullMQ looks at the rest only where there is some limit. This one, of jobs a
 * second, is never met.
 */
const LIMITER = { max: 1_000_000_000, duration: 1_000 } as const;
/** A rest's end is kept by the wall clock; where that is set back meanwhile, the queue is looked at again after this. */
const REST_LOOK_MS = 2_000;

/** Two workers a connector: of its lanes, and of its reads. */
export function startWorkers(context: Context): { stop(): Promise<void> } {
  const { connectors, config, limits, logger } = context;
  const { lanesMax, readsMax } = config.limits;
  const atOnce = (connector: string, otherwise: number) => limits.get(connector)?.concurrency ?? otherwise;
  const workers = [
    ...connectors.names.flatMap((connector) => [
      startWorker(context, effectsQueue(connector), atOnce(connector, lanesMax), (job) =>
        drainLane(context, connector, drainJobSchema.parse(job.data)),
      ),
      startWorker(context, readsQueue(connector), atOnce(connector, readsMax), (job) =>
        runRead(context, connector, readJobSchema.parse(job.data)),
      ),
    ]),
  ];
  return {
    async stop() {
      // Without Redis they cannot say goodbye; their locks run out and their lanes are swept.
      await Promise.all(workers.map((worker) => worker.close()));
      logger.debug({ workers: workers.length }, 'workers are closed');
    },
  };
}

function startWorker(context: Context, queue: string, concurrency: number, run: (job: Job) => Promise<void>): Worker {
  const { blockingRedis, config, logger } = context;
  const { leaseMs } = config.limits;
  const worker = new Worker(queue, run, {
    connection: blockingRedis,
    prefix: queuePrefix(queue),
    concurrency,
    lockDuration: leaseMs,
    stalledInterval: Math.max(1_000, leaseMs / 3),
    maxStalledCount: STALLED_MAX,
    drainDelay: 5,
    limiter: LIMITER,
    maximumRateLimitDelay: REST_LOOK_MS,
  });
  worker.on('error', (err) => logger.debug({ err, queue }, 'a worker lost Redis'));
  worker.on('failed', (job, err) => logger.warn({ err, queue, job: job?.id, data: job?.data }, 'a doorbell failed'));
  return worker;
}
