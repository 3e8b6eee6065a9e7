import type { Told, Wanted } from './wanted.ts';

/** Notes the calls that a no-op handler gets, and tells them to the benchmark when asked. One a process. */
export interface Tally {
  /** `place` counts within the entity, from 0. */
  note(entity: string, place: number): void;
}

export const HOT_ENTITY = 'hot';

export function startTally(expected: number): Tally {
  const times: number[] = [];
  const hot: number[] = [];
  const next = new Map<string, number>();
  let outOfOrder = 0;
  process.on('message', ({ want }: Wanted) => {
    if (want === 'report') tell({ told: 'report', report: { times, hot, outOfOrder } });
  });
  return {
    note(entity, place) {
      times.push(performance.timeOrigin + performance.now());
      hot.push(entity === HOT_ENTITY ? 1 : 0);
      if ((next.get(entity) ?? 0) !== place) outOfOrder += 1;
      next.set(entity, place + 1);
      if (times.length === expected) tell({ told: 'done' });
    },
  };
}

export function tell(told: Told): void {
  process.send?.(told);
}

/** Resolves when the benchmark says so. */
export function wanted(what: Wanted['want']): Promise<void> {
  return new Promise((resolve) => {
    const hear = ({ want }: Wanted) => {
      if (want !== what) return;
      process.off('message', hear);
      resolve();
    };
    process.on('message', hear);
  });
}
