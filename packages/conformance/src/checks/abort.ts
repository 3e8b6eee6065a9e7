import { setTimeout as passes } from 'node:timers/promises';
import { type Finding, failed, passed, type Subject, skipped } from '../subject.ts';
import { inTrial, type Trial } from '../trial.ts';

/** Within which a function that was called off must end; ample, for a machine that is busy. */
const GRACE_MS = 2_000;
const LOOK_EVERY_MS = 5;
const HEARD_MAX_MS = 10_000;

/** Called off before it sends, or while its request waits, it ends and sends no more. */
export async function checkAbort(subject: Subject): Promise<Finding[]> {
  return [await beforeSending(subject), await whileWaiting(subject)];
}

async function beforeSending(subject: Subject): Promise<Finding> {
  return inTrial(subject, 'called off before sending', async (trial) => {
    const calling = begin(trial, { abortAtOnce: true });
    if (!(await calling.settledIn(GRACE_MS)))
      return failed(`called off before it sent, it goes on for more than ${GRACE_MS} ms`);
    await calling.ended;
    if (trial.standIn.heard() > 0) return failed('called off before it sent, it sent nevertheless');
    return passed({ why: 'called off before it sent, it sends nothing' });
  });
}

async function whileWaiting(subject: Subject): Promise<Finding> {
  const trouble = 'silence_before';
  const without = subject.spec.without?.[trouble];
  if (without !== undefined) return skipped(without, { trouble });
  return inTrial(subject, 'called off while waiting', async (trial) => {
    trial.standIn.fault(trouble, 'any');
    const calling = begin(trial, {});
    if (!(await calling.heardIn(HEARD_MAX_MS))) return skipped('it makes no request', { trouble });
    const heard = trial.standIn.heard();
    calling.abort();
    if (!(await calling.settledIn(GRACE_MS))) {
      return failed(`called off, it goes on for more than ${GRACE_MS} ms: give ctx.signal to all that waits`, {
        trouble,
      });
    }
    await calling.ended;
    const more = trial.standIn.heard() - heard;
    return more > 0 ? failed(`called off, it sent ${more} more`, { trouble }) : passed({ trouble });
  });
}

interface Calling {
  abort(): void;
  readonly ended: Promise<unknown>;
  /** Whether the connector's own function has ended by then. */
  settledIn(maxMs: number): Promise<boolean>;
  /** Whether the stand-in hears of it before it ends. */
  heardIn(maxMs: number): Promise<boolean>;
}

function begin(trial: Trial, { abortAtOnce = false }): Calling {
  const controller = new AbortController();
  const { promise: settled, resolve } = Promise.withResolvers<true>();
  let over = false;
  const ended = trial.call(trial.action(), {
    abandon: controller.signal,
    onBegun: () => void (abortAtOnce && controller.abort()),
    onSettled() {
      over = true;
      resolve(true);
    },
  });
  return {
    abort: () => controller.abort(),
    ended,
    async settledIn(maxMs) {
      const waiting = new AbortController();
      const late = passes(maxMs, false, { signal: waiting.signal }).catch(() => false);
      const done = await Promise.race([settled, late]);
      waiting.abort();
      return done;
    },
    async heardIn(maxMs) {
      const until = performance.now() + maxMs;
      while (trial.standIn.heard() === 0 && !over && performance.now() < until) await passes(LOOK_EVERY_MS);
      return trial.standIn.heard() > 0;
    },
  };
}
