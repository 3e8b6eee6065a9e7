import type { Rules } from './rules.ts';
import type { ScoringThread } from './scoring-thread.ts';

/** One thread after another, asked one thing at a time. */
export interface Lane {
  /** Runs when all that came before is done. */
  turn<T>(run: () => Promise<T>): Promise<T>;
  /** The thread of these rules, started where there is none that lives. Within a turn. @throws HoldpointError DEPENDENCY_UNAVAILABLE */
  threadOf(rules: Rules): Promise<ScoringThread>;
  /** Takes a thread over from who started it; the one before is ended. Within a turn. */
  adopt(rules: Rules, thread: ScoringThread | undefined): void;
}

/** With `idleMs`, the thread is ended where nobody had a turn for so long. */
export function createLane(idleMs?: number): Lane {
  let held: { readonly rules: Rules; readonly thread: ScoringThread } | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let idle: NodeJS.Timeout | undefined;

  function adopt(rules: Rules, thread: ScoringThread | undefined): void {
    void held?.thread.end();
    held = thread && { rules, thread };
  }

  function drop(): void {
    void held?.thread.end();
    held = undefined;
  }

  return {
    turn(run) {
      clearTimeout(idle);
      const done = last.then(run);
      const settled = done.then(
        () => undefined,
        () => undefined,
      );
      last = settled;
      void settled.then(() => {
        if (idleMs === undefined || last !== settled || !held) return;
        idle = setTimeout(drop, idleMs).unref();
      });
      return done;
    },
    async threadOf(rules) {
      if (held?.rules !== rules || !held.thread.alive()) adopt(rules, await rules.start());
      return (held as { thread: ScoringThread }).thread;
    },
    adopt,
  };
}
