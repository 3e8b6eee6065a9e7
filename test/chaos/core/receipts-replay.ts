import { type ActionState, INITIAL_STATES, STATES, TRANSITIONS } from '@holdpoint/shared/domain/lifecycle';
import { isPersons } from './applied-once.ts';
import { counted, grouped } from './group.ts';
import type { History, RecordedAction, RecordedReceipt, Verdict } from './history.ts';

type Seen = Pick<History, 'actions' | 'receipts' | 'approvals' | 'settlements' | 'events'>;

/** I6. From its receipts alone every action can be told again, step by step, up to the state its row is in. */
export function receiptsReplay({ actions, receipts, approvals, settlements, events }: Seen): Verdict {
  const ofAction = grouped(receipts, ({ action }) => action);
  const said = grouped(settlements, ({ action }) => action);
  const violations = actions.flatMap((action) => {
    const own = [...(ofAction.get(action.id) ?? [])].sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
    const mayHave = (said.get(action.id) ?? []).filter(({ answer }) => answer !== 'refused').length;
    return [...replayed(action, own), ...invented(action, own, mayHave)];
  });
  for (const { id, action, status } of approvals) {
    if (status === 'pending' || action === null) continue;
    const ended = (ofAction.get(action) ?? []).some(({ kind, outcome }) => kind === 'approval' && outcome !== null);
    if (!ended) violations.push(`approval ${id} is ${status} without a receipt`);
  }
  const received = counted(
    receipts.filter(({ kind }) => kind === 'webhook_received'),
    ({ event }) => event,
  );
  for (const { eventId } of events) {
    const count = received.get(eventId) ?? 0;
    if (count !== 1) violations.push(`event ${eventId} has ${count} receipts`);
  }
  return { invariant: 'I6', checked: actions.length + events.length, excepted: 0, violations };
}

function replayed({ id, state, attempts }: RecordedAction, receipts: readonly RecordedReceipt[]): string[] {
  const steps = receipts.filter(({ outcome, kind }) => kind !== 'override' && isState(outcome));
  const told = steps.map(({ kind, outcome }) => `${kind} ${outcome}`).join(', ');
  let now: ActionState | undefined;
  for (const { outcome } of steps) {
    const to = outcome as ActionState;
    const declared = now === undefined ? (INITIAL_STATES as readonly string[]).includes(to) : to in TRANSITIONS[now];
    if (!declared) return [`action ${id} went from ${now ?? 'nothing'} to ${to} by its receipts: ${told}`];
    now = to;
  }
  if (now !== state) return [`action ${id} is ${state}, its receipts say ${now ?? 'nothing'}: ${told}`];
  const intents = steps.filter(({ kind }) => kind === 'intent').length;
  return intents === attempts ? [] : [`action ${id} has ${attempts} attempts and ${intents} intents`];
}

/** A settlement in a person's name that no person asked for. */
function invented({ id }: RecordedAction, receipts: readonly RecordedReceipt[], mayHave: number): string[] {
  const recorded = receipts.filter(isPersons).length;
  return recorded > mayHave
    ? [`action ${id} was settled ${recorded} times, a person did so at most ${mayHave} times`]
    : [];
}

const isState = (outcome: string | null): boolean => (STATES as readonly (string | null)[]).includes(outcome);
