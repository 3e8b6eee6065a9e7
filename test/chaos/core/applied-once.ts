import { counted, grouped } from './group.ts';
import type { History, RecordedReceipt, Verdict } from './history.ts';

type Seen = Pick<History, 'calls' | 'plainTools' | 'receipts'>;

/**
 * I3. A tool that may not be repeated has done a key once, and once more for every time that a person said "run it again".
 * Where a person gave an action up, its key was free for another proposal: that too is the person's word.
 */
export function appliedOnce({ calls, plainTools, receipts }: Seen): Verdict {
  const plain = calls.filter(({ connector, tool }) => plainTools.has(`${connector}:${tool}`));
  const applied = plain.filter((call) => call.applied);
  const said = receipts.filter(isPersons);
  const again = counted(
    said.filter(({ outcome }) => outcome === 'queued'),
    ({ action }) => action,
  );
  const givenUp = new Set(said.filter(({ outcome }) => outcome === 'failed').map(({ action }) => action));
  const violations: string[] = [];
  let excepted = 0;
  for (const [action, effects] of grouped(applied, (call) => call.action)) {
    if (effects.length <= 1) continue;
    const allowed = 1 + (again.get(action) ?? 0);
    if (effects.length > allowed)
      violations.push(`action ${action} was applied ${effects.length} times: ${seqs(effects)}`);
    else excepted += 1;
  }
  for (const [key, effects] of grouped(applied, (call) => call.key)) {
    const actions = new Set(effects.map(({ action }) => action));
    if (actions.size <= 1) continue;
    const free = [...actions].filter((action) => givenUp.has(action)).length;
    if (actions.size > 1 + free)
      violations.push(`key ${key} was applied by ${[...actions].join(', ')}: ${seqs(effects)}`);
    else excepted += 1;
  }
  return { invariant: 'I3', checked: applied.length, excepted, violations };
}

/** The executor settles too; its word excepts nothing. */
export function isPersons({ kind, actor }: Pick<RecordedReceipt, 'kind' | 'actor'>): boolean {
  return kind === 'settlement' && !actor.startsWith('executor|');
}

const seqs = (calls: readonly { readonly seq: number }[]): string => `calls ${calls.map(({ seq }) => seq).join(', ')}`;
