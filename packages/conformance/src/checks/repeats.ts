import { shapeOf } from '../shape.ts';
import { type Finding, failed, passed, type Subject } from '../subject.ts';
import { inTrial } from '../trial.ts';
import type { Plain } from './answers.ts';

/** The same action again, where its tool says that it may; and another with the same arguments, which is not the same. */
export async function checkRepeats(subject: Subject, plain: Plain): Promise<Finding[]> {
  if (subject.tool.risk === 'read') return [];
  return [...(subject.tool.idempotent ? [await sameAgain(subject, plain)] : []), await another(subject)];
}

async function sameAgain(subject: Subject, plain: Plain): Promise<Finding> {
  return inTrial(subject, 'the same action again', async (trial) => {
    const action = trial.action();
    await trial.call(action);
    const again = await trial.call({ ...action, attempts: 2 });
    const applied = trial.applied();
    if (applied > 1) return failed(`it declares idempotent, and the same action again was applied ${applied} times`);
    if (again.kind !== 'answered') {
      return failed(`it declares idempotent, and the same action again ended ${again.kind}: ${again.message}`);
    }
    const [first, second] = [shapeOf(plain.result), shapeOf(again.result)];
    if (first !== second) return failed(`the same action again answers ${second}; at first it was ${first}`);
    return passed({ why: 'the same action again was applied no second time' });
  });
}

async function another(subject: Subject): Promise<Finding> {
  return inTrial(subject, 'another action', async (trial) => {
    await trial.call(trial.action());
    const other = await trial.call(trial.action());
    const applied = trial.applied();
    if (applied > 2) return failed(`two actions were applied ${applied} times`);
    if (applied === 2) return passed({ why: 'another action with the same arguments was applied too' });
    if (other.kind === 'refused')
      return passed({ why: `another action with the same arguments was refused: ${other.message}` });
    if (other.kind !== 'answered')
      return failed(`another action with the same arguments ended ${other.kind}: ${other.message}`);
    if (subject.trial.setsState)
      return passed({ why: 'it sets a state: another action with the same arguments changes nothing more' });
    return failed(
      'another action with the same arguments answered and was not applied: the key that is sent does not tell them apart. ' +
        'If the tool sets a state, its trial says setsState: true',
    );
  });
}
