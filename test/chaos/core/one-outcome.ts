import { isTerminal } from '@holdpoint/shared/domain/lifecycle';
import { grouped } from './group.ts';
import type { History, ProposedPlan, RecordedAction, ToldOutcome, Verdict } from './history.ts';

type Seen = Pick<History, 'plans' | 'recordedPlans' | 'actions' | 'outcomes' | 'deadPlans'>;

/** I2. Every acknowledged plan is recorded as it was proposed, and each of its actions comes to one end, which is told. */
export function oneOutcome({ plans, recordedPlans, actions, outcomes, deadPlans }: Seen): Verdict {
  const rows = new Map(recordedPlans.map((plan) => [nameOf(plan), plan.rows]));
  const lines = grouped(actions, nameOf);
  const told = grouped(outcomes, ({ action }) => action);
  const byId = new Map(actions.map((action) => [action.id, action]));
  const dead = new Set(deadPlans);
  const violations: string[] = [];
  let checked = 0;
  for (const plan of plans) {
    const own = lines.get(nameOf(plan)) ?? [];
    violations.push(...misrecorded(plan, rows.get(nameOf(plan)) ?? 0, own, dead));
    for (const action of own) {
      checked += 1;
      violations.push(...withoutOneEnd(action, byId, told.get(action.id) ?? []));
    }
  }
  return { invariant: 'I2', checked, excepted: 0, violations };
}

const nameOf = ({ operator, planId }: { readonly operator: string; readonly planId: string }): string =>
  `${operator}/${planId}`;

function misrecorded(
  plan: ProposedPlan,
  rows: number,
  actions: readonly RecordedAction[],
  dead: ReadonlySet<string>,
): string[] {
  const name = nameOf(plan);
  if (rows !== 1) return [`plan ${name} was acknowledged and is recorded ${rows} times`];
  const found = [...actions].sort((a, b) => a.index - b.index).map(({ line }) => line);
  const same = plan.bodies.some((body) => body.length === found.length && body.every((line, at) => line === found[at]));
  return [
    ...(same ? [] : [`plan ${name} is recorded with other lines than were proposed: ${found.join(', ')}`]),
    ...(plan.conflictAcked && !dead.has(plan.planId)
      ? [`plan ${name} had a conflicting body that is not in DEAD`]
      : []),
  ];
}

function withoutOneEnd(
  action: RecordedAction,
  byId: ReadonlyMap<string, RecordedAction>,
  told: readonly ToldOutcome[],
): string[] {
  const { id, state, duplicateOf } = action;
  const ends = [...new Set(told.map(({ outcome }) => outcome))].filter((outcome) => outcome !== 'indeterminate');
  if (state === 'held') return ends.length > 0 ? [`action ${id} is held and was told to be ${ends.join()}`] : [];
  if (!isTerminal(state)) return [`action ${id} is ${state}`];
  const other = ends.filter((outcome) => outcome !== state);
  if (other.length > 0) return [`action ${id} is ${state} and was told to be ${other.join()}`];
  const original = duplicateOf === null ? undefined : byId.get(duplicateOf);
  // A duplicate's outcome is told when its original's comes.
  const due = original === undefined || isTerminal(original.state);
  return ends.length === 0 && due ? [`action ${id} is ${state} and nobody was told`] : [];
}
