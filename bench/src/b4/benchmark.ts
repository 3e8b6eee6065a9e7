import type { Benchmark, Limit, Measured, Options } from '../benchmark.ts';
import { costsOfOne, watchCosts } from '../limits/costs.ts';
import { profileLimits } from '../limits/cpu-profile.ts';
import { watchCpu } from '../limits/cpu-time.ts';
import { watchStatements } from '../limits/statements.ts';
import { type Job, overEntities } from '../load.ts';
import { machineFacts } from '../machine.ts';
import type { Servers } from '../servers.ts';
import { spreadOf } from '../statistics.ts';
import { flood } from './flood.ts';
import { hopsAlone, inARow } from './hops.ts';
import { paced } from './paced.ts';
import { openPair } from './pair.ts';

interface Sizes {
  readonly actions: number;
  readonly laneActions: number;
  readonly pacedSeconds: number;
}

const FULL: Sizes = { actions: 5_000, laneActions: 500, pacedSeconds: 5 };
const QUICK: Sizes = { actions: 500, laneActions: 100, pacedSeconds: 1 };

export const b4: Benchmark = {
  id: 'B4',
  title: 'Plan in, outcome out',
  needsServers: true,
  setting: [
    'One evaluator and one executor in processes of their own, a no-op connector, one policy; the benchmark itself publishes plans to PLANS and hears OUTCOMES. Postgres fsync on, Redis AOF on, JetStream sync always.',
    'Most: all plans at once, from the first plan in to the last outcome out. The services stay up from case to case; one flood before warms them up.',
    'Latency: from when a plan was due to when an outcome of it was heard, for each action.',
    'Hops alone: publishing with nobody listening, then an evaluator with its plans waiting, then an executor with its decisions waiting; in a row: what one action costs in each, added up.',
  ],
  async run(servers, options) {
    const sizes = options.quick ? QUICK : FULL;
    const figures = new Map<string, { unit: string; runs: number[] }>();
    const note = (name: string, unit: string, value: number): void => {
      const known = figures.get(name) ?? { unit, runs: [] };
      known.runs.push(value);
      figures.set(name, known);
      options.log(`B4 ${known.runs.length}/${options.runs} ${name}: ${value.toPrecision(4)} ${unit}`);
    };
    for (let round = 0; round < options.runs; round += 1) await measureAll(servers, sizes, note);
    const limits = options.quick ? [] : await profileFlood(servers, sizes, options);
    const measured = [...figures].map(
      ([name, { unit, runs }]): Measured => ({ case: name, contender: 'Holdpoint', unit, spread: spreadOf(runs) }),
    );
    return { measured, limits };
  },
};

type Note = (name: string, unit: string, value: number) => void;

async function measureAll(servers: Servers, sizes: Sizes, note: Note): Promise<void> {
  const { actions, laneActions, pacedSeconds } = sizes;
  await withPair(servers, async (pair) => {
    const hops = await hopsAlone(servers, pair, distinct(actions), 5);
    note('hop alone: publish, 5-action plans', 'actions/s', hops.publish);
    note('hop alone: evaluator', 'actions/s', hops.evaluate);
    note('hop alone: executor', 'actions/s', hops.execute);
    note('hops in a row', 'actions/s', inARow(hops));
  });
  await withPair(servers, async (pair) => {
    await Promise.all([pair.start('evaluator'), pair.start('executor')]);
    await flood(servers, distinct(actions / 5), 5);
    for (const linesPerPlan of [5, 1]) {
      const plans = `${linesPerPlan}-action plans`;
      const most = `most, ${plans}, distinct entities`;
      note(most, 'actions/s', await flood(servers, distinct(actions), linesPerPlan));
      note(`most, ${plans}, 100 entities`, 'actions/s', await flood(servers, hundred(actions), linesPerPlan));
    }
    note('most, one lane', 'actions/s', await flood(servers, overEntities(laneActions, 1, prefix()), 5));
    for (const actionsPerSecond of [500, 1_000]) {
      for (const linesPerPlan of [5, 1]) {
        const jobs = distinct(actionsPerSecond * pacedSeconds);
        const { p50, p99 } = await paced(servers, jobs, { linesPerPlan, actionsPerSecond });
        note(`p50 at ${actionsPerSecond} actions/s, ${linesPerPlan}-action plans`, 'ms', p50);
        note(`p99 at ${actionsPerSecond} actions/s, ${linesPerPlan}-action plans`, 'ms', p99);
      }
    }
  });
}

async function profileFlood(servers: Servers, sizes: Sizes, { log }: Options): Promise<Limit[]> {
  log('B4 profiling');
  return withPair(servers, async (pair) => {
    const [evaluator, executor] = await Promise.all([pair.start('evaluator'), pair.start('executor')]);
    await flood(servers, distinct(sizes.actions / 5), 5);
    // Before the profilers, for they cost too.
    const costs = await watchCosts(servers, pair.database, { evaluator: evaluator.pid, executor: executor.pid });
    await flood(servers, distinct(sizes.actions), 5);
    const cost = costsOfOne('action', await costs(), sizes.actions);
    const { postgres, nats, redis } = servers.stack.servers;
    const statements = await watchStatements(servers);
    const ends = await Promise.all([evaluator.profile(), executor.profile()]);
    const cpu = await watchCpu({
      evaluator: evaluator.pid,
      executor: executor.pid,
      postgres: postgres?.pid ?? 0,
      nats: nats?.pid ?? 0,
      redis: redis?.pid ?? 0,
    });
    await flood(servers, distinct(sizes.actions * 2), 5);
    const shares = await cpu(machineFacts({}).cores);
    const [evaluated, executed] = await Promise.all(ends.map((end) => end()));
    return [
      cost,
      shares,
      ...(evaluated ? profileLimits('evaluator', evaluated) : []),
      ...(executed ? profileLimits('executor', executed) : []),
      ...(await statements()),
    ];
  });
}

async function withPair<T>(
  servers: Servers,
  run: (pair: Awaited<ReturnType<typeof openPair>>) => Promise<T>,
): Promise<T> {
  const pair = await openPair(servers);
  try {
    return await run(pair);
  } finally {
    await pair.end();
  }
}

let cases = 0;
/** Entities of one case's own: a lane that was used before is not what a first action meets. */
function prefix(): string {
  cases += 1;
  return `entity-${cases}`;
}
const distinct = (count: number): Job[] => overEntities(count, count, prefix());
const hundred = (count: number): Job[] => overEntities(count, 100, prefix());
