import { setTimeout as delay } from 'node:timers/promises';
import { hearOutcomes } from '../facts.ts';
import { type Job, plansOf, propose } from '../load.ts';
import { now } from '../processes/tally.ts';
import type { Servers } from '../servers.ts';
import { quantile } from '../statistics.ts';

const TICK_MS = 2;

export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/**
 * Proposes at a steady rate and takes each action's time from when its plan was due, not from when it got away: what a
 * stall holds up counts.
 */
export async function paced(
  servers: Servers,
  jobs: readonly Job[],
  pace: { readonly linesPerPlan: number; readonly actionsPerSecond: number },
): Promise<Latency> {
  const plans = plansOf(jobs, pace.linesPerPlan);
  const everyMs = (pace.linesPerPlan / pace.actionsPerSecond) * 1000;
  const dueAt = new Map<string, number>();
  const tookMs: number[] = [];
  const outcomes = hearOutcomes(servers, ({ plan_id, items }) => {
    const took = now() - (dueAt.get(plan_id) ?? Number.NaN);
    tookMs.push(...items.map(() => took));
  });
  try {
    const startedAt = now();
    const sent: Promise<void>[] = [];
    for (let next = 0; next < plans.length; ) {
      const due = Math.min(plans.length, Math.floor((now() - startedAt) / everyMs) + 1);
      const batch = plans.slice(next, due);
      batch.forEach(({ planId }, index) => {
        dueAt.set(planId, startedAt + (next + index) * everyMs);
      });
      if (batch.length > 0) sent.push(propose(servers, batch));
      next = due;
      await delay(TICK_MS);
    }
    await Promise.all([...sent, outcomes.reached(jobs.length)]);
    const sorted = tookMs.toSorted((a, b) => a - b);
    return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) };
  } finally {
    outcomes.stop();
  }
}
