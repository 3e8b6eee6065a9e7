import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient, type HoldpointClient } from '@holdpoint/sdk/client';
import type { Action } from '@holdpoint/shared/domain/action';
import type { Approval } from '@holdpoint/shared/domain/approval';
import { until } from '@holdpoint/stack/until';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunFile } from '../../scripts/start/run-file.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const SECONDS = 1_000;
const READY_MS = 90 * SECONDS;
const STOP_MS = 10 * SECONDS;

let folder: string;
let dataDir: string;
const started: Started[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdpoint-start-'));
  // Postgres runs as another user where this runs as root, and has to reach its data.
  await chmod(folder, 0o711);
  dataDir = join(folder, 'data');
});

afterAll(async () => {
  for (const one of started) if (one.child.exitCode === null) one.child.kill('SIGKILL');
  await Promise.all(started.map(({ exited }) => exited));
  await until(async () => ((await processesOn(dataDir)).length === 0 ? true : undefined), STOP_MS);
  await rm(folder, { recursive: true, force: true });
});

describe('npm start', () => {
  let first: Started;
  let run: RunFile;
  let admin: HoldpointClient;

  test(
    'brings up everything and tells what became of each sample',
    async () => {
      first = start();
      await first.ready();
      run = await readRunFile();
      admin = createClient({ url: run.services, key: run.keys.admin });

      for (const told of [
        'accepted ',
        'duplicate ',
        'refused ',
        'ALLOW ',
        'ALERT ',
        'BLOCK ',
        'applied ',
        'waits for reviewer',
      ]) {
        expect(first.output()).toContain(told);
      }
      const states = new Set((await admin.actions.list({ limit: 200 })).items.map(({ state }) => state));
      expect([...states].sort()).toEqual(['applied', 'blocked', 'held']);
    },
    READY_MS,
  );

  test('leaves a file by which others find their way, for its owner only', async () => {
    expect((await stat(join(dataDir, 'run.json'))).mode & 0o777).toBe(0o600);
    expect(Object.keys(run.services)).toEqual(['ingest', 'evaluator', 'executor', 'approvals']);
    expect(run).toMatchObject({
      nats_url: expect.stringMatching(/^nats:\/\/127\.0\.0\.1:\d+$/),
      nats_user: expect.any(String),
      nats_pass: expect.any(String),
      database_url: expect.stringMatching(/^postgres/),
      redis_url: expect.stringMatching(/^redis:/),
      keys: { admin: expect.stringMatching(/^hp_/), operator: expect.stringMatching(/^hp_/) },
      people: {
        alice: expect.any(String),
        bob: expect.any(String),
        carol: expect.any(String),
        dana: expect.any(String),
      },
    });
    expect(run.sources).toContainEqual(
      expect.objectContaining({ tenant: 'acme', id: 'stripe', url: `${run.services.ingest}/hooks/acme/stripe` }),
    );
    for (const [name, url] of Object.entries(run.services)) {
      expect(run.instances[name as keyof RunFile['instances']][0]).toBe(url);
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
    }
  });

  test('tells no key and no token', () => {
    const secrets = [
      ...Object.values(run.keys),
      ...Object.values(run.people),
      ...run.sources.map(({ secret }) => secret),
    ];
    for (const secret of secrets) expect(first.output()).not.toContain(secret);
  });

  test('has people who decide what is held, and runs it when they do', async () => {
    const held = await pendingHold(admin);
    const alice = createClient({ url: run.services, key: run.people.alice });
    expect((await alice.approvals.approve(held.id, 'looked fine')).status).toBe('granted');
    const applied = await until(async () => {
      const action: Action = await admin.actions.get(held.action_id ?? '');
      return action.state === 'applied' ? action : undefined;
    }, 15 * SECONDS);
    expect(applied).toMatchObject({ state: 'applied', tool: 'orders.hold' });
  });

  test('starts a service again that died, at the same address, and says so in its file', async () => {
    const [pid = 0] = run.pids.evaluator;
    process.kill(pid, 'SIGKILL');
    const other = await until(async () => {
      const [found] = (await readRunFile()).pids.evaluator;
      return found !== undefined && found !== pid ? found : undefined;
    }, 15 * SECONDS);
    expect(other).toBeGreaterThan(0);
    const ready = await until(() => isReady(run.services.evaluator), 20 * SECONDS);
    expect(ready).toBe(true);
    expect(first.output()).toContain('evaluator-1 was ended by SIGKILL, and is started again');
  });

  test('refuses a second one on the same data, in a line that says who has it', async () => {
    const second = start();
    expect(await second.exited).toBe(1);
    expect(second.errors().trim()).toMatch(/^holdpoint: .* is in use by process \d+[^\n]*$/);
  });

  test(
    'stops all that it started within ten seconds of Ctrl-C, however often that is pressed',
    async () => {
      const from = performance.now();
      first.child.kill('SIGINT');
      first.child.kill('SIGINT');
      const again = setInterval(() => first.child.kill('SIGINT'), 100);
      expect(await first.exited).toBe(0);
      clearInterval(again);
      expect(performance.now() - from).toBeLessThan(STOP_MS);
      expect(await processesOn(dataDir)).toEqual([]);
      expect(Object.values((await readRunFile().catch(() => undefined)) ?? {})).toEqual([]);
      for (const pid of Object.values(run.pids).flat()) expect(isAlive(pid)).toBe(false);
    },
    2 * STOP_MS,
  );

  test(
    'keeps its state: the samples are known again and nothing is done twice',
    async () => {
      const second = start();
      await second.ready();
      expect(second.output()).toContain('nothing is done twice');
      const again = await readRunFile();
      expect(again.keys).toEqual(run.keys);
      const client = createClient({ url: again.services, key: run.keys.admin });
      const states = (await client.actions.list({ limit: 200 })).items.map(({ state }) => state);
      expect(states.filter((state) => state === 'applied').length).toBeGreaterThan(3);
      expect(states).toContain('blocked');

      second.child.kill('SIGKILL');
      await second.exited;
    },
    READY_MS,
  );

  test(
    'recovers from its own sudden death',
    async () => {
      const third = start('--no-demo');
      await third.ready();
      const again = await readRunFile();
      const client = createClient({ url: again.services, key: run.keys.admin });
      expect((await client.actions.list({ state: 'applied' })).items.length).toBeGreaterThan(3);
      expect(third.output()).not.toContain('sample webhooks');
      third.child.kill('SIGTERM');
      expect(await third.exited).toBe(0);
      expect(await processesOn(dataDir)).toEqual([]);
    },
    READY_MS,
  );

  test(
    'forgets all of it when it is told to, and runs several of each service',
    async () => {
      const fourth = start('--no-demo', '--reset', '--instances', '2');
      await fourth.ready();
      const again = await readRunFile();
      expect(again.keys.admin).not.toBe(run.keys.admin);
      expect(new Set(Object.values(again.instances).flat()).size).toBe(8);
      expect(new Set(Object.values(again.pids).flat()).size).toBe(8);
      const client = createClient({ url: again.services, key: again.keys.admin });
      expect((await client.actions.list()).items).toEqual([]);
      fourth.child.kill('SIGINT');
      expect(await fourth.exited).toBe(0);
    },
    READY_MS,
  );
});

