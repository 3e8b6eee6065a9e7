import { join } from 'node:path';
import { SERVICES, type ServiceName } from '@holdpoint/shared/runtime/config';
import { emptyRedis } from '../b3/redis.ts';
import type { Benchmark, Limit, Measured, Options } from '../benchmark.ts';
import { startService } from '../processes/services.ts';
import type { Servers } from '../servers.ts';
import { spreadOf } from '../statistics.ts';
import { trendOf } from '../trend.ts';
import { writeBenchWorkspace } from '../workspace.ts';
import { memoryOverActions, type RunningServices, SAMPLES } from './long-run.ts';
import { type Memory, memoryOf } from './memory.ts';
import { forgetStart, type Place, startLimits, startOnce, startWhole, wholeLimit } from './starts.ts';

const ACTIONS = 200_000;
const ACTIONS_QUICK = 4_000;

export const b6: Benchmark = {
  id: 'B6',
  title: 'Start and memory',
  needsServers: true,
  setting: [
    'Start: from when the process is started to when it answers that it is ready, with what Node compiled read back from its cache; the first start of each, which fills the cache, counts in no figure. `npm start` is typed on a folder that has been used before, with the example workspace and no samples: servers, migrations, services, operators, the shop and the vendors.',
    'Idle: right after a start and a collection of garbage. Resident counts shared pages whole, proportional in shares.',
    `Memory after actions: all four services, 5-action plans over 1,000 entities and a webhook for each plan, in waves of 2,000 actions; looked at after each of ${SAMPLES} parts, garbage collected. Grown: the median slope between every two looks over the whole run, and between what and what it lies with 99 % of certainty; flat is what may be 0. \`--actions 1000000\` takes another number of them.`,
  ],
  async run(servers, options) {
    await emptyRedis(servers);
    await servers.emptyNats();
    const workspace = await writeBenchWorkspace(join(servers.folder, 'workspace-b6'), { tallied: false });
    const database = await servers.database('ours');
    const place: Place = { servers, database, workspace };
    try {
      const starts = await measureStarts(place, options);
      const whole = await measureWhole(servers, options);
      const memory = await measureMemory(place, options);
      const limits: Limit[] = [...whole.limits];
      if (!options.quick) for (const service of SERVICES) limits.push(...(await startLimits(service, place)));
      return { measured: [...starts, ...whole.measured, ...memory], limits };
    } finally {
      await database.drop();
    }
  },
};

async function measureStarts(place: Place, { runs, log }: Options): Promise<Measured[]> {
  const took = new Map<ServiceName, number[]>(SERVICES.map((service) => [service, []]));
  for (const service of SERVICES) await startOnce(service, place);
  for (let round = 1; round <= runs; round += 1) {
    for (const service of SERVICES) {
      const seconds = await startOnce(service, place);
      took.get(service)?.push(seconds);
      log(`B6 ${round}/${runs} start to ready: ${service} ${seconds.toFixed(2)} s`);
    }
  }
  return [...took].map(([contender, seconds]) => ({
    case: 'start to ready, warm',
    contender,
    unit: 's',
    spread: spreadOf(seconds),
  }));
}

async function measureWhole(
  { folder }: Servers,
  { runs, log }: Options,
): Promise<{ measured: Measured[]; limits: Limit[] }> {
  const dataDir = join(folder, 'start');
  try {
    await startWhole(dataDir);
    const starts = [];
    for (let round = 1; round <= runs; round += 1) {
      const start = await startWhole(dataDir);
      starts.push(start);
      log(`B6 ${round}/${runs} npm start: ${start.readyAt.toFixed(2)} s`);
    }
    const [middle] = starts.sort((a, b) => a.readyAt - b.readyAt).slice(Math.floor(runs / 2));
    const spread = spreadOf(starts.map(({ readyAt }) => readyAt));
    return {
      measured: [{ case: 'start to ready, warm', contender: 'npm start, everything', unit: 's', spread }],
      limits: middle ? [wholeLimit(middle)] : [],
    };
  } finally {
    await forgetStart(dataDir);
  }
}

async function measureMemory({ servers, database, workspace }: Place, options: Options): Promise<Measured[]> {
  const actions = options.actions ?? (options.quick ? ACTIONS_QUICK : ACTIONS);
  const started: RunningServices[ServiceName][] = [];
  try {
    const services: Partial<Record<ServiceName, RunningServices[ServiceName]>> = {};
    for (const service of SERVICES) {
      services[service] = await startService(service, servers, database, workspace);
      started.push(services[service]);
    }
    const all = services as RunningServices;
    const idle: Measured[] = [];
    for (const service of SERVICES) idle.push(...memoryLines('idle', service, [await memoryOf(all[service])]));
    const seen = await memoryOverActions(servers, all, actions, (done, seconds, memory) => {
      const heaps = SERVICES.map((service) => `${service} ${memory[service].heap.toFixed(1)}`).join(', ');
      options.log(`B6 ${done} of ${actions} actions after ${Math.round(seconds)} s: MiB of heap: ${heaps}`);
    });
    const worked = SERVICES.flatMap((service) =>
      memoryLines(`over ${actions.toLocaleString('en')} actions`, service, seen[service]),
    );
    return [...idle, ...worked];
  } finally {
    await Promise.all(started.map((child) => child.stop()));
  }
}

function memoryLines(when: string, contender: string, looks: readonly Memory[]): Measured[] {
  return (['heap', 'resident', 'proportional'] as const).map((kind) => {
    const values = looks.map((look) => look[kind]);
    const trend = trendOf(values.map((value, at) => ({ at, value })));
    return {
      case: `${kind} memory, ${when}`,
      contender,
      unit: 'MiB',
      spread: spreadOf(values),
      ...(trend && {
        note: `grown by ${trend.grown.toFixed(1)} (${trend.grownLeast.toFixed(1)} to ${trend.grownMost.toFixed(1)})`,
      }),
    };
  });
}
