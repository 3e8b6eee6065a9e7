import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type ActionState,
  INITIAL_STATES,
  isTerminal,
  mayMove,
  STATES,
  TERMINAL_STATES,
  TRANSITIONS,
} from './lifecycle.ts';

const next = (state: ActionState): ActionState[] => Object.keys(TRANSITIONS[state]) as ActionState[];

test('every state is reached from a decision of record', () => {
  const seen = new Set<ActionState>(INITIAL_STATES);
  for (const state of seen) for (const to of next(state)) seen.add(to);
  expect([...seen].sort()).toEqual([...STATES].sort());
});

test('a story that has ended moves no more, and every story can end', () => {
  for (const state of TERMINAL_STATES) expect(next(state)).toEqual([]);
  const ends = (state: ActionState, seen: Set<ActionState> = new Set()): boolean =>
    isTerminal(state) || (!seen.has(state) && next(state).some((to) => ends(to, new Set([...seen, state]))));
  for (const state of STATES) expect(ends(state), state).toBe(true);
});

test('no walk of any writer leaves the table, nor applies what was not claimed', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...INITIAL_STATES),
      fc.array(fc.constantFrom(...STATES), { maxLength: 30 }),
      (from, tries) => {
        let state: ActionState = from;
        const path: ActionState[] = [state];
        for (const to of tries) {
          const writers = (['evaluator', 'executor', 'approvals', 'person'] as const).filter((w) =>
            mayMove(state, to, w),
          );
          if (writers.length === 0) continue;
          path.push(to);
          state = to;
        }
        for (const [index, to] of path.entries()) {
          if (to === 'running') expect(['queued', 'running']).toContain(path[index - 1]);
          if (to === 'applied') expect(['running', 'indeterminate']).toContain(path[index - 1]);
          if (path[index - 1] === 'held') expect(to).not.toBe('queued');
        }
      },
    ),
  );
});
