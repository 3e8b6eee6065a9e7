import { RETRY_AFTER_SECONDS } from '../spec.ts';
import { type Finding, failed, passed, type Subject, skipped } from '../subject.ts';
import { inTrial, strike } from '../trial.ts';

const TOLERANCE_MS = 1_000;

/** An answer that says that the allowance is used up lets the tenant's calls rest, and is an answer all the same. */
export async function checkBudget(subject: Subject): Promise<Finding[]> {
  const trouble = 'exhausted';
  const without = subject.spec.without?.[trouble];
  if (without !== undefined) return [skipped(without, { trouble })];
  return inTrial(subject, trouble, async (trial) => {
    strike(trial, subject, trouble);
    const end = await trial.call(trial.action());
    if (end.kind !== 'answered') return [failed(`it was answered, and ended ${end.kind}: ${end.message}`, { trouble })];
    const { restMs = 0 } = end;
    if (Math.abs(restMs - RETRY_AFTER_SECONDS * 1000) <= TOLERANCE_MS) return [passed({ trouble, outcome: 'applied' })];
    return [
      failed(
        `the answer says that the allowance is used up for ${RETRY_AFTER_SECONDS} s, which wants ctx.rest(${RETRY_AFTER_SECONDS}); ` +
          `it rests ${restMs / 1000} s`,
        { trouble },
      ),
    ];
  });
}
