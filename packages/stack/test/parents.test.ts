import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { onPath } from '../src/binaries.ts';
import { environment } from '../src/config.ts';
import { postgresIdentity } from '../src/identity.ts';
import { worksIn } from '../src/orphan.ts';
import { removeStackData, startStack } from '../src/stack.ts';
import { until } from '../src/until.ts';
import { countMarks, leaveMarks } from './marks.ts';

const FIXTURE = fileURLToPath(new URL('./fixtures/hold-stack.ts', import.meta.url));
const ONE_EACH = { postgres: 1, nats: 1, redis: 1 };

let dataDir: string;
let binDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdpoint-parents-'));
  binDir = await mkdtemp(join(tmpdir(), 'holdpoint-bin-'));
});

afterEach(async () => {
  await removeStackData(dataDir);
  for (const folder of [dataDir, binDir]) await rm(folder, { recursive: true, force: true });
});

describe('when a parent is killed', () => {
  it.runIf(process.platform === 'linux')('its servers end with it', async () => {
    const { parent, pids } = await hold(environment().PATH);
    expect(pids.map(isAlive)).toEqual([true, true, true]);
    await kill(parent);
    await untilGone(pids);
  });

  it('the next stack starts at once on the same data', async () => {
    const first = await startStack({ dataDir });
    await leaveMarks(first);
    await first.stop();
    const { parent } = await hold(environment().PATH);
    await kill(parent);
    const next = await startStack({ dataDir });
    expect(await countMarks(next)).toEqual(ONE_EACH);
    await next.stop();
  });

  it('servers that outlive it, where the kernel does not tie them to it, are stopped by the next stack', async () => {
    // Only redis-server is on this PATH: without setpriv nothing ends the servers.
    await symlink((await onPath('redis-server', environment())) as string, join(binDir, 'redis-server'));
    const { parent, pids } = await hold(binDir);
    await kill(parent);
    expect(pids.map(isAlive)).toEqual([true, true, true]);
    const next = await startStack({ dataDir });
    await untilGone(pids);
    await leaveMarks(next);
    await next.stop();
  });
});

describe('a stale pid file', () => {
  it('that names a stranger neither keeps the stack from starting nor harms the stranger', async () => {
    const first = await startStack({ dataDir });
    await first.stop();
    const data = join(dataDir, 'postgres', 'data');
    // As Postgres's own user: Postgres believes its lock file for as long as such a process lives.
    const stranger = spawn('sleep', ['60'], { cwd: '/', ...(await postgresIdentity(data)) });
    await once(stranger, 'spawn');
    const pid = stranger.pid as number;
    await writeFile(join(data, 'postmaster.pid'), `${pid}\n${data}\n0\n20000\n\n127.0.0.1\n`, { mode: 0o644 });
    await writeFile(join(dataDir, 'redis', 'redis.pid'), `${pid}\n`);
    const next = await startStack({ dataDir });
    await leaveMarks(next);
    expect(isAlive(pid)).toBe(true);
    await next.stop();
    await kill(stranger);
  });
});

describe('a process is taken for a server of ours', () => {
  it('only by the folder it works in', async () => {
    const ours = join(binDir, 'ours');
    await mkdir(ours);
    const child = spawn('sleep', ['60'], { cwd: ours });
    await once(child, 'spawn');
    expect(await worksIn(child.pid as number, ours)).toBe(true);
    expect(await worksIn(child.pid as number, binDir)).toBe(false);
    await kill(child);
    expect(await worksIn(child.pid as number, ours)).toBe(false);
  });
});

async function hold(path: string | undefined): Promise<{ parent: ChildProcess; pids: number[] }> {
  const parent = spawn(process.execPath, [FIXTURE, dataDir], {
    env: { PATH: path },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
  return { parent, pids: JSON.parse(line) as number[] };
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

/** Orphans stay in the process table until the system's first process has collected them. */
async function untilGone(pids: readonly number[]): Promise<void> {
  await until(() => (pids.some(isAlive) ? undefined : true), 10_000);
  expect(pids.filter(isAlive)).toEqual([]);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
