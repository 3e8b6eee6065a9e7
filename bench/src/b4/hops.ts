import { hearDecisions, hearOutcomes } from '../facts.ts';
import { type Job, plansOf, propose } from '../load.ts';
import { now } from '../processes/tally.ts';
import type { Servers } from '../servers.ts';
import type { Pair } from './pair.ts';

/** What each hop does alone, actions a second: the machine is its own, and its work is there already. */
export interface Hops {
  readonly publish: number;
  readonly evaluate: number;
  readonly execute: number;
}

/** Needs a pair of which nothing runs. Plans wait for the evaluator, and its decisions for the executor. */
export async function hopsAlone(
  servers: Servers,
  pair: Pair,
  jobs: readonly Job[],
  linesPerPlan: number,
): Promise<Hops> {
  const plans = plansOf(jobs, linesPerPlan);
  const startedAt = now();
  await propose(servers, plans);
  const publish = (jobs.length / (now() - startedAt)) * 1000;
  const decisions = hearDecisions(servers);
  await pair.start('evaluator');
  const evaluate = await rateOf(decisions, jobs.length);
  await pair.stop('evaluator');
  const outcomes = hearOutcomes(servers);
  await pair.start('executor');
  const execute = await rateOf(outcomes, jobs.length);
  await pair.stop('executor');
  return { publish, evaluate, execute };
}

/** Over what comes after the first sixth, by when a process has warmed up. */
async function rateOf(facts: ReturnType<typeof hearDecisions>, total: number): Promise<number> {
  try {
    await facts.reached(total / 6);
    const [from, fromAt] = [facts.lines, facts.lastAt];
    await facts.reached(total);
    return ((total - from) / (facts.lastAt - fromAt)) * 1000;
  } finally {
    facts.stop();
  }
}

/** If each action took what it takes in every hop alone, one after another on the same machine. */
export const inARow = ({ publish, evaluate, execute }: Hops): number => 1 / (1 / publish + 1 / evaluate + 1 / execute);
