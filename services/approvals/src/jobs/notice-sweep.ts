import { FIRST_ID, firstIdAt } from '@holdpoint/shared/runtime/ids';
import { type Poll, startPoll } from '@holdpoint/shared/runtime/poll';
import type { Context } from '../context.ts';
import { notifyOf } from '../notify.ts';
import { findUntold, type SweptStatus } from '../store/find-untold.ts';

const PAGE_ROWS = 200;
/**
 * What was opened within this is looked at in every round, older ones in every sixtieth: there may be many. Ten minutes, by two
 * clocks of which each may be ten minutes off: ours, and that of who gave it its id.
 */
const YOUNG_MS = 1_800_000;
const ROUNDS_A_FULL_ONE = 60;

/** Finds approvals of which nobody heard: their message was lost, or cannot come for now. */
export function startNoticeSweep(context: Context, nudgeSending: () => void): Poll {
  const { clock, config, logger } = context;
  let round = 0;
  return startPoll({
    name: 'notice sweep',
    everyMs: config.limits.noticeSweepMs,
    async run(signal) {
      if (context.directory.tenants.length === 0) return;
      const full = round % ROUNDS_A_FULL_ONE === 0;
      const from = full ? FIRST_ID : firstIdAt(new Date(clock().getTime() - YOUNG_MS));
      const added = (await sweep(context, 'pending', from, signal)) + (await sweep(context, 'ended', FIRST_ID, signal));
      if (added > 0) nudgeSending();
      round += 1;
    },
    onError: (err) => logger.warn({ err }, 'approvals to tell of could not be looked for, trying again'),
  });
}

async function sweep(context: Context, status: SweptStatus, from: string, signal: AbortSignal): Promise<number> {
  let added = 0;
  for (let after: string | undefined = from; after !== undefined && !signal.aborted; ) {
    const ids: string[] = await findUntold(context.db, context.directory.tenants, status, after, PAGE_ROWS);
    if (ids.length > 0) added += await notifyOf(context, ids);
    after = ids.length < PAGE_ROWS ? undefined : ids.at(-1);
  }
  return added;
}
