import type { Machine } from './machine.ts';
import type { Servers } from './servers.ts';
import type { Spread } from './statistics.ts';

export interface Options {
  /** Small sizes and one run: shows that it works, measures nothing. */
  readonly quick: boolean;
  readonly runs: number;
  /** In place of a benchmark's own; a result of another size is not kept. */
  readonly size?: number | undefined;
  /** Through the whole system, in place of B6's own number. */
  readonly actions?: number | undefined;
  readonly log: (line: string) => void;
}

/** One line of the table. */
export interface Measured {
  readonly case: string;
  readonly contender: string;
  readonly unit: string;
  readonly spread: Spread;
  /** Ours by this one's, the median of the rounds' ratios; absent on our own lines. */
  readonly oursTimes?: number;
  readonly note?: string;
}

/** What took the time, from one more run under a profiler: it counts in no figure. */
export interface Limit {
  readonly what: string;
  readonly shares: readonly { readonly name: string; readonly share?: number; readonly note?: string }[];
}

export interface Findings {
  readonly measured: readonly Measured[];
  readonly limits: readonly Limit[];
}

export interface Benchmark {
  readonly id: string;
  readonly title: string;
  /** What stands under the table: sizes, settings, how a peer was set up. */
  readonly setting: readonly string[];
  readonly needsServers: boolean;
  run(servers: Servers, options: Options): Promise<Findings>;
}

export interface Result extends Findings {
  readonly id: string;
  readonly title: string;
  readonly setting: readonly string[];
  readonly at: string;
  readonly quick: boolean;
  readonly runs: number;
  readonly machine: Machine;
}
