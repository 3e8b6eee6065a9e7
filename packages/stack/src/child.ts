import { type ChildProcess, spawn } from 'node:child_process';
import { type FileHandle, open, readFile, rename, stat } from 'node:fs/promises';
import { onPath } from './binaries.ts';
import { environment } from './config.ts';
import type { Identity } from './identity.ts';
import { messageOf, StackError } from './stack-error.ts';
import { until } from './until.ts';

const LOG_MAX_BYTES = 16 * 1024 * 1024;
const LOG_TAIL_LINES = 8;

export type ChildSpec = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The server's own data folder: it is also how an orphan of ours is told from a stranger with the same pid. */
  readonly cwd: string;
  readonly logFile: string;
  readonly identity?: Identity | undefined;
  readonly stopSignal: NodeJS.Signals;
  readonly stopDeadlineMs: number;
  readonly readyDeadlineMs: number;
  /** Throws until the server answers. */
  readonly probe: () => Promise<void>;
};

export type Child = {
  readonly pid: number;
  readonly running: () => boolean;
  /** What it ended with: `code 1`, `SIGKILL`. */
  readonly exited: Promise<string>;
  readonly ready: () => Promise<void>;
  /** Asks by the server's signal; past the deadline SIGKILL, which all three servers recover from. */
  readonly stop: () => Promise<void>;
  readonly kill: () => Promise<void>;
};

export async function spawnChild(spec: ChildSpec): Promise<Child> {
  const log = await openLog(spec.logFile);
  const [command, args] = await tiedToParent(spec);
  const child = spawn(command, args, {
    cwd: spec.cwd,
    // Nothing of ours: neither secrets nor PG* variables that would bend the server.
    env: { PATH: environment().PATH ?? '', LC_ALL: 'C' },
    stdio: ['ignore', log.file.fd, log.file.fd],
    // Its own process group: Ctrl-C is for the parent, which stops the servers after the services have drained.
    detached: true,
    ...spec.identity,
  });
  const exited = exitOf(child).finally(() => log.file.close());
  const running = (): boolean => child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  const kill = async (): Promise<void> => {
    if (running()) child.kill('SIGKILL');
    await exited;
  };
  return {
    pid: await pidOf(child, spec),
    running,
    exited,
    kill,
    ready: () => untilReady(spec, running, exited, log.size),
    stop: async () => {
      if (!running()) return;
      child.kill(spec.stopSignal);
      const timer = setTimeout(() => child.kill('SIGKILL'), spec.stopDeadlineMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

async function untilReady(
  spec: ChildSpec,
  running: () => boolean,
  exited: Promise<string>,
  logStart: number,
): Promise<void> {
  let last: unknown;
  const ready = await until(async () => {
    if (!running()) return 'ended' as const;
    try {
      await spec.probe();
      return 'ready' as const;
    } catch (error) {
      last = error;
      return undefined;
    }
  }, spec.readyDeadlineMs);
  if (ready === 'ready') return;
  const how =
    ready === 'ended'
      ? `ended with ${await exited}`
      : `does not answer after ${spec.readyDeadlineMs} ms: ${messageOf(last)}`;
  throw new StackError(`${spec.name} ${how}\n${await tail(spec.logFile, logStart)}`);
}

/** Linux: the kernel signals the server when its parent dies, however it dies. `setpriv` becomes the server, same pid. */
async function tiedToParent(spec: ChildSpec): Promise<[string, readonly string[]]> {
  const setpriv = process.platform === 'linux' ? await onPath('setpriv', environment()) : undefined;
  if (setpriv === undefined) return [spec.command, spec.args];
  return [setpriv, ['--pdeathsig', spec.stopSignal.replace('SIG', ''), '--', spec.command, ...spec.args]];
}

function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(messageOf(error)));
    child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
  });
}

function pidOf(child: ChildProcess, spec: ChildSpec): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(child.pid as number));
    child.once('error', (error) => reject(new StackError(`${spec.name} cannot be run: ${error.message}`)));
  });
}

async function openLog(name: string): Promise<{ file: FileHandle; size: number }> {
  const sizeOf = (): Promise<number> =>
    stat(name).then(
      (found) => found.size,
      () => 0,
    );
  if ((await sizeOf()) > LOG_MAX_BYTES) await rename(name, `${name}.1`);
  return { file: await open(name, 'a', 0o600), size: await sizeOf() };
}

/** The last lines of this start: those of an earlier one would explain the wrong failure. */
async function tail(name: string, from: number): Promise<string> {
  const text = (await readFile(name)).subarray(from).toString('utf8');
  return text.trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
}
