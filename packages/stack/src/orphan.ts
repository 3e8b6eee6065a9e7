import { execFile } from 'node:child_process';
import { readFile, readlink, realpath } from 'node:fs/promises';
import { promisify } from 'node:util';
import { StackError } from './stack-error.ts';
import { until } from './until.ts';

const run = promisify(execFile);
const KILL_DEADLINE_MS = 5_000;

/** Stops a server that a previous parent left behind on this folder; a stranger with the recorded pid is left alone. */
export async function stopOrphan(
  pid: number | undefined,
  folder: string,
  stopSignal: NodeJS.Signals,
  stopDeadlineMs: number,
): Promise<void> {
  if (pid === undefined || !(await worksIn(pid, folder))) return;
  for (const [signal, deadlineMs] of [
    [stopSignal, stopDeadlineMs],
    ['SIGKILL', KILL_DEADLINE_MS],
  ] as const) {
    if (!send(pid, signal)) return;
    const gone = await until(async () => ((await worksIn(pid, folder)) ? undefined : true), deadlineMs);
    if (gone) return;
  }
  throw new StackError(`process ${pid} still works in ${folder} and does not end`);
}

export async function recordedPid(file: string): Promise<number | undefined> {
  const first = await readFile(file, 'utf8').catch(() => '');
  const pid = Number.parseInt(first, 10);
  return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
}

/** Every server is started in its own data folder and stays there, whatever it makes of its name and arguments. */
export async function worksIn(pid: number, folder: string): Promise<boolean> {
  const [theirs, ours] = await Promise.all([workingFolder(pid), realpath(folder).catch(() => undefined)]);
  return theirs !== undefined && theirs === ours;
}

async function workingFolder(pid: number): Promise<string | undefined> {
  try {
    if (process.platform === 'linux') return await readlink(`/proc/${pid}/cwd`);
    const { stdout } = await run('lsof', ['-a', '-p', String(pid), '-d', 'cwd', '-Fn']);
    return /^n(.+)$/m.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
