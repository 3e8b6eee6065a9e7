import { Session } from 'node:inspector/promises';
import type { Benchmark, Limit, Measured } from '../benchmark.ts';
import { profileLimits } from '../limits/cpu-profile.ts';
import { ratioOf, spreadOf } from '../statistics.ts';
import { assertAgreement } from './agreement.ts';
import { casbin } from './casbin.ts';
import { cedar } from './cedar.ts';
import { cel } from './cel.ts';
import type { Contender } from './contender.ts';
import { holdpoint } from './holdpoint.ts';
import { jsonRulesEngine } from './json-rules-engine.ts';
import { type Asking, measureRound, type Round } from './rounds.ts';
import { bandedWorld, spreadWorld, type World } from './world.ts';

export const CONTENDERS: readonly Contender[] = [holdpoint, cedar, casbin, jsonRulesEngine, cel];

const POLICIES = [10, 100, 1_000, 10_000] as const;

export const b1: Benchmark = {
  id: 'B1',
  title: 'Policy decisions in process',
  needsServers: false,
  setting: [
    'One thread, the same policies and questions for all, and the same decisions: held against each other before the clock runs. Everything that can be parsed or compiled beforehand is.',
    'Over tools and operators: two policies for each pair, up to 100 tools; every fourth line wants a person. On one tool by value: one band of values a policy, of which one matches.',
    'Holdpoint decides as in the evaluator: a line is parsed and copied, its policies matched, its verdict told with reasons. The others get what they need made ready, and say no more than which policy matched.',
    'Cedar: parsed beforehand, stateful calls without entities. casbin: its synchronous way, without roles. json-rules-engine: one engine, a rule each. CEL: the same library as ours, one compiled program a policy, asked in turn.',
    'p50, p99: of single decisions, each timed by itself, where there were a hundred of them; on a machine with others at work the p99 is theirs.',
  ],
  async run(_servers, { quick, runs, log }) {
    const measured: Measured[] = [];
    for (const world of POLICIES.flatMap((count) => [spreadWorld(count), bandedWorld(count)])) {
      const rounds = await inRounds(world, { quick, runs, log });
      measured.push(...tabulate(world, rounds));
    }
    return { measured, limits: quick ? [] : await profiled(spreadWorld(1_000)) };
  },
};

type Rounds = ReadonlyMap<Contender, Round[]>;

/** Every contender once, then all of them again: what the machine does meanwhile meets them alike. */
async function inRounds(world: World, options: Parameters<Benchmark['run']>[1]): Promise<Rounds> {
  const { quick, runs, log } = options;
  const bounds = quick ? { forMs: 20, decisionsMin: 1 } : { forMs: 200, decisionsMin: 2 };
  const askings: Asking[] = [];
  for (const contender of CONTENDERS) {
    askings.push({ contender, decide: await contender.ready(world), questions: world.asked.length });
  }
  await assertAgreement(
    world,
    askings.map(({ contender: { name }, decide }) => ({ name, decide })),
  );
  for (const asking of askings) await measureRound(asking, { ...bounds, decisionsMin: 1 });
  const rounds = new Map(CONTENDERS.map((contender) => [contender, [] as Round[]]));
  for (let round = 1; round <= runs; round += 1) {
    for (const asking of askings) {
      const found = await measureRound(asking, bounds);
      rounds.get(asking.contender)?.push(found);
      const { rate, p50Us, p99Us } = found;
      log(
        `B1 ${round}/${runs} ${world.name}: ${asking.contender.name} ${Math.round(rate)}/s, p50 ${micros(p50Us)}, p99 ${micros(p99Us)}`,
      );
    }
  }
  return rounds;
}

function tabulate({ name }: World, rounds: Rounds): Measured[] {
  const ratesOf = (contender: Contender) => (rounds.get(contender) ?? []).map(({ rate }) => rate);
  return CONTENDERS.map((contender): Measured => {
    const all = rounds.get(contender) ?? [];
    const p50Us = spreadOf(all.map((round) => round.p50Us)).median;
    const p99Us = spreadOf(all.map((round) => round.p99Us)).median;
    return {
      case: name,
      contender: contender.name,
      unit: 'decisions/s',
      spread: spreadOf(ratesOf(contender)),
      ...(contender !== holdpoint && { oursTimes: ratioOf(ratesOf(holdpoint), ratesOf(contender)) }),
      note: `p50 ${micros(p50Us)}, p99 ${micros(p99Us)}`,
    };
  });
}

const micros = (us: number): string =>
  Number.isFinite(us) ? `${Number(us.toPrecision(2)).toLocaleString('en')} µs` : '–';

const PROFILED = { forMs: 2_000, decisionsMin: 1 };

async function profiled(world: World): Promise<Limit[]> {
  const asking = { contender: holdpoint, decide: await holdpoint.ready(world), questions: world.asked.length };
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  await measureRound(asking, PROFILED);
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  return profileLimits(`Holdpoint, ${world.name}`, profile);
}
