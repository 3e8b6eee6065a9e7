import type { Profiler } from 'node:inspector';

/** What the benchmark asks of its child processes, over their channel. */
export type Wanted = { readonly want: 'go' | 'report' | 'profile' | 'profiled' | 'memory' | 'imports' | 'end' };

/** What they answer. */
export type Told =
  | { readonly told: 'ready' }
  /** All that was expected was done. */
  | { readonly told: 'done' }
  | { readonly told: 'report'; readonly report: Report }
  /** What is left of its heap when its garbage is collected. */
  | { readonly told: 'memory'; readonly heapBytes: number }
  /** Modules, by package. */
  | { readonly told: 'imports'; readonly imports: Readonly<Record<string, number>> }
  | { readonly told: 'profiling' }
  | { readonly told: 'profiled'; readonly profile: Profiler.Profile };

/** What a worker did. */
export interface Report {
  /** When each effect had been recorded as done: milliseconds since the epoch. */
  readonly times: readonly number[];
  /** Which of them were of the hot entity: 1. */
  readonly hot: readonly number[];
  /** Calls that came before an earlier one of their entity, or twice. */
  readonly outOfOrder: number;
}
