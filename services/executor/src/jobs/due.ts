import { type Poll, startPoll } from '@holdpoint/shared/runtime/poll';
import type { Context } from '../context.ts';
import { DUE_FROM_START, findDue } from '../store/find-due.ts';

const PAGE_MAX_ACTIONS = 500;
const PAGES_MAX = 20;

/**
 * Rings for backing-off actions when their time has come. No delayed doorbells: one that waits would swallow an immediate
 * ring of the same lane.
 */
export function startDue(context: Context): Poll {
  const { config, db, bell, gates, metrics, logger } = context;
  let after: Parameters<typeof findDue>[1] = DUE_FROM_START;
  return startPoll({
    name: 'due',
    everyMs: config.limits.dueEveryMs,
    backoffMaxMs: 2_000,
    async run(signal) {
      for (let pages = 0; pages < PAGES_MAX && !signal.aborted; pages += 1) {
        const found = await findDue(db, after, PAGE_MAX_ACTIONS);
        // Those of a paused or failing connector are looked at again; their queues do not fill meanwhile.
        const due = found.filter(({ connector, tenant }) => gates.closed(connector, 'effect', tenant) === undefined);
        await bell.ringLanes(
          due.flatMap(({ lane_id, tenant, entity_key, connector }) =>
            lane_id === null ? [] : [{ lane_id, tenant, connector, entity_key: entity_key ?? '' }],
          ),
        );
        const reads = due.filter(({ lane_id }) => lane_id === null);
        if (reads.length > 0)
          await bell.ringReads(reads.map(({ id, tenant, connector }) => ({ action_id: id, tenant, connector })));
        metrics.rung.inc({ by: 'due' }, due.length);
        const last = found.at(-1);
        // What cannot be claimed for long (a paused queue) must not hide what comes after it.
        after = last && found.length === PAGE_MAX_ACTIONS ? last : DUE_FROM_START;
        if (after === DUE_FROM_START) return;
      }
    },
    onError: (err) => logger.debug({ err }, 'due: a round failed'),
  });
}
