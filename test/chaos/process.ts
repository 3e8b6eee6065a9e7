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
  /** Its wall clock is off by so much, until told otherwise, whichever process it is by then. */
  setClock(offsetMs: number): void;
  /** Whether its clock is off, or was within that long. */
  clockWasOff(withinMs: number): boolean;
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
  let clockOffsetMs = 0;
  let clockRightSince = Number.NEGATIVE_INFINITY;

  // Who dies meanwhile is told as it comes back.
  const tellClock = (): void => void child?.send({ clockOffsetMs }, () => {});

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
      if (clockOffsetMs !== 0) tellClock();
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
    setClock(offsetMs) {
      if (offsetMs === 0) clockRightSince = performance.now();
      clockOffsetMs = offsetMs;
      tellClock();
    },
    clockWasOff: (withinMs) => clockOffsetMs !== 0 || performance.now() - clockRightSince < withinMs,
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
  return spawn(command, args, {
    cwd: spec.cwd,
    env: { ...spec.env },
    stdio: ['ignore', logFd, logFd, 'ipc'],
    detached: true,
  });
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`cannot be run (${error.message})`));
    child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
  });
}
