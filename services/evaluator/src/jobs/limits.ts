import { type Poll, startPoll } from '@holdpoint/shared/runtime/poll';
import type { Context } from '../context.ts';
import { findCrowdedLimits, findLimits, tendLimits } from '../store/tend-limits.ts';

const EVERY_MS = 1_000;
const CROWDED_MAX = 20;
/** Each is visited in its turn; what has left the window counts for nothing before that. */
const PAGE_MAX = 200;
/** Of one limit in one round: with what one call takes, a quarter of a million rows. */
const CALLS_MAX = 50;

/** Keeps the cost of a limit the same, however much was done under it: what is used much is folded, what is over is dropped. */
export function startLimits({ db, logger }: Context): Poll {
  let after = 0;
  return startPoll({
    name: 'limits',
    everyMs: EVERY_MS,
    async run(signal) {
      let crowded = await findCrowdedLimits(db, CROWDED_MAX);
      for (let call = 0; crowded.length > 0 && call < CALLS_MAX && !signal.aborted; call += 1) {
        crowded = await tendLimits(db, crowded);
      }
      const page = await findLimits(db, after, PAGE_MAX);
      await tendLimits(db, page);
      after = page.length < PAGE_MAX ? 0 : (page.at(-1) ?? 0);
    },
    onError: (err) => logger.error({ err }, 'limits: a round failed'),
  });
}
