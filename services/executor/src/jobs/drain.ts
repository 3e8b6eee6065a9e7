import type { DrainJob } from '@holdpoint/shared/messages/jobs';
import type { Context } from '../context.ts';
import type { ClaimedAction } from '../core/claimed-action.ts';
import type { AttemptEnd } from '../core/end-attempt.ts';
import type { Found } from '../store/flush.ts';
import { applyEffect } from './apply-effect.ts';

/** Looks in a row at a head that keeps changing under our eyes. */
const LOOKS_MAX = 3;

/**
 * Drains one lane as far as this connector may: claim the head, call, record its end and claim the next in one commit. Ends
 * where the lane is empty, blocked, or another connector's (whose queue is rung), or when other lanes are to have a turn.
 */
export async function drainLane(context: Context, connector: string, job: DrainJob): Promise<void> {
  const { flusher, bell, config, draining, metrics } = context;
  const lane = { lane: job.lane_id, connector };
  const ring = (whose: string) => bell.ringLanes([{ ...job, connector: whose }]);
  let turns = 0;
  let looks = 0;
  let found: Found = await flusher.claim(lane.lane, connector);
  for (;;) {
    metrics.claims.inc({ verdict: found.verdict });
    switch (found.verdict) {
      case 'claimed': {
        const action = found.claimed as ClaimedAction;
        const ended = await applyEffect(context, action);
        turns += 1;
        looks = 0;
        const goOn = turns < config.limits.quantumEffects && !draining.aborted;
        const answer = await flusher.finish(withAction(ended, action), goOn ? lane : undefined);
        if (!answer.finished) noteFenced(context, action, ended);
        if (!goOn) return ring(connector);
        found = answer.found;
        break;
      }
      case 'aside':
        turns += 1;
        if (turns >= config.limits.quantumEffects || draining.aborted) return ring(connector);
        found = await flusher.claim(lane.lane, connector);
        break;
      case 'again':
        looks += 1;
        if (looks > LOOKS_MAX) return;
        found = await flusher.claim(lane.lane, connector);
        break;
      case 'foreign':
        return ring(found.connector as string);
      case 'busy':
        // Whoever runs it may look at the lane just before what we were rung for was there: it is to look once more.
        if (found.connector !== connector) return ring(found.connector as string);
        return;
      case 'empty':
      case 'indeterminate':
      case 'waiting':
      case 'frozen':
        return;
      case 'unauthorised':
        context.logger.error({ lane_id: lane.lane }, 'the head of a lane has no grant that covers it');
        return;
      default:
        return found.verdict satisfies never;
    }
  }
}

/** Runs one read: no lane, no order. */
export async function runRead(context: Context, actionId: string): Promise<void> {
  const { flusher, metrics } = context;
  const { claimed } = await flusher.claimRead(actionId);
  metrics.claims.inc({ verdict: claimed ? 'claimed' : 'empty' });
  if (!claimed) return;
  const ended = await applyEffect(context, claimed);
  const answer = await flusher.finish(withAction(ended, claimed));
  if (!answer.finished) noteFenced(context, claimed, ended);
}

function withAction(ended: AttemptEnd, { id, token }: ClaimedAction) {
  return { ...ended, action: id, token };
}

/** Its answer is evidence, never state: the attempt had been given to another, or was settled. */
function noteFenced({ metrics, logger }: Context, { id, connector, tool, attempts }: ClaimedAction, ended: AttemptEnd) {
  metrics.fenced.inc({ connector, tool });
  logger.warn(
    { action_id: id, connector, tool, attempt: attempts, answer: ended.to },
    'an answer came too late to count',
  );
}
