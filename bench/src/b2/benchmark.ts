import { join } from 'node:path';
import { freePort } from '@holdpoint/stack/port';
import type { Benchmark, Limit, Measured, Options } from '../benchmark.ts';
import { profileLimits } from '../limits/cpu-profile.ts';
import { watchCpu } from '../limits/cpu-time.ts';
import { machineFacts } from '../machine.ts';
import { startChild } from '../processes/child.ts';
import { startService } from '../processes/services.ts';
import type { Servers } from '../servers.ts';
import { ratioOf, spreadOf } from '../statistics.ts';
import { TENANT, writeBenchWorkspace } from '../workspace.ts';
import { signedDeliveries } from './deliveries.ts';
import { flood, paced, type Sent } from './send.ts';

const PATH = `/hooks/${TENANT}/payments`;
/** Deliveries under way at once: a provider's connections, and the publisher's window. */
const AT_ONCE = 128;
/** A paced run lasts about so long. */
const PACED_SECONDS = 5;
const LIMIT_MS = 60_000;

const OURS = 'Holdpoint ingest';
const BARE = 'Fastify and one HMAC, nothing kept';
const STREAM = 'JetStream publishes of one Node process';

export const b2: Benchmark = {
  id: 'B2',
  title: 'Webhooks a second, accepted durably and once',
  needsServers: true,
  setting: [
    `1 KB bodies as Stripe signs them, signed beforehand; ${AT_ONCE} connections, each sending its next delivery when it has been answered; the sender runs on the same machine. JetStream sync always. A tenth of the deliveries warms up before the clock runs.`,
    'Holdpoint: one ingest, each 202 after the event is durable; its receipts are written to Postgres meanwhile, as in life. Duplicates: every second delivery repeats an earlier one.',
    `Fastify and one HMAC: the same deliveries to a server that verifies and answers. JetStream: events of the same size with as many headers, ${AT_ONCE} under way at once, no HTTP. Neither does half of the work, so the lower one is a ceiling rather than a peer.`,
    'Latency: at half of the rate measured in the same round, from when a delivery was due to its answer.',
  ],
  async run(servers, options) {
    const count = options.quick ? 1_000 : 20_000;
    const rows = new Map<string, { contender: string; unit: string; runs: number[] }>();
    const note = (name: string, contender: string, unit: string, value: number): void => {
      const key = `${name}|${contender}`;
      const known = rows.get(key) ?? { contender, unit, runs: [] };
      known.runs.push(value);
      rows.set(key, known);
      options.log(`B2 ${known.runs.length}/${options.runs} ${name}: ${contender} ${value.toPrecision(4)} ${unit}`);
    };
    for (let round = 0; round < options.runs; round += 1) {
      await measureOurs(servers, count, note);
      note('all new', BARE, 'webhooks/s', await bare(servers, count));
      note('all new', STREAM, 'webhooks/s', await publishes(servers, count));
    }
    const limits = options.quick ? [] : await profiled(servers, count, options);
    const ours = rows.get(`all new|${OURS}`)?.runs ?? [];
    const measured = [...rows].map(([key, { contender, unit, runs }]): Measured => {
      const spread = spreadOf(runs);
      const ratio = contender === OURS ? {} : { oursTimes: ratioOf(ours, runs) };
      return { case: key.slice(0, key.indexOf('|')), contender, unit, spread, ...ratio };
    });
    return { measured, limits };
  },
};

type Note = (name: string, contender: string, unit: string, value: number) => void;

async function measureOurs(servers: Servers, count: number, note: Note): Promise<void> {
  await withIngest(servers, async ({ url }) => {
    await flooded(url, count / 10, 0);
    const allNew = await flooded(url, count, 0);
    note('all new', OURS, 'webhooks/s', allNew.perSecond);
    note('half duplicates', OURS, 'webhooks/s', (await flooded(url, count, 0.5)).perSecond);
    const perSecond = allNew.perSecond / 2;
    const deliveries = signedDeliveries(Math.ceil(perSecond * PACED_SECONDS), { path: PATH, duplicateShare: 0 });
    const late = await paced(url, deliveries, { connections: AT_ONCE, perSecond });
    expectAll(late, [202]);
    note('p50 at half load', OURS, 'ms', late.p50);
    note('p99 at half load', OURS, 'ms', late.p99);
  });
}

async function bare(servers: Servers, count: number): Promise<number> {
  const port = await freePort();
  const child = await startChild({
    file: join('src', 'b2', 'bare-fastify.ts'),
    args: [String(port)],
    env: {},
    logFile: join(servers.folder, 'bare-fastify.log'),
  });
  try {
    await child.heard('ready', LIMIT_MS);
    const url = `http://127.0.0.1:${port}`;
    await flooded(url, count / 10, 0);
    return (await flooded(url, count, 0)).perSecond;
  } finally {
    await child.stop();
  }
}

async function publishes(servers: Servers, count: number): Promise<number> {
  await servers.emptyNats();
  const child = await startChild({
    file: join('src', 'b2', 'publisher.ts'),
    args: [servers.stack.natsUrl, String(count), String(AT_ONCE)],
    env: {},
    logFile: join(servers.folder, 'publisher.log'),
  });
  try {
    await child.heard('ready', LIMIT_MS);
    const { report } = await child.ask('go', 'report');
    const [from = Number.NaN, to = Number.NaN] = [report.times[0], report.times.at(-1)];
    return (count / (to - from)) * 1000;
  } finally {
    await child.stop();
  }
}

async function profiled(servers: Servers, count: number, { log }: Options): Promise<Limit[]> {
  log('B2 profiling');
  return withIngest(servers, async (ingest) => {
    await flooded(ingest.url, count / 10, 0);
    const { nats, postgres } = servers.stack.servers;
    const stop = await ingest.profile();
    const cpu = await watchCpu({
      ingest: ingest.pid,
      nats: nats?.pid ?? 0,
      postgres: postgres?.pid ?? 0,
      'all of them, with the sender': process.pid,
    });
    await flooded(ingest.url, count, 0);
    const shares = await cpu(machineFacts({}).cores);
    return [shares, ...profileLimits('ingest', await stop())];
  });
}

async function flooded(url: string, count: number, duplicateShare: number): Promise<Sent> {
  const sent = await flood(url, signedDeliveries(count, { path: PATH, duplicateShare }), AT_ONCE);
  expectAll(sent, duplicateShare > 0 ? [202, 200] : [202]);
  return sent;
}

/** A server that refuses is fast, and measures nothing. */
function expectAll({ statuses }: Sent, expected: readonly number[]): void {
  const others = [...statuses].filter(([status]) => !expected.includes(status));
  if (others.length > 0) throw new Error(`answers that were not expected: ${JSON.stringify(others)}`);
}

async function withIngest<T>(
  servers: Servers,
  run: (ingest: Awaited<ReturnType<typeof startService>>) => Promise<T>,
): Promise<T> {
  await servers.emptyNats();
  const workspace = await writeBenchWorkspace(join(servers.folder, 'workspace-b2'), { tallied: false });
  const database = await servers.database('ours');
  const ingest = await startService('ingest', servers, database, workspace);
  try {
    return await run(ingest);
  } finally {
    await ingest.stop();
    await database.drop();
  }
}
