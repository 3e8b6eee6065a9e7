import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@holdpoint/stack/until';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Program, type Supervised, supervise } from './supervisor.ts';

const SECONDS = 1_000;
let folder: string;
let running: Supervised[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'supervisor-'));
});

afterEach(async () => {
  await Promise.all(running.map((one) => one.stop(0)));
  running = [];
  await rm(folder, { recursive: true, force: true });
});

describe('a program', () => {
  test('is ready when it says so, and ends when it is asked', async () => {
    const { program, supervised } = run(
      `process.send('ready'); setInterval(() => {}, 1e6); ${ON_TERM('process.exit(0)')}`,
    );
    await supervised.ready;
    const pid = supervised.pid();
    expect(isAlive(pid)).toBe(true);
    await supervised.stop(5 * SECONDS);
    expect(isAlive(pid)).toBe(false);
    expect(await readFile(program.logFile, 'utf8')).toBe('asked to end\n');
  });

  test('is ended when it does not end by itself in time', async () => {
    const { supervised } = run(`process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6); process.send('ready');`);
    await supervised.ready;
    const pid = supervised.pid();
    await supervised.stop(100);
    expect(isAlive(pid)).toBe(false);
  });

  test('is started again after it was killed, as another process', async () => {
    const { supervised, deaths } = run(`process.send('ready'); setInterval(() => {}, 1e6);`);
    await supervised.ready;
    const first = supervised.pid() ?? 0;
    process.kill(first, 'SIGKILL');
    const second = await until(() => (supervised.pid() !== first ? supervised.pid() : undefined), 10 * SECONDS);
    expect(second).toBeGreaterThan(0);
    expect(deaths).toEqual(['was ended by SIGKILL']);
  });

  test('is not started again once it was told to stop', async () => {
    const { supervised, spawns } = run(`process.exit(3)`);
    await until(() => (spawns() > 0 ? true : undefined), 10 * SECONDS);
    await supervised.stop(SECONDS);
    const before = spawns();
    expect(supervised.pid()).toBeUndefined();
    await new Promise((resolve) => setImmediate(resolve));
    expect(spawns()).toBe(before);
  });

  test('that never comes up is given up, with its last words', async () => {
    const { supervised, spawns } = run(`console.error('Error: no such thing'); process.exit(1);`);
    await expect(supervised.ready).rejects.toThrow(/one ended with code 1: Error: no such thing/);
    expect(spawns()).toBe(3);
  });

  test('whose configuration is bad is not tried again', async () => {
    const { supervised, spawns } = run(`console.error('PORT: must be a port'); process.exit(78);`);
    await expect(supervised.ready).rejects.toThrow(/PORT: must be a port/);
    expect(spawns()).toBe(1);
  });

  test('is given its own environment and nothing else', async () => {
    const { program, supervised } = run(
      `console.log(Object.keys(process.env).sort().join()); process.send('ready');setInterval(() => {}, 1e6);`,
    );
    await supervised.ready;
    expect(await readFile(program.logFile, 'utf8')).toBe('MINE\n');
  });
});

function ON_TERM(then: string): string {
  return `process.on('SIGTERM', () => { console.log('asked to end'); ${then}; });`;
}

function run(script: string): { program: Program; supervised: Supervised; deaths: string[]; spawns: () => number } {
  const deaths: string[] = [];
  let spawns = 0;
  const program: Program = {
    name: 'one',
    args: ['-e', script],
    env: { MINE: '1' },
    cwd: folder,
    logFile: join(folder, 'one.log'),
    tie: [],
    reports: true,
    onSpawn: () => {
      spawns += 1;
    },
    onDeath: (how) => deaths.push(how),
  };
  const supervised = supervise(program);
  running.push(supervised);
  return { program, supervised, deaths, spawns: () => spawns };
}

function isAlive(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
}
