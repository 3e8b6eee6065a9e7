import type { Limit } from '../benchmark.ts';
import type { Child } from '../processes/child.ts';
import type { Report } from '../processes/wanted.ts';
import type { Servers } from '../servers.ts';
import { rateAfter } from '../statistics.ts';
import type { Shape } from './shapes.ts';

/** One way to work a shape off, from a standing start: everything is handed over before the clock runs. */
export interface Contender {
  readonly name: string;
  /** With `profiled`, what limited it comes back too, and its figures do not count. */
  run(servers: Servers, shape: Shape, options: RunOptions): Promise<Run>;
}

export interface RunOptions {
  /** After this the rate is taken from what was done until then. */
  readonly limitMs: number;
  readonly profiled: boolean;
}

export interface Run {
  readonly all: number;
  /** Of entities other than the hot one. */
  readonly cold: number;
  /** Of the hot one; NaN where there is none. */
  readonly hot: number;
  readonly outOfOrder: number;
  /** Not all was done within the limit. */
  readonly cut: boolean;
  readonly limits: readonly Limit[];
}

/** Rates from when effects had been recorded as done. */
export function figures(report: Report, { jobs, warmUp }: Shape, limits: readonly Limit[]): Run {
  const coldTimes = report.times.filter((_, index) => report.hot[index] === 0);
  const hotTimes = report.times.filter((_, index) => report.hot[index] === 1);
  const cut = report.times.length < jobs.length;
  return {
    all: rateAfter(report.times, Math.min(warmUp, report.times.length / 5)),
    cold: rateAfter(coldTimes, Math.min(warmUp / 2, coldTimes.length / 5)),
    hot: rateAfter(hotTimes, Math.min(warmUp / 2, hotTimes.length / 5)),
    outOfOrder: report.outOfOrder,
    cut,
    limits,
  };
}

/** Lets a worker that is ready work the shape off. */
export async function workOff(child: Child, limitMs: number): Promise<Report> {
  await child.heard('done', limitMs);
  return child.report();
}
