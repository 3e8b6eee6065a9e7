import type { Benchmark, Findings, Measured, Options } from '../benchmark.ts';
import type { Servers } from '../servers.ts';
import { ratioOf, spreadOf } from '../statistics.ts';
import { bullmq } from './bullmq.ts';
import type { Contender, Run } from './contender.ts';
import { graphileWorker } from './graphile-worker.ts';
import { holdpoint } from './holdpoint.ts';
import { CONCURRENCY } from './peer.ts';
import { pgBoss, pgBossInBulk } from './pg-boss.ts';
import { distinct, hot, type Shape, shared } from './shapes.ts';

/** A contender that takes longer is cut off, and its rate taken until then. */
const LIMIT_MS = 10_000;

const CONTENDERS: readonly Contender[] = [holdpoint, bullmq, pgBoss, pgBossInBulk, graphileWorker];

export const b3: Benchmark = {
  id: 'B3',
  title: 'Single-flight effects a second',
  needsServers: true,
  setting: [
    `No-op handlers in one worker process, ${CONCURRENCY} at once; everything is handed over before the clock runs; the first sixth is warm-up. Postgres fsync on, Redis AOF on, JetStream sync always. Tables are analysed before the clock runs: pg-boss falls to a thirtieth without.`,
    'Holdpoint: 5-action plans decided beforehand, then one executor that finds the decisions in its stream; each effect has its intent, outcome, two receipts and facts, exactly as in life.',
    'BullMQ: raw jobs, bulk-added, no keys: neither order nor single-flight, so it is a ceiling rather than a peer. Its cold rate is left out: nothing is hot to it.',
    `pg-boss: policy key_strict_fifo with the entity as singletonKey; fetch and complete in batches (of ${CONCURRENCY}, as many as the others have in hand, and of 500) without its polling pause, maintenance off.`,
    'graphile-worker: the entity as queueName, batched completion; no localQueue, with which jobs of one named queue run side by side.',
    'An effect counts when its end is recorded: for us when its outcome is heard, for BullMQ and graphile-worker at their events, for pg-boss when complete() returned. Out of order: calls that came before an earlier one of their entity, or twice.',
  ],
  async run(servers, options) {
    const size = options.quick ? 500 : 10_000;
    // The last is what stands beside the hot one, alone.
    const shapes = [distinct(size), shared(size), hot(size * 0.4), distinct(size * 0.2)];
    const runs = await inRounds(servers, shapes, options);
    const limits = [];
    if (!options.quick) {
      for (const shape of shapes.slice(0, 2)) {
        options.log(`B3 profiling ${shape.name}`);
        const { limits: found } = await holdpoint.run(servers, shape, { limitMs: 60_000, profiled: true });
        limits.push(...found.map((limit) => ({ ...limit, what: `${shape.name}; ${limit.what}` })));
      }
    }
    return { measured: tabulate(shapes, runs), limits } satisfies Findings;
  },
};

type Runs = ReadonlyMap<Shape, ReadonlyMap<Contender, Run[]>>;

/** Every contender once, then all of them again: what the machine does meanwhile meets them alike. */
async function inRounds(servers: Servers, shapes: readonly Shape[], options: Options): Promise<Runs> {
  const runs = new Map(shapes.map((shape) => [shape, new Map(CONTENDERS.map((one) => [one, [] as Run[]]))]));
  for (let round = 1; round <= options.runs; round += 1) {
    for (const shape of shapes) {
      for (const contender of CONTENDERS) {
        const run = await contender.run(servers, shape, { limitMs: LIMIT_MS, profiled: false });
        runs.get(shape)?.get(contender)?.push(run);
        const order = contender === bullmq ? '' : `, ${run.outOfOrder} out of order`;
        options.log(
          `B3 ${round}/${options.runs} ${shape.name}: ${contender.name} ${Math.round(run.all)}/s, cold ${Math.round(run.cold)}/s, hot ${Math.round(run.hot)}/s${run.cut ? ', cut off' : ''}${order}`,
        );
      }
    }
  }
  return runs;
}

function tabulate(shapes: readonly Shape[], runs: Runs): Measured[] {
  const of = (shape: Shape, contender: Contender) => runs.get(shape)?.get(contender) ?? [];
  const measured = shapes.flatMap((shape) => {
    const ours = of(shape, holdpoint).map(({ all }) => all);
    return CONTENDERS.map((contender): Measured => {
      const all = of(shape, contender);
      const spread = spreadOf(all.map((run) => run.all));
      return {
        case: shape.name,
        contender: contender.name,
        unit: 'effects/s',
        spread,
        ...(contender !== holdpoint && { oursTimes: ratioOf(ours, spread.runs) }),
        ...notes(contender, all),
      };
    });
  });
  const [, , beside, alone] = shapes;
  if (!alone || !beside) return measured;
  const cold = CONTENDERS.filter((contender) => contender !== bullmq).map((contender): Measured => {
    const shares = of(beside, contender).map(
      (run, round) => (1 - run.cold / (of(alone, contender)[round]?.all ?? Number.NaN)) * 100,
    );
    return {
      case: 'how much slower the cold ones are beside a hot one',
      contender: contender.name,
      unit: '%',
      spread: spreadOf(shares),
    };
  });
  return [...measured, ...cold];
}

function notes(contender: Contender, runs: readonly Run[]): { note?: string } {
  const outOfOrder = runs.reduce((sum, run) => sum + run.outOfOrder, 0);
  const cut = runs.filter((run) => run.cut).length;
  const hotRate = spreadOf(runs.map((run) => run.hot)).median;
  const said = [
    ...(Number.isFinite(hotRate) && contender !== bullmq ? [`the hot one ${Math.round(hotRate)}/s`] : []),
    ...(contender !== bullmq && outOfOrder > 0 ? [`${outOfOrder} out of order`] : []),
    ...(cut > 0 ? [`${cut} of ${runs.length} cut off at the time limit`] : []),
  ];
  return said.length > 0 ? { note: said.join('; ') } : {};
}
