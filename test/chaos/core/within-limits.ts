import { isPersons } from './applied-once.ts';
import { grouped } from './group.ts';
import type { History, ObservedCall, Verdict } from './history.ts';

type Seen = Pick<History, 'calls' | 'actions' | 'receipts' | 'limited'>;

/** Calls are timed by the far end, limits by the database, on one machine. */
const CLOCKS_MAX_MS = 50;

/**
 * I8. In no window did the far end do more actions of a limited tool for one entity than the limit says: the next is decided only
 * when the first has left the window, which began no sooner than the far end had done it. What a person settled is excepted and
 * counted: they may have said "failed" of what was done, or "applied" of what a stopped process did later.
 */
export function withinLimits({ calls, actions, receipts, limited }: Seen): Verdict {
  const asked = actions.filter(({ tool }) => tool === limited.tool);
  const settled = new Set(receipts.filter(isPersons).map(({ action }) => action));
  const done = firstCalls(calls.filter((call) => call.applied && call.tool === limited.tool));
  const counting = done.filter(({ action }) => !settled.has(action));
  const violations = [...grouped(counting, ({ entity }) => entity)].flatMap(([entity, own]) =>
    tooClose(own, limited).map((some) => `entity ${entity}: ${some.map(told).join(', ')} within ${limited.perMs} ms`),
  );
  return { invariant: 'I8', checked: asked.length, excepted: done.length - counting.length, violations };
}

/** One for each action, in order of time: done again, it is the same action. */
function firstCalls(calls: readonly ObservedCall[]): ObservedCall[] {
  const sorted = [...calls].sort((a, b) => a.startedAt - b.startedAt || a.seq - b.seq);
  return [...grouped(sorted, ({ action }) => action).values()].flatMap(([first]) => first ?? []);
}

function tooClose(calls: readonly ObservedCall[], { count, perMs }: History['limited']): ObservedCall[][] {
  return calls.flatMap((first, index) => {
    const over = calls[index + count];
    if (!over || over.startedAt - first.startedAt >= perMs - CLOCKS_MAX_MS) return [];
    return [calls.slice(index, index + count + 1)];
  });
}

const told = ({ seq, action }: ObservedCall): string => `call ${seq} of action ${action}`;
