import { type Poll, startPoll } from '@holdpoint/shared/runtime/poll';
import type { Context } from '../context.ts';
import type { LaneRing } from '../queues/bell.ts';
import { findLaneHeads } from '../store/find-lane-heads.ts';
import { findWaitingReads } from '../store/find-waiting-reads.ts';
import { createGoneConnectors, type GoneConnectors } from './gone-connectors.ts';

const PAGE_MAX = 1_000;
/** Lanes looked at in one round are bounded; the next goes on from there. */
const PAGES_MAX = 20;
/** Lanes were passed over for want of room: soon there will be some. */
const SOON_MS = 1_000;
/** A younger row's own doorbell is on its way. */
const MIN_AGE_MS = 1_500;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

export interface Sweep {
  /** Sweeps now, young rows too: Redis came back, perhaps empty, or a freeze was lifted. */
  everything(): void;
  stop(): Promise<void>;
}

/**
 * Rings for what could run and may have no doorbell: the messages were lost, Redis was emptied, a drain died. At start and
 * every few seconds. A queue that is paused or has plenty to do is passed over, so that it cannot starve the rest.
 */
export function startSweep(context: Context): Sweep {
  const { config, logger, redis } = context;
  const gone = createGoneConnectors(context);
  let minAgeMs = 0;
  let after = 0;
  let soon: NodeJS.Timeout | undefined;
  const poll: Poll = startPoll({
    name: 'sweep',
    everyMs: config.limits.sweepEveryMs,
    backoffMaxMs: config.limits.sweepEveryMs,
    async run(signal) {
      const asked = minAgeMs;
      minAgeMs = MIN_AGE_MS;
      try {
        const swept = await sweepLanes(context, gone, { after, minAgeMs: asked }, signal);
        after = swept.after;
        const readsLeft = await sweepReads(context, asked, signal);
        clearTimeout(soon);
        if (swept.passedOver || after > 0 || readsLeft) soon = setTimeout(() => poll.nudge(), SOON_MS);
      } catch (error) {
        minAgeMs = Math.min(minAgeMs, asked);
        throw error;
      }
    },
    onError: (err) => logger.warn({ err }, 'sweep: a round failed'),
  });
  const everything = () => {
    minAgeMs = 0;
    poll.nudge();
  };
  redis.on('ready', everything);
  return {
    everything,
    async stop() {
      redis.off('ready', everything);
      await poll.stop();
      clearTimeout(soon);
    },
  };
}

interface Swept {
  /** Where the next round goes on; 0: at the beginning. */
  readonly after: number;
  /** Some that could run were not rung: their queues are served already. */
  readonly passedOver: boolean;
}

async function sweepLanes(
  { db, bell, metrics, connectors }: Context,
  gone: GoneConnectors,
  from: { readonly after: number; readonly minAgeMs: number },
  signal: AbortSignal,
): Promise<Swept> {
  const room = new Map(await Promise.all(connectors.names.map(async (name) => [name, await bell.room(name)] as const)));
  let { after } = from;
  let passedOver = false;
  for (let pages = 0; pages < PAGES_MAX && !signal.aborted; pages += 1) {
    if (room.size > 0 && [...room.values()].every((left) => left === 0)) return { after, passedOver: true };
    const heads = await findLaneHeads(db, { after, limit: PAGE_MAX, minAgeMs: from.minAgeMs });
    const rings: LaneRing[] = [];
    const strangers: LaneRing[] = [];
    for (const { runnable, ...ring } of heads) {
      if (!runnable) continue;
      const left = room.get(ring.connector);
      // A connector that is not in this workspace has its queue drained by whoever has it; if anybody has.
      if (left === undefined) strangers.push(ring);
      passedOver ||= left === 0;
      if (!left) continue;
      room.set(ring.connector, left - 1);
      rings.push(ring);
    }
    await bell.ringLanes(rings);
    metrics.rung.inc({ by: 'sweep' }, rings.length);
    await gone.end(strangers);
    const last = heads.at(-1);
    if (!last || heads.length < PAGE_MAX) return { after: 0, passedOver };
    after = last.lane_id;
  }
  return { after, passedOver };
}

/** Returns whether some are left for want of room. */
async function sweepReads({ db, bell, metrics }: Context, minAgeMs: number, signal: AbortSignal): Promise<boolean> {
  let after = BEFORE_ALL;
  let room = await bell.room(undefined);
  while (!signal.aborted && room > 0) {
    const reads = await findWaitingReads(db, { after, limit: Math.min(PAGE_MAX, room), minAgeMs });
    if (reads.length > 0) await bell.ringReads(reads);
    metrics.rung.inc({ by: 'sweep' }, reads.length);
    room -= reads.length;
    after = reads.at(-1)?.action_id ?? after;
    if (reads.length < PAGE_MAX && room > 0) return false;
  }
  return true;
}
