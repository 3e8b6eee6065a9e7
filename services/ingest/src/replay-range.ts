import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { EventId } from '@holdpoint/shared/domain/ids';
import type { Trace } from '@holdpoint/shared/runtime/trace';
import type { IngestContext } from './context.ts';
import { replayBatch, replayId } from './core/event-draft.ts';
import { replayEvent } from './replay-event.ts';

export interface ReplayRange {
  readonly tenant: string;
  readonly source: string | undefined;
  readonly type: string | undefined;
  /** Milliseconds since the epoch, by the time of acceptance; `until` itself is left out. */
  readonly since: number;
  readonly until: number;
  /** Of events looked at in one call. */
  readonly limit: number;
  /** The `next` of the call before. */
  readonly from: number | undefined;
  readonly fresh: boolean;
  /** Of the same name an event is replayed once, however often it is asked for. Undefined: named after the range itself. */
  readonly batch: string | undefined;
  /** Says what would be replayed, and replays nothing. */
  readonly dryRun: boolean;
  readonly actor: string;
  readonly trace: Trace;
}

export interface RangeItem {
  readonly replay_of: EventId;
  /** The id that the replay has, or would have. */
  readonly id: EventId;
  /** `already`: by an earlier call of the same batch. `gone`: it aged out meanwhile. */
  readonly status: 'planned' | 'replayed' | 'already' | 'gone';
}

export interface RangeReplayed {
  readonly batch: string;
  readonly items: readonly RangeItem[];
  readonly next: number | undefined;
}

/**
 * Replays what was accepted in a range of time, oldest first and one after the other, so that operators see it in that order.
 * Whoever goes on after a crash or a failure repeats nothing: the new ids follow from the batch and the originals. Replays
 * are not replayed, their originals are; so a range that reaches into the future does not feed on itself.
 */
export async function replayRange(context: IngestContext, range: ReplayRange): Promise<RangeReplayed> {
  const { tenant, source, type, since, until, limit, from, fresh } = range;
  const batch = range.batch ?? replayBatch({ source, type, since, until, fresh });
  const page = await context.log.originals({ tenant, source, type, since, until, limit, from });
  const items: RangeItem[] = [];
  for (const id of page.ids) {
    const status = range.dryRun ? 'planned' : await replayOnce(context, range, id, batch);
    items.push({ replay_of: id, id: replayId(id, batch), status });
  }
  return { batch, items, next: page.next };
}

async function replayOnce(
  context: IngestContext,
  { tenant, fresh, actor, trace }: ReplayRange,
  id: EventId,
  batch: string,
): Promise<RangeItem['status']> {
  try {
    const { published } = await replayEvent(context, { tenant, id, fresh, nonce: batch, actor, trace });
    return published === 'accepted' ? 'replayed' : 'already';
  } catch (error) {
    if (error instanceof HoldpointError && error.code === 'NOT_FOUND') return 'gone';
    throw error;
  }
}
