import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import type { Profiler } from 'node:inspector';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ServiceName } from '@holdpoint/shared/runtime/config';
import { removeStackData } from '@holdpoint/stack/stack';
import type { Limit } from '../benchmark.ts';
import { profileLimits } from '../limits/cpu-profile.ts';
import { startService } from '../processes/services.ts';
import type { RunDatabase, Servers } from '../servers.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const COUNT_IMPORTS = new URL('./count-imports.ts', import.meta.url).href;
const STOP_MAX_MS = 15_000;
const START_MAX_MS = 90_000;

export interface Place {
  readonly servers: Servers;
  readonly database: RunDatabase;
  readonly workspace: string;
}

/** Seconds from when a service's process is started to when it answers that it is ready. */
export async function startOnce(service: ServiceName, { servers, database, workspace }: Place): Promise<number> {
  const startedAt = performance.now();
  const child = await startService(service, servers, database, workspace);
  const seconds = (performance.now() - startedAt) / 1000;
  await child.stop();
  return seconds;
}

/** What a start does with its time: from one start under a profiler, and one in which what is imported is counted. */
export async function startLimits(service: ServiceName, place: Place): Promise<Limit[]> {
  const { servers, database, workspace } = place;
  const folder = await mkdtemp(join(servers.folder, 'profile-'));
  const profiling = { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder}` };
  await (await startService(service, servers, database, workspace, profiling)).stop();
  // One a thread; the service's own is the largest.
  const profiles = await Promise.all(
    (await readdir(folder)).map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8'))),
  );
  const [own] = (profiles as Profiler.Profile[]).sort((a, b) => b.nodes.length - a.nodes.length);
  const counting = { NODE_OPTIONS: `--import ${COUNT_IMPORTS}` };
  const child = await startService(service, servers, database, workspace, counting);
  const { imports } = await child.ask('imports', 'imports');
  await child.stop();
  return [...(own ? profileLimits(`${service}: start`, own) : []), importLimit(service, imports)];
}

const PACKAGES_MAX = 12;

function importLimit(service: ServiceName, imports: Readonly<Record<string, number>>): Limit {
  const total = Object.values(imports).reduce((sum, count) => sum + count, 0);
  return {
    what: `${service}: start: ${total} modules imported, by package`,
    shares: Object.entries(imports)
      .sort(([, a], [, b]) => b - a)
      .slice(0, PACKAGES_MAX)
      .map(([name, count]) => ({ name, share: count / total, note: `${count} modules` })),
  };
}

/** What `npm start` said of itself, in seconds since it was typed. */
export interface WholeStart {
  readonly readyAt: number;
  readonly steps: readonly { readonly name: string; readonly at: number }[];
}

const STEPS = [
  { name: 'the console is built, the code is imported', line: /^holdpoint starts/ },
  { name: 'Postgres, NATS and Redis answer', line: /^ *redis / },
  { name: 'migrations', line: /^ *database / },
  { name: 'all services, operators and the example are up', line: /^ *services / },
  { name: 'the rest', line: /is ready; Ctrl-C/ },
] as const;

/** Runs `npm start` on a folder of its own until it is ready, and ends it. */
export async function startWhole(dataDir: string): Promise<WholeStart> {
  const { PATH = '', HOME = '', NODE_COMPILE_CACHE } = process.env;
  const startedAt = performance.now();
  const child = spawn('npm', ['start', '--silent', '--', '--no-demo', '--data', dataDir], {
    cwd: ROOT,
    env: { PATH, HOME, ...(NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE }) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const steps: { name: string; at: number }[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('npm start is not ready in time')), START_MAX_MS);
      child.once('exit', (code) => reject(new Error(`npm start ended with ${code} before it was ready`)));
      createInterface({ input: child.stdout }).on('line', (text) => {
        const step = STEPS.find(({ name, line }) => line.test(text) && !steps.some((one) => one.name === name));
        if (step) steps.push({ name: step.name, at: (performance.now() - startedAt) / 1000 });
        if (step !== STEPS.at(-1)) return;
        clearTimeout(late);
        resolve();
      });
    });
  } finally {
    await end(child);
  }
  return { readyAt: steps.at(-1)?.at ?? Number.NaN, steps };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_MAX_MS);
  child.kill('SIGTERM');
  await once(child, 'exit');
  clearTimeout(late);
}

export async function forgetStart(dataDir: string): Promise<void> {
  await removeStackData(dataDir);
  await rm(dataDir, { recursive: true, force: true });
}

/** How the time of one start is shared out. */
export function wholeLimit({ steps, readyAt }: WholeStart): Limit {
  return {
    what: `npm start: ${readyAt.toFixed(2)} s, by step`,
    shares: steps.map(({ name, at }, index) => {
      const took = at - (steps[index - 1]?.at ?? 0);
      return { name, share: took / readyAt, note: `${took.toFixed(2)} s` };
    }),
  };
}
