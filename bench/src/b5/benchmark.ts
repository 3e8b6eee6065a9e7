import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Benchmark, Measured } from '../benchmark.ts';
import { watchStatements } from '../limits/statements.ts';
import { startService } from '../processes/services.ts';
import type { RunDatabase, Servers } from '../servers.ts';
import { ratioOf, spreadOf } from '../statistics.ts';
import { writeBenchWorkspace } from '../workspace.ts';
import { ask, type Door, medianMs } from './calls.ts';
import { measureExpiries } from './expiries.ts';
import { AUDIENCE, addPending, fill, RARE_AUDIENCE } from './fill.ts';
import { type People, startPeople } from './people.ts';
import { storm } from './storm.ts';

interface Sizes {
  readonly pending: number;
  readonly calls: number;
  readonly expiries: number;
  readonly readers: number;
  readonly stormVotes: number;
}

/** What the empty table holds: enough for every list to have a page and one to go on from. */
const EMPTY_ROWS = 400;
const FULL: Sizes = { pending: 1_000_000, calls: 100, expiries: 200, readers: 500, stormVotes: 200 };
const QUICK: Sizes = { pending: 5_000, calls: 20, expiries: 50, readers: 50, stormVotes: 20 };

const OURS = 'Holdpoint, full table';
const EMPTY = 'Holdpoint, empty table';

export const b5: Benchmark = {
  id: 'B5',
  title: 'A million pending approvals',
  needsServers: true,
  setting: [
    `Full: ${FULL.pending.toLocaleString('en')} pending approvals, each of a held action; of two thirds two people have to agree, and of some one has. Empty: ${EMPTY_ROWS} of the same kind, so that lists have something to show. In every figure more is worse, but for those a second.`,
    'One approvals service in a process of its own, started anew for each round on each table; one call after the other, the median of a hundred after some that warm up. Tables are vacuumed and analyzed once, after they are filled.',
    `The rare audience: 100 approvals, the oldest of the table. Granting: the last vote of one that was just asked, until it is answered.`,
    `Expiry: from \`expires_at\` to when NATS tells it, of ${FULL.expiries} within five seconds, on one clock. Storm: ${FULL.readers} readers of the stream, and ${FULL.stormVotes} approvals granted by four people at once. Memory: resident, before the readers come and at the most with them.`,
  ],
  async run(servers, options) {
    const sizes = { ...(options.quick ? QUICK : FULL), ...(options.size !== undefined && { pending: options.size }) };
    const rows = new Map<string, { unit: string; runs: Record<string, number[]> }>();
    const note = (name: string, contender: string, unit: string, value: number): void => {
      const known = rows.get(name) ?? { unit, runs: { [OURS]: [], [EMPTY]: [] } };
      known.runs[contender]?.push(value);
      rows.set(name, known);
      options.log(
        `B5 ${known.runs[contender]?.length}/${options.runs} ${name}: ${contender} ${value.toPrecision(4)} ${unit}`,
      );
    };
    const people = await startPeople();
    const [empty, full] = [await servers.database('ours'), await servers.database('ours')];
    try {
      const tables = [
        { contender: EMPTY, database: empty, ...(await fill(empty.ownerUrl, EMPTY_ROWS, options.log)) },
        { contender: OURS, database: full, ...(await fill(full.ownerUrl, sizes.pending, options.log)) },
      ];
      for (let round = 0; round < options.runs; round += 1) {
        for (const { contender, database, middle } of tables) {
          await measure(servers, database, people, { sizes, middle }, (name, unit, value) =>
            note(name, contender, unit, value),
          );
        }
      }
      const statements = await watchStatements(servers);
      await measure(servers, full, people, { sizes, middle: tables[1]?.middle ?? '' }, () => undefined);
      return {
        measured: [...rows].flatMap(([name, { unit, runs }]) => lines(name, unit, runs)),
        limits: await statements(),
      };
    } finally {
      await Promise.all([empty.drop(), full.drop(), people.stop()]);
    }
  },
};

function lines(name: string, unit: string, runs: Readonly<Record<string, readonly number[]>>): Measured[] {
  const [ours = [], empty = []] = [runs[OURS], runs[EMPTY]];
  return [
    { case: name, contender: OURS, unit, spread: spreadOf(ours) },
    { case: name, contender: EMPTY, unit, spread: spreadOf(empty), oursTimes: ratioOf(ours, empty) },
  ];
}

interface Table {
  readonly sizes: Sizes;
  /** An approval with as many before it as behind it, or so. */
  readonly middle: string;
}

async function measure(
  servers: Servers,
  database: RunDatabase,
  people: People,
  { sizes, middle }: Table,
  note: (name: string, unit: string, value: number) => void,
): Promise<void> {
  await servers.emptyNats();
  const workspace = await writeBenchWorkspace(join(servers.folder, 'workspace-b5'), { tallied: false });
  const startedAt = performance.now();
  const service = await startService('approvals', servers, database, workspace, people.env);
  try {
    note('start until ready', 'ms', performance.now() - startedAt);
    const door: Door = { url: service.url, token: people.token('ann', [AUDIENCE, RARE_AUDIENCE]) };
    const lists = {
      'list, first page': '/v1/approvals?status=pending',
      'list, a page from the middle': `/v1/approvals?status=pending&cursor=${middle}`,
      'list, an audience of most': `/v1/approvals?status=pending&audience=${AUDIENCE}`,
      'list, the rare audience': `/v1/approvals?status=pending&audience=${RARE_AUDIENCE}`,
      'list, what waits for a person': '/v1/approvals?mine=true',
      'list, what ran out of an audience of most': `/v1/approvals?status=expired&audience=${AUDIENCE}`,
      'list, any status': '/v1/approvals',
    };
    for (const [name, path] of Object.entries(lists)) {
      note(name, 'ms', await medianMs(sizes.calls, () => ask(door, path)));
    }
    note('grant', 'ms', await measureGrants(database, door, sizes));
    const late = await measureExpiries(servers, database.ownerUrl, sizes.expiries);
    note('expiry told late, p50', 'ms', late.p50);
    note('expiry told late, most', 'ms', late.max);
    note('memory', 'MiB', await memoryMib(service.pid, 'VmRSS'));
    const ids = await addAsked(database, sizes.stormVotes);
    const { votesPerSecond, eventsPerSecond } = await storm(door, sizes.readers, ids);
    note(`storm, ${sizes.readers} readers: grants`, 'votes/s', votesPerSecond);
    note(`storm, ${sizes.readers} readers: heard`, 'events/s', eventsPerSecond);
    note(`storm, ${sizes.readers} readers: memory at the most`, 'MiB', await memoryMib(service.pid, 'VmHWM'));
  } finally {
    await service.stop();
  }
}

async function measureGrants(database: RunDatabase, door: Door, { calls }: Sizes): Promise<number> {
  const ids = await addAsked(database, calls * 2);
  return medianMs(calls, (index) => ask(door, `/v1/approvals/${ids[index]}/approve`, {}));
}

const addAsked = ({ ownerUrl }: RunDatabase, rows: number): Promise<string[]> => {
  const bornAtMs = Date.now();
  return addPending(ownerUrl, { rows, audience: AUDIENCE, bornAtMs, expiresAtMs: bornAtMs + 24 * 3600 * 1000 });
};

/** As Linux counts it. */
async function memoryMib(pid: number, which: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${which}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024;
}
