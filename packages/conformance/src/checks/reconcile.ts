import { canAsk } from '@holdpoint/calls/call-connector';
import type { CallEnd } from '@holdpoint/calls/core/call-end';
import type { Fault } from '../spec.ts';
import { type Finding, failed, passed, type Subject } from '../subject.ts';
import { inTrial, type Trial } from '../trial.ts';

const TROUBLES = [
  'rate_limited',
  'echo',
  'error_before',
  'silence_before',
  'reset_before',
  'cut_short',
  'garbled',
] as const satisfies Fault[];

/** Asked, whatever is the matter, it says nothing that is not so. */
export async function checkReconcile(subject: Subject): Promise<Finding[]> {
  if (!canAsk(subject.runner, subject.name)) return [];
  const findings = [await asked(subject, false), await asked(subject, true), await ofAnother(subject)];
  for (const fault of TROUBLES) {
    if (subject.spec.without?.[fault] !== undefined) continue;
    for (const happened of [false, true]) findings.push(await asked(subject, happened, fault));
  }
  return findings;
}

async function asked(subject: Subject, happened: boolean, fault?: (typeof TROUBLES)[number]): Promise<Finding> {
  return inTrial(subject, `reconcile${fault ? ` under ${fault}` : ''}`, async (trial) => {
    const action = trial.action();
    if (happened) await trial.call(action);
    if (fault) trial.standIn.fault(fault, 'any');
    const end = await ask(subject, trial, action, fault?.startsWith('silence'));
    const trouble = fault && { trouble: fault };
    const lie = falsehood(end, happened);
    if (lie) return failed(lie, trouble);
    // Without trouble it must have something to say.
    if (!fault && end.kind !== 'answered') return failed(`asked, it ended ${end.kind}: ${end.message}`);
    if (!happened && trial.applied() > 0) return failed('asked, it applied the action', trouble);
    return passed({ ...trouble, why: `of what ${happened ? 'happened' : 'did not happen'} it says ${wordsOf(end)}` });
  });
}

/** The effect of another action with the same arguments is not this one's, where this one would have another effect still. */
async function ofAnother(subject: Subject): Promise<Finding> {
  return inTrial(subject, 'reconcile of another', async (trial) => {
    await trial.call(trial.action());
    const unsent = trial.action();
    const end = await ask(subject, trial, unsent);
    if (claimOf(end) !== 'applied') return passed({ why: 'it does not take the effect of another action for its own' });
    await trial.call(unsent);
    if (trial.applied() < 2)
      return passed({ why: 'the effect of another action with the same arguments is as good as its own' });
    return failed('it says that an action happened that was never sent: the effect that it found is of another action');
  });
}

function ask(subject: Subject, trial: Trial, action: ReturnType<Trial['action']>, silent = false): Promise<CallEnd> {
  const timeoutMs = silent ? { timeoutMs: subject.silenceMs } : {};
  return trial.call({ ...action, attempts: 2 }, { part: 'reconcile', ...timeoutMs });
}

function falsehood(end: CallEnd, happened: boolean): string | undefined {
  const claim = claimOf(end);
  if (claim === 'nothing') return undefined;
  if (claim === 'odd') return `reconcile answers ${wordsOf(end)} for applied, not_applied, unknown or { applied }`;
  if ((claim === 'applied') === happened) return undefined;
  return `asked, it says ${wordsOf(end)} of what ${happened ? 'happened' : 'did not happen'}`;
}

/** `nothing`: it knows nothing, or could not be asked, which is as honest. */
function claimOf(end: CallEnd): 'applied' | 'not_applied' | 'nothing' | 'odd' {
  if (end.kind !== 'answered') return 'nothing';
  const { result } = end;
  if (result === 'applied' || result === 'not_applied') return result;
  if (result === 'unknown') return 'nothing';
  return typeof result === 'object' && result !== null && Object.hasOwn(result, 'applied') ? 'applied' : 'odd';
}

function wordsOf(end: CallEnd): string {
  if (end.kind !== 'answered') return `nothing (${end.message})`;
  const claim = claimOf(end);
  return claim === 'odd' || claim === 'nothing' ? String(JSON.stringify(end.result)).slice(0, 64) : claim;
}