describe('npm start with a workspace of plain objects, elsewhere', () => {
  test(
    'runs what it permits, and tells it',
    async () => {
      const workspace = join(folder, 'workspace');
      const files = {
        'connectors/echo/tools.ts': "export default { name: 'echo', tools: { say: { risk: 'write' } } };",
        'connectors/echo/run.ts': 'export default { run: { say: async (args) => ({ said: args.word }) } };',
        'tenants/globex/policies.ts':
          "export default [{ connector: 'echo', when: 'action.args.word != \"no\"', decision: 'ALLOW' }];",
      };
      for (const [path, code] of Object.entries(files)) {
        await mkdir(dirname(join(workspace, path)), { recursive: true });
        await writeFile(join(workspace, path), code);
      }
      const one = start('--reset', '--workspace', workspace);
      await one.ready();
      const run = await readRunFile();
      const say = (word: string) => ({
        connector: 'echo',
        tool: 'say',
        args: { word },
        entity_key: 'e',
        idempotency_key: word,
      });
      const client = createClient({ url: run.services, key: run.keys.operator });
      const plan = { plan_id: 'p1', actions: [say('yes'), say('no')] };
      const { outcomes = [] } = await client.plans.submit(plan, { operator: 'bot', waitSeconds: 10 });
      expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['applied', 'blocked']);
      const told = await until(
        () => (/applied +echo say +e +done/.test(one.output()) ? true : undefined),
        10 * SECONDS,
      );
      expect(told).toBe(true);
      expect(one.output()).not.toContain('sample webhooks');
      one.child.kill('SIGINT');
      expect(await one.exited).toBe(0);
    },
    READY_MS,
  );

  test('says what is wrong with one in a line, before it starts anything', async () => {
    const one = start('--workspace', join(folder, 'nowhere'));
    expect(await one.exited).toBe(1);
    expect(one.errors().trim()).toMatch(/^holdpoint: .*nowhere: there is no such folder$/);
    expect(one.output()).not.toContain('embedded');
  });
});

interface Started {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  output(): string;
  errors(): string;
  /** Until it says that it is ready; rejects where it ends before. */
  ready(): Promise<void>;
}

function start(...options: string[]): Started {
  const { DATABASE_URL: _d, DATABASE_OWNER_URL: _o, REDIS_URL: _r, NATS_URL: _n, ...env } = process.env;
  const child = spawn(process.execPath, ['scripts/start.ts', '--data', dataDir, ...options], { cwd: root, env });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    err += String(chunk);
  });
  const exited = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  const one: Started = {
    child,
    exited,
    output: () => out,
    errors: () => err,
    async ready() {
      const found = await until(
        () => (out.includes('is ready') || child.exitCode !== null ? true : undefined),
        READY_MS,
      );
      if (!found || !out.includes('is ready')) throw new Error(`npm start did not become ready:\n${out}\n${err}`);
    },
  };
  started.push(one);
  return one;
}

async function readRunFile(): Promise<RunFile> {
  return JSON.parse(await readFile(join(dataDir, 'run.json'), 'utf8')) as RunFile;
}

async function pendingHold(client: HoldpointClient): Promise<Approval> {
  const { items } = await client.approvals.list({ status: 'pending' });
  const found = items.find(({ tool }) => tool === 'orders.hold');
  if (!found) throw new Error('no hold is pending');
  return found;
}

async function isReady(url: string): Promise<true | undefined> {
  return fetch(`${url}/readyz`).then(
    ({ ok }) => ok || undefined,
    () => undefined,
  );
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Processes that name the folder, or work in it. Linux only; elsewhere the pids of the run file are what is looked at. */
async function processesOn(dir: string): Promise<string[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter(
    (name) => /^\d+$/.test(name) && Number(name) !== process.pid,
  );
  const found = await Promise.all(
    pids.map(async (pid) => {
      const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      return command.includes(dir) || environment.includes(dir) ? [`${pid} ${command}`] : [];
    }),
  );
  return found.flat();
}
