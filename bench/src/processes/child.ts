import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import type { Profiler } from 'node:inspector';
import { fileURLToPath } from 'node:url';
import type { Report, Told, Wanted } from './wanted.ts';

const STOP_MAX_MS = 15_000;
const ANSWER_MAX_MS = 60_000;

/** A process that a benchmark measures: a service of ours, or a peer's worker. */
export interface Child {
  readonly pid: number;
  /** Asks for something and waits for what answers it. */
  ask<T extends Told['told']>(want: Wanted['want'], answer: T): Promise<Extract<Told, { told: T }>>;
  /** What it has told already, or will tell within the limit; undefined past it. */
  heard<T extends Told['told']>(told: T, limitMs: number): Promise<Extract<Told, { told: T }> | undefined>;
  report(): Promise<Report>;
  /** Profiles it until the returned function is called. */
  profile(): Promise<() => Promise<Profiler.Profile>>;
  /** SIGTERM, and SIGKILL past a limit. */
  stop(): Promise<void>;
}

export interface ChildOptions {
  /** The file to run; a path from this package's root. */
  readonly file: string;
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
}

const PROFILED = fileURLToPath(new URL('./profiled.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export async function startChild({ file, args = [], env, logFile }: ChildOptions): Promise<Child> {
  const log = await open(logFile, 'a');
  const child = spawn(process.execPath, ['--import', PROFILED, file, ...args], {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '', ...env },
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
  });
  await log.close();
  const told = new Map<string, Told>();
  const waiters = new Set<() => void>();
  const wake = () => {
    for (const waiter of waiters) waiter();
  };
  let ended: string | undefined;
  child.on('message', (message: Told) => {
    told.set(message.told, message);
    wake();
  });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      ended = `${signal ?? code}`;
      wake();
      resolve();
    });
  });

  const heard: Child['heard'] = async (what, limitMs) => {
    const until = performance.now() + limitMs;
    for (;;) {
      const message = told.get(what);
      if (message) return message as never;
      if (ended !== undefined) throw new Error(`${file} ended (${ended}): ${await lastLines(logFile)}`);
      const leftMs = until - performance.now();
      if (leftMs <= 0) return undefined;
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          waiters.delete(done);
          resolve();
        };
        const timer = setTimeout(done, leftMs);
        waiters.add(done);
      });
    }
  };
  const ask: Child['ask'] = async (want, answer) => {
    told.delete(answer);
    child.send({ want } satisfies Wanted);
    const message = await heard(answer, ANSWER_MAX_MS);
    if (!message) throw new Error(`${file} did not answer ${want}`);
    return message;
  };
  return {
    pid: child.pid ?? 0,
    ask,
    heard,
    report: async () => (await ask('report', 'report')).report,
    async profile() {
      await ask('profile', 'profiling');
      return async () => (await ask('profiled', 'profiled')).profile;
    },
    async stop() {
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MAX_MS);
      if (ended === undefined) child.kill('SIGTERM');
      await exited;
      clearTimeout(timer);
    },
  };
}

async function lastLines(file: string): Promise<string> {
  return (await readFile(file, 'utf8').catch(() => '')).trim().split('\n').slice(-5).join('\n');
}
