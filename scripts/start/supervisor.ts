import { type ChildProcess, spawn } from 'node:child_process';
import { until } from '@holdpoint/stack/until';
import { lastWords, openLog } from './log-file.ts';

const READY_DEADLINE_MS = 60_000;
const BACKOFF_MIN_MS = 200;
const BACKOFF_MAX_MS = 10_000;
/** Having run this long, a program starts with a clean slate: its next death is no consequence of its last. */
const STABLE_MS = 30_000;
/** Deaths before it was ever ready, after which it is taken for unable to start. */
const FALSE_STARTS_MAX = 3;
/** What a service ends with when its configuration is bad (sysexits' EX_CONFIG): another try would end the same. */
const BAD_CONFIG = 'ended with code 78';

/** A part that does not come up; the message is for the person who typed `npm start`. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

export interface Program {
  readonly name: string;
  /** What the pinned Node is given. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly logFile: string;
  /** The command that goes before its own and ties it to this process, where the system has one. */
  readonly tie: readonly string[];
  /** Tells it over a channel when it is ready; else `ready` is asked. */
  readonly reports?: boolean;
  /** Whether it answers. Not asked of one that reports. */
  ready?(): Promise<boolean>;
  /** A new process was started, also after a death. */
  onSpawn?(): void;
  /** It died though nobody asked it to; it will be started again. */
  onDeath?(how: string): void;
}

export interface Supervised {
  readonly name: string;
  /** Undefined between a death and the next start. */
  pid(): number | undefined;
  /** Rejects where it died too often before it was ever ready, or took too long. */
  readonly ready: Promise<void>;
  /** Asks by SIGTERM, ends by SIGKILL past the deadline, and resolves when it is gone. */
  stop(deadlineMs: number): Promise<void>;
}

/** Keeps one program running until it is told to stop: one that dies is started again, after a pause that grows. */
export function supervise(program: Program): Supervised {
  const stopping = new AbortController();
  let child: ChildProcess | undefined;
  let everReady = false;

  const firstReady = Promise.withResolvers<void>();
  // Whoever does not wait for it, because it is stopping, must not see it fail.
  firstReady.promise.catch(() => {});

  async function keepRunning(): Promise<void> {
    let deaths = 0;
    while (!stopping.signal.aborted) {
      const startedAt = performance.now();
      const how = await runOnce();
      child = undefined;
      if (stopping.signal.aborted) return;
      deaths = performance.now() - startedAt > STABLE_MS ? 1 : deaths + 1;
      program.onDeath?.(how);
      if (!everReady && (deaths >= FALSE_STARTS_MAX || how === BAD_CONFIG)) {
        firstReady.reject(new StartError(`${program.name} ${how}: ${await lastWords(program.logFile)}`));
        return;
      }
      await pause(Math.min(BACKOFF_MIN_MS * 2 ** (deaths - 1), BACKOFF_MAX_MS), stopping.signal);
    }
  }

  async function runOnce(): Promise<string> {
    const log = await openLog(program.logFile);
    try {
      if (stopping.signal.aborted) return 'was not started';
      const started = start(program, log.fd);
      child = started;
      const ended = endOf(started);
      if (started.pid !== undefined) program.onSpawn?.();
      void becomesReady(program, started).then((ready) => {
        everReady ||= ready;
        if (ready) firstReady.resolve();
      });
      return await ended;
    } finally {
      await log.close();
    }
  }

  const late = setTimeout(() => {
    void lastWords(program.logFile).then((words) => {
      firstReady.reject(new StartError(`${program.name} is not ready after ${READY_DEADLINE_MS / 1000} s: ${words}`));
    });
  }, READY_DEADLINE_MS);
  const clearLate = (): void => clearTimeout(late);
  firstReady.promise.then(clearLate, clearLate);

  const ended = keepRunning();
  return {
    name: program.name,
    pid: () => child?.pid,
    ready: firstReady.promise,
    async stop(deadlineMs) {
      stopping.abort();
      clearLate();
      child?.kill('SIGTERM');
      const timer = setTimeout(() => child?.kill('SIGKILL'), deadlineMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

function start(program: Program, logFd: number): ChildProcess {
  const [command = process.execPath, ...args] = [...program.tie, process.execPath, ...program.args];
  return spawn(command, args, {
    cwd: program.cwd,
    env: { ...program.env },
    stdio: ['ignore', logFd, logFd, ...(program.reports ? (['ipc'] as const) : [])],
    // Its own process group: Ctrl-C in a terminal is for us alone, who stop the parts in their order.
    detached: true,
  });
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`cannot be run (${error.message})`));
    child.once('exit', (code, signal) => resolve(signal ? `was ended by ${signal}` : `ended with code ${code}`));
  });
}

/** False where it ended before. */
async function becomesReady(program: Program, child: ChildProcess): Promise<boolean> {
  const running = (): boolean => child.exitCode === null && child.signalCode === null;
  let reported = false;
  child.once('message', () => {
    reported = true;
  });
  const asked = async (): Promise<boolean> => (program.reports ? reported : ((await program.ready?.()) ?? true));
  const found = await until(
    async () => (!running() ? 'ended' : (await asked()) ? 'ready' : undefined),
    READY_DEADLINE_MS,
    40,
  );
  return found === 'ready';
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
