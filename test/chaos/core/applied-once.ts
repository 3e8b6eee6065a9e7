import { counted, grouped } from './group.ts';
import type { History, ObservedCall, RecordedReceipt, Verdict } from './history.ts';
import { sleepersOf } from './sleepers.ts';

type Seen = Pick<History, 'calls' | 'plainTools' | 'askedTools' | 'receipts' | 'stops'>;

/**
 * I3. A tool that may not be repeated has done a key once, and once more for every time that a person said "run it again".
 * Where a person gave an action up, or had it run again and it was refused, its key was free for another proposal: that too is
 * the person's word, for they may have said "not applied" of what was.
 *
 * Of a tool that can be asked the same is true, but for what a process did that slept past the question: then nothing had
 * happened yet. A killed one is no excuse: what it sent was done long before the settle delay is over.
 */
export function appliedOnce({ calls, plainTools, askedTools, receipts, stops }: Seen): Verdict {
  const asks = ({ connector, tool }: ObservedCall): boolean => askedTools.has(`${connector}:${tool}`);
  const applied = calls.filter(
    (call) => call.applied && (plainTools.has(`${call.connector}:${call.tool}`) || asks(call)),
  );
  const asleep = sleepersOf(stops);
  const judges = [byAction(receipts), byKey(receipts)];
  const violations: string[] = [];
  let excepted = 0;
  for (const { groupOf, judge } of judges) {
    for (const effects of grouped(applied, groupOf).values()) {
      const inTime = effects.filter((call) => !(asks(call) && asleep(call) && wasFollowed(call, effects)));
      const { wrong, excused } = judge(inTime);
      if (wrong !== undefined) violations.push(wrong);
      else if (excused || judge(effects).wrong !== undefined) excepted += 1;
    }
  }
  return { invariant: 'I3', checked: applied.length, excepted, violations };
}

interface Judge {
  groupOf(call: ObservedCall): string;
  /** `excused`: more than once, as a person said. */
  judge(effects: readonly ObservedCall[]): { readonly wrong?: string; readonly excused?: boolean };
}

function byAction(receipts: readonly RecordedReceipt[]): Judge {
  const again = counted(
    receipts.filter((one) => isPersons(one) && one.outcome === 'queued'),
    ({ action }) => action,
  );
  return {
    groupOf: ({ action }) => action,
    judge(effects) {
      const action = effects[0]?.action ?? null;
      if (effects.length <= 1 + (again.get(action) ?? 0)) return { excused: effects.length > 1 };
      return { wrong: `action ${action} was applied ${effects.length} times: ${seqs(effects)}` };
    },
  };
}

function byKey(receipts: readonly RecordedReceipt[]): Judge {
  const settled = new Set(receipts.filter(isPersons).map(({ action }) => action));
  const freed = new Set(receipts.filter(({ outcome }) => outcome === 'failed').map(({ action }) => action));
  return {
    groupOf: ({ key }) => key,
    judge(effects) {
      const actions = [...new Set(effects.map(({ action }) => action))];
      const free = actions.filter((action) => settled.has(action) && freed.has(action)).length;
      if (actions.length <= 1 + free) return { excused: actions.length > 1 };
      return { wrong: `key ${effects[0]?.key} was applied by ${actions.join(', ')}: ${seqs(effects)}` };
    },
  };
}

/** Only what was given up for lost can come too late. */
function wasFollowed(call: ObservedCall, effects: readonly ObservedCall[]): boolean {
  return effects.some((other) => other.action !== call.action || other.attempt > call.attempt);
}

/** The executor settles too; its word excepts nothing. */
export function isPersons({ kind, actor }: Pick<RecordedReceipt, 'kind' | 'actor'>): boolean {
  return kind === 'settlement' && !actor.startsWith('executor|');
}

const seqs = (calls: readonly { readonly seq: number }[]): string => `calls ${calls.map(({ seq }) => seq).join(', ')}`;
