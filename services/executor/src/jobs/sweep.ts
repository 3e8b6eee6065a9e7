import { type Poll, startPoll } from '@holdpoint/shared/runtime/poll';
import type { Context } from '../context.ts';
import type { LaneRing, ReadRing } from '../queues/bell.ts';
import type { Gates } from '../queues/gates.ts';
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
 * every few seconds. A queue that is paused, closed or has plenty to do is passed over, and so is a tenant for which its
 * connector rests, so that they cannot starve the rest.
 */
export function startSweep(context: Context): Sweep {
  const { config, logger, redis } = context;
  const gone = createGoneConnectors(context);
  let minAgeMs = 0;
  let after = 0;
  let afterRead = BEFORE_ALL;
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
        const reads = await sweepReads(context, gone, { after: afterRead, minAgeMs: asked }, signal);
        afterRead = reads.after;
        clearTimeout(soon);
        if (swept.passedOver || after > 0 || reads.passedOver || afterRead !== BEFORE_ALL)
          soon = setTimeout(() => poll.nudge(), SOON_MS);
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

interface Swept<At> {
  /** Where the next round goes on. */
  readonly after: At;
  /** Some that could run were not rung: their queues are served already. */
  readonly passedOver: boolean;
}

async function sweepLanes(
  context: Context,
  gone: GoneConnectors,
  from: { readonly after: number; readonly minAgeMs: number },
  signal: AbortSignal,
): Promise<Swept<number>> {
  const { db, bell, metrics } = context;
  const room = await roomOf(context, 'effect');
  let { after } = from;
  let passedOver = false;
  for (let pages = 0; pages < PAGES_MAX && !signal.aborted; pages += 1) {
    // The first page is looked at in any case: lanes of connectors that are gone may be in it.
    if (pages > 0 && [...room.values()].every((left) => left === 0)) return { after, passedOver: true };
    const heads = await findLaneHeads(db, { after, limit: PAGE_MAX, minAgeMs: from.minAgeMs });
    const runnable = heads.flatMap(({ runnable: may, ...ring }) => (may ? [ring] : []));
    const { rings, strangers, left } = sort<LaneRing>(runnable, room, context.gates);
    passedOver ||= left;
    await bell.ringLanes(rings);
    metrics.rung.inc({ by: 'sweep' }, rings.length);
    await gone.end(strangers);
    const last = heads.at(-1);
    if (!last || heads.length < PAGE_MAX) return { after: 0, passedOver };
    after = last.lane_id;
  }
  return { after, passedOver };
}

async function sweepReads(
  context: Context,
  gone: GoneConnectors,
  from: { readonly after: string; readonly minAgeMs: number },
  signal: AbortSignal,
): Promise<Swept<string>> {
  const { db, bell, metrics } = context;
  const room = await roomOf(context, 'read');
  let { after } = from;
  let passedOver = false;
  for (let pages = 0; pages < PAGES_MAX && !signal.aborted; pages += 1) {
    if (pages > 0 && [...room.values()].every((left) => left === 0)) return { after, passedOver: true };
    const reads = await findWaitingReads(db, { after, limit: PAGE_MAX, minAgeMs: from.minAgeMs });
    const { rings, strangers, left } = sort<ReadRing>(reads, room, context.gates);
    passedOver ||= left;
    await bell.ringReads(rings);
    metrics.rung.inc({ by: 'sweep' }, rings.length);
    await gone.endReads(strangers);
    const last = reads.at(-1);
    if (!last || reads.length < PAGE_MAX) return { after: BEFORE_ALL, passedOver };
    after = last.action_id;
  }
  return { after, passedOver };
}

/** By connector; none where it is paused or its circuit is open. */
async function roomOf({ bell, gates, connectors }: Context, kind: 'effect' | 'read'): Promise<Map<string, number>> {
  const room = connectors.names.map(async (name) => {
    return [name, gates.closed(name, kind) ? 0 : await bell.room(name, kind)] as const;
  });
  return new Map(await Promise.all(room));
}

/** Into what is rung, as far as there is room, and what is of a connector that is not in this workspace. */
function sort<Ring extends { readonly connector: string; readonly tenant: string }>(
  found: readonly Ring[],
  room: Map<string, number>,
  gates: Gates,
) {
  const rings: Ring[] = [];
  const strangers: Ring[] = [];
  let passedOver = false;
  for (const ring of found) {
    const left = room.get(ring.connector);
    // A connector that is not in this workspace has its queue drained by whoever has it; if anybody has.
    if (left === undefined) strangers.push(ring);
    const rests = left !== undefined && gates.closed(ring.connector, 'read', ring.tenant) !== undefined;
    passedOver ||= left === 0 || rests;
    if (!left || rests) continue;
    room.set(ring.connector, left - 1);
    rings.push(ring);
  }
  return { rings, strangers, left: passedOver };
}
