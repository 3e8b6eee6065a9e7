import { parseArgs } from '../parse-args.ts';
import { type Fault, RETRY_AFTER_SECONDS } from '../spec.ts';
import { type Finding, failed, passed, type Subject, skipped } from '../subject.ts';
import { inTrial, strike, type Trial } from '../trial.ts';

/** A refusal is told for what it is: for good, for now, or because nobody was there. */
export async function checkRefusals(subject: Subject): Promise<Finding[]> {
  return [
    await rejected(subject),
    await struck(subject, 'rate_limited', rateLimited),
    await struck(subject, 'echo', refused),
    await nobodyThere(subject),
  ];
}

async function rejected(subject: Subject): Promise<Finding> {
  const { rejected } = subject.trial;
  if (!rejected) return skipped('its trial has no args that the remote system refuses (rejected)');
  const parsed = parseArgs(subject.tool, rejected);
  if ('refused' in parsed) return failed(`its schema refuses the rejected args of its trial: ${parsed.refused}`);
  return inTrial(subject, 'rejected args', async (trial) => {
    const end = await trial.call(trial.action(parsed.args));
    const applied = trial.standIn.applied(subject.name, parsed.args);
    if (end.kind !== 'refused') return failed(`what the remote system refuses for good ended ${wordsOf(end)}`);
    return applied > 0 ? failed('it was refused, and applied') : passed({ outcome: 'failed' });
  });
}

async function struck(subject: Subject, fault: Fault, look: (trial: Trial) => Promise<Finding>): Promise<Finding> {
  const without = subject.spec.without?.[fault];
  if (without !== undefined) return skipped(without, { trouble: fault });
  return inTrial(subject, fault, async (trial) => {
    strike(trial, subject, fault);
    return { ...(await look(trial)), trouble: fault };
  });
}

const TOLERANCE_MS = 1_000;

async function rateLimited(trial: Trial): Promise<Finding> {
  const end = await trial.call(trial.action());
  const wanted = `a RateLimited(${RETRY_AFTER_SECONDS})`;
  if (end.kind !== 'retry')
    return failed(`the remote system refused it for now, which wants ${wanted}; it ended ${wordsOf(end)}`);
  const { retryAfterMs } = end;
  if (retryAfterMs === undefined || Math.abs(retryAfterMs - RETRY_AFTER_SECONDS * 1000) > TOLERANCE_MS) {
    return failed(
      `the remote system asked for ${RETRY_AFTER_SECONDS} s, which wants ${wanted}; it asks for ${retryAfterMs} ms`,
    );
  }
  return nothingApplied(trial);
}

async function refused(trial: Trial): Promise<Finding> {
  const end = await trial.call(trial.action());
  if (end.kind !== 'refused') return failed(`the remote system refused it for good; it ended ${wordsOf(end)}`);
  return nothingApplied(trial);
}

/** Nobody listens: the proof that nothing was sent must reach the platform. */
async function nobodyThere(subject: Subject): Promise<Finding> {
  return inTrial(subject, 'a refused connection', async (trial) => {
    await trial.standIn.close();
    const end = await trial.call(trial.action());
    if (end.kind === 'retry') return passed({ why: 'a refused connection is tried again' });
    return failed(
      `the connection was refused, so that nothing was sent; it ended ${wordsOf(end)}. ` +
        'Let what ctx.fetch throws pass, or keep it as the cause',
    );
  });
}

function nothingApplied(trial: Trial): Finding {
  return trial.lies.length > 0 ? failed(trial.lies.join('; ')) : passed();
}

const wordsOf = (end: { readonly kind: string; readonly message?: string }): string =>
  end.message === undefined ? end.kind : `${end.kind}: ${end.message}`;
