import { type Carried, carryOn } from '../carry-on.ts';
import { shapeOf } from '../shape.ts';
import type { Fault } from '../spec.ts';
import { type Finding, failed, passed, type Subject, skipped } from '../subject.ts';
import { inTrial, strike, type Trial } from '../trial.ts';
import type { Plain } from './answers.ts';

/** Faults that leave open what happened, and what an answer would mean under each. */
const DOUBTS = {
  error_before: 'never',
  error_after: 'never',
  silence_before: 'never',
  silence_after: 'never',
  reset_before: 'never',
  reset_after: 'never',
  cut_short: 'as plain',
  garbled: 'as plain',
} as const satisfies Partial<Record<Fault, 'never' | 'as plain'>>;
type Doubt = keyof typeof DOUBTS;

/** Whatever happens to a call or to its worker, the action lives on to an outcome that is true. */
export async function checkUnknowns(subject: Subject, plain: Plain): Promise<Finding[]> {
  const findings: Finding[] = [];
  const faults = Object.keys(DOUBTS) as Doubt[];
  for (const fault of faults) findings.push(await doubted(subject, plain, fault, 'effect'));
  for (const trouble of ['lost_before', 'lost_after'] as const) findings.push(await lost(subject, trouble));
  // One that looks before it acts can take what it sees for something else.
  if (subject.tool.risk === 'read' || plain.requests < 2) return findings;
  for (const fault of faults) {
    const finding = await doubted(subject, plain, fault, 'any');
    findings.push({ ...finding, why: `on its first request: ${finding.why ?? 'as it should'}` });
  }
  return findings;
}

async function doubted(subject: Subject, plain: Plain, fault: Doubt, on: 'effect' | 'any'): Promise<Finding> {
  const without = subject.spec.without?.[fault];
  if (without !== undefined) return skipped(without, { trouble: fault });
  return inTrial(subject, fault, async (trial) => {
    strike(trial, subject, fault, on);
    const silent = fault.startsWith('silence');
    const carried = await carryOn(subject, trial, trial.action(), silent ? { timeoutMs: subject.silenceMs } : {});
    const heard = trial.standIn.heard();
    const faults = [
      // A look before the effect may have been of no consequence; then the world shows that it happened.
      ...(on === 'effect' ? answerFault(carried, plain, fault, heard) : []),
      ...outcomeFaults(subject, trial, carried),
    ];
    return told(carried, faults, fault);
  });
}

async function lost(subject: Subject, trouble: 'lost_before' | 'lost_after'): Promise<Finding> {
  return inTrial(subject, trouble, async (trial) => {
    const action = trial.action();
    if (trouble === 'lost_after') await trial.call(action);
    const carried = await carryOn(subject, trial, action, { workerDied: true });
    return told(carried, outcomeFaults(subject, trial, carried), trouble);
  });
}

function told(
  { to, error }: Carried,
  faults: readonly string[],
  trouble: Doubt | 'lost_before' | 'lost_after',
): Finding {
  if (faults.length > 0) return failed([...new Set(faults)].join('; '), { trouble, outcome: to });
  return passed({ trouble, outcome: to, ...(error !== undefined && { why: error }) });
}

/** An answer to a call that got none, or none that can be read. */
function answerFault({ first }: Carried, plain: Plain, fault: Doubt, heard: number): string[] {
  if (first?.kind !== 'answered') return [];
  switch (DOUBTS[fault]) {
    case 'never':
      // One that tried again by itself has answered honestly.
      return heard > plain.requests ? [] : ['it answered, though its request got an error or nothing'];
    case 'as plain': {
      const [usual, now] = [shapeOf(plain.result), shapeOf(first.result)];
      return usual === now ? [] : [`it answered ${now} out of an answer that cannot be read; usually that is ${usual}`];
    }
    default:
      return DOUBTS[fault] satisfies never;
  }
}

function outcomeFaults(subject: Subject, trial: Trial, carried: Carried): string[] {
  const { to, error, saidUnknown } = carried;
  if (subject.tool.risk === 'read') return to === 'indeterminate' ? ['a read waits for a person'] : [...trial.lies];
  return [...trial.lies, ...countFault(to, trial.applied(), error), ...personFault(subject, to, saidUnknown, error)];
}

function countFault(to: Carried['to'], applied: number, error = ''): string[] {
  switch (to) {
    case 'applied':
      return applied === 1 ? [] : [`the action ended applied, and was applied ${applied} times`];
    case 'failed':
      return applied === 0 ? [] : [`the action ended failed, and was applied ${applied} times: ${error}`];
    case 'indeterminate':
      return applied <= 1 ? [] : [`the action was applied ${applied} times before a person was asked`];
    default:
      return to satisfies never;
  }
}

/** A person is asked where nobody else can know, and nowhere else. */
function personFault({ repeats }: Subject, to: Carried['to'], saidUnknown: boolean, error = ''): string[] {
  if (to !== 'indeterminate' || repeats === 'person' || saidUnknown) return [];
  const means = repeats === 'key' ? 'its key' : 'its reconcile';
  return [`the action waits for a person, though ${means} should have settled it: ${error}`];
}
