import type { Told, Wanted } from './wanted.ts';

/** Notes what a worker does, and tells it to the benchmark when asked. One a process. */
export interface Tally {
  /** The handler was called; `place` counts within the entity, from 0. */
  called(entity: string, place: number): void;
  /** That it was done is in the database, or in Redis. */
  ended(entity: string): void;
}

export const HOT_ENTITY = 'hot';

export function startTally(expected = Number.POSITIVE_INFINITY): Tally {
  const times: number[] = [];
  const hot: number[] = [];
  const next = new Map<string, number>();
  let outOfOrder = 0;
  process.on('message', ({ want }: Wanted) => {
    if (want === 'report') tell({ told: 'report', report: { times, hot, outOfOrder } });
  });
  return {
    called(entity, place) {
      if ((next.get(entity) ?? 0) !== place) outOfOrder += 1;
      next.set(entity, place + 1);
    },
    ended(entity) {
      times.push(now());
      hot.push(entity === HOT_ENTITY ? 1 : 0);
      if (times.length === expected) tell({ told: 'done' });
    },
  };
}

/** Milliseconds since the epoch, as exact as it gets. */
export const now = (): number => performance.timeOrigin + performance.now();

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
