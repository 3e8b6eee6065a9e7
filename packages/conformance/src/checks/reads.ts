import { type Finding, failed, passed, type Subject } from '../subject.ts';
import { inTrial } from '../trial.ts';

/** A read has no effect: neither its own nor that of any other tool's trial. */
export async function checkReads(subject: Subject): Promise<Finding[]> {
  if (subject.tool.risk !== 'read') return [];
  return inTrial(subject, 'a read', async (trial) => {
    await trial.call(trial.action());
    const changed = Object.entries(subject.spec.tools)
      .filter(([name, { args }]) => trial.standIn.applied(name, args) > 0)
      .map(([name]) => name);
    if (changed.length > 0) return [failed(`it declares risk: 'read', and applied ${changed.join(', ')}`)];
    return [passed()];
  });
}
