import type { RecordedEnd } from '@holdpoint/calls/core/end-attempt';
import type { DrainJob, ReadJob } from '@holdpoint/shared/messages/jobs';
import type { Context } from '../context.ts';
import type { ClaimedAction } from '../core/claimed-action.ts';
import type { Admission, Permit, Refusal } from '../queues/gates.ts';
import type { Found } from '../store/flush.ts';
import { applyEffect } from './apply-effect.ts';

/** Looks in a row at a head that keeps changing under our eyes. */
const LOOKS_MAX = 3;

/**
 * Drains one lane as far as this connector may: claim the head, call, record its end and claim the next in one commit. Ends
 * where the lane is empty, blocked, or another connector's (whose queue is rung), or when other lanes are to have a turn. No
 * claim without a permit: where there is none the drain goes to the end of its queue, and no attempt is used.
 */
export async function drainLane(context: Context, connector: string, job: DrainJob): Promise<void> {
  const { gates, bell } = context;
  const goBack = () => bell.ringLanes([{ ...job, connector }]);
  const first = await gates.admit(connector, 'effect', job.tenant);
  if (!first.permit) return holdBack(context, connector, first, goBack);
  let permit: Permit | undefined = first.permit;
  try {
    await drain(context, connector, job, {
      get permit() {
        return permit as Permit;
      },
      async next() {
        permit?.release();
        permit = undefined;
        const admission = await gates.admit(connector, 'effect', job.tenant);
        permit = admission.permit;
        return admission;
      },
      goBack: (refusal) => (refusal ? holdBack(context, connector, refusal, goBack) : goBack()),
    });
  } finally {
    permit?.release();
  }
}

interface Turns {
  /** For the claim that is about to be made. */
  readonly permit: Permit;
  /** Asks for another, for the next claim. */
  next(): Promise<Admission>;
  goBack(refusal?: Refusal): Promise<void>;
}

async function drain(context: Context, connector: string, job: DrainJob, turn: Turns): Promise<void> {
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
        turn.permit.claimed(action.token);
        const ended = await applyEffect(context, action);
        turns += 1;
        looks = 0;
        const goOn = turns < config.limits.quantumEffects && !draining.aborted;
        const admission = goOn ? await turn.next() : undefined;
        const answer = await flusher.finish(withAction(ended, action), admission?.permit && lane);
        if (!answer.finished) noteFenced(context, action, ended);
        if (!admission?.permit) return turn.goBack(admission);
        found = answer.found;
        break;
      }
      case 'aside':
        turns += 1;
        if (turns >= config.limits.quantumEffects || draining.aborted) return turn.goBack();
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
export async function runRead(context: Context, connector: string, job: ReadJob): Promise<void> {
  const { flusher, bell, gates, metrics } = context;
  const admission = await gates.admit(connector, 'read', job.tenant);
  if (!admission.permit) {
    return holdBack(context, connector, admission, () => bell.ringReads([{ ...job, connector }]));
  }
  try {
    const { claimed } = await flusher.claimRead(job.action_id);
    metrics.claims.inc({ verdict: claimed ? 'claimed' : 'empty' });
    if (!claimed) return;
    admission.permit.claimed(claimed.token);
    const ended = await applyEffect(context, claimed);
    const answer = await flusher.finish(withAction(ended, claimed));
    if (!answer.finished) noteFenced(context, claimed, ended);
  } finally {
    admission.permit.release();
  }
}

/**
 * Lets the connector's queues rest, then goes to the end of its own: at the front, where BullMQ's own way back leads, those
 * that came last would be first, and the others wait for ever. What rests for one tenant alone leaves its queue to the others:
 * a sweep rings for it when its time has come.
 */
async function holdBack(
  { bell, metrics }: Context,
  connector: string,
  { why, waitMs, ofTenant }: Refusal,
  goBack: () => Promise<void>,
): Promise<void> {
  metrics.heldBack.inc({ connector, why });
  if (ofTenant) return;
  if (waitMs > 0) await bell.rest(connector, waitMs);
  await goBack();
}

function withAction(ended: RecordedEnd, { id, token }: ClaimedAction) {
  return { ...ended, action: id, token };
}

/** Its answer is evidence, never state: the attempt had been given to another, or was settled. */
function noteFenced(
  { metrics, logger }: Context,
  { id, connector, tool, attempts }: ClaimedAction,
  ended: RecordedEnd,
) {
  metrics.fenced.inc({ connector, tool });
  logger.warn(
    { action_id: id, connector, tool, attempt: attempts, answer: ended.to },
    'an answer came too late to count',
  );
}
