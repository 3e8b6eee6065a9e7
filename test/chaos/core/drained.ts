import type { History, Verdict } from './history.ts';

/** I7. */
export function drained({ drain, actions }: Pick<History, 'drain' | 'actions'>): Verdict {
  const { tookMs, limitMs, left } = drain;
  const late = left.length === 0 && tookMs > limitMs;
  return {
    invariant: 'I7',
    checked: actions.length,
    excepted: 0,
    violations: [...left, ...(late ? [`it took ${Math.round(tookMs)} ms to drain, of ${limitMs}`] : [])],
  };
}
