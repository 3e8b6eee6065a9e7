import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { lastWords, openLog } from '../../scripts/start/log-file.ts';
import type { ProcessStop } from './core/history.ts';

export interface ProcessSpec {
  readonly name: string;
  /** What Node is given. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly logFile: string;
  /** The command that goes before and ends it with this process, where the system has one. */
  readonly tie: readonly string[];
  /** Before one that died is started again. */
  restartMs(): number;
}

/** A process that is kept running, and does not object to what is done to it. */
export interface KeptProcess {
  readonly name: string;
  pid(): number | undefined;
  /** SIGKILL; it is started again. False: there was none to kill. */
  kill(): boolean;
  /** SIGSTOP, and SIGCONT after that long. False: there was none to stop. */
  sleep(ms: number): Promise<boolean>;
  /** For good: SIGTERM, past the deadline SIGKILL. */
  stop(deadlineMs: number): Promise<void>;
  readonly stops: readonly ProcessStop[];
  readonly deaths: readonly string[];
}

export const epochMs = (): number => performance.timeOrigin + performance.now();

export function keepRunning(spec: ProcessSpec): KeptProcess {
  const ending = new AbortController();
  const stops: ProcessStop[] = [];
  const deaths: string[] = [];
  let child: ChildProcess | undefined;

  async function keep(): Promise<void> {
    while (!ending.signal.aborted) {
      const how = await runOnce();
      if (ending.signal.aborted) return;
      deaths.push(how === 'SIGKILL' ? how : `${how}: ${await lastWords(spec.logFile)}`);
      await pause(spec.restartMs(), undefined, { signal: ending.signal }).catch(() => {});
    }
  }

  async function runOnce(): Promise<string> {
    const log = await openLog(spec.logFile);
    try {
      if (ending.signal.aborted) return 'was not started';
      const started = launch(spec, log.fd);
      child = started;
      return await endOf(started);
    } finally {
      child = undefined;
      await log.close();
    }
  }

  const kept = keep();
  return {
    name: spec.name,
    pid: () => child?.pid,
    kill: () => child?.kill('SIGKILL') ?? false,
    async sleep(ms) {
      const sleeper = child;
      if (sleeper?.pid === undefined || !sleeper.kill('SIGSTOP')) return false;
      const from = epochMs();
      await pause(ms, undefined, { signal: ending.signal }).catch(() => {});
      stops.push({ pid: sleeper.pid, from, to: epochMs() });
      sleeper.kill('SIGCONT');
      return true;
    },
    async stop(deadlineMs) {
      ending.abort();
      child?.kill('SIGCONT');
      child?.kill('SIGTERM');
      const late = setTimeout(() => child?.kill('SIGKILL'), deadlineMs);
      await kept;
      clearTimeout(late);
    },
    stops,
    deaths,
  };
}

function launch(spec: ProcessSpec, logFd: number): ChildProcess {
  const [command = process.execPath, ...args] = [...spec.tie, process.execPath, ...spec.args];
  // A group of its own: Ctrl-C is for the campaign, which ends what it started in its order.
  return spawn(command, args, { cwd: spec.cwd, env: { ...spec.env }, stdio: ['ignore', logFd, logFd], detached: true });
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`cannot be run (${error.message})`));
    child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
  });
}
