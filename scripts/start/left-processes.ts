import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { until } from '@holdpoint/stack/until';

const run = promisify(execFile);
const DRAIN_DEADLINE_MS = 8_000;
const KILL_DEADLINE_MS = 2_000;

/**
 * Ends services that a killed start left behind; a stranger who has been given such a pid since is left alone. Where
 * `setpriv` tied them to their parent they are draining already, and this only waits for them.
 */
export async function endLeftProcesses(pids: readonly number[], root: string): Promise<void> {
  await Promise.all(pids.map((pid) => endOne(pid, root)));
}

async function endOne(pid: number, root: string): Promise<void> {
  for (const [signal, deadlineMs] of [
    ['SIGTERM', DRAIN_DEADLINE_MS],
    ['SIGKILL', KILL_DEADLINE_MS],
  ] as const) {
    if (!(await isOurs(pid, root)) || !send(pid, signal)) return;
    const gone = await until(async () => ((await isOurs(pid, root)) ? undefined : true), deadlineMs, 50);
    if (gone) return;
  }
}

async function isOurs(pid: number, root: string): Promise<boolean> {
  try {
    return (await commandOf(pid)).includes(`${root}/services/`);
  } catch {
    return false;
  }
}

/** The command line of a process that runs; a zombie has none. */
async function commandOf(pid: number): Promise<string> {
  if (process.platform === 'linux') return readFile(`/proc/${pid}/cmdline`, 'utf8');
  const { stdout } = await run('ps', ['-ww', '-o', 'stat=,command=', '-p', String(pid)]);
  return stdout.startsWith('Z') ? '' : stdout;
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
