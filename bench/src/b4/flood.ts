import { hearOutcomes } from '../facts.ts';
import { type Job, plansOf, propose } from '../load.ts';
import { now } from '../processes/tally.ts';
import type { Servers } from '../servers.ts';

/** Proposes everything at once: actions a second from the first plan in to the last outcome out. */
export async function flood(servers: Servers, jobs: readonly Job[], linesPerPlan: number): Promise<number> {
  const outcomes = hearOutcomes(servers);
  try {
    const startedAt = now();
    await Promise.all([propose(servers, plansOf(jobs, linesPerPlan)), outcomes.reached(jobs.length)]);
    return (jobs.length / (outcomes.lastAt - startedAt)) * 1000;
  } finally {
    outcomes.stop();
  }
}
