import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Mood } from './core/far-end-behaviour.ts';
import type { FromFarEnd, SeenPoint, ToFarEnd } from './core/far-end-protocol.ts';
import { type FarEndSeen, readFarEndLog } from './core/read-far-end-log.ts';

const STOP_MS = 3_000;

/** The independent observer, seen from the campaign. */
export interface FarEnd {
  readonly url: string;
  change(mood: Mood): void;
  /** Resolves when the point was reached and the process killed, or with false where that took too long. */
  killAt(point: SeenPoint, pids: readonly number[], afterMs: number, signal: AbortSignal): Promise<boolean>;
  /** Ends it. */
  stop(): Promise<void>;
  /** What it wrote down; whole once it has ended. */
  seen(): Promise<FarEndSeen>;
}

export async function startFarEnd(options: {
  readonly logFile: string;
  readonly seed: number;
  readonly tie: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}): Promise<FarEnd> {
  const program = fileURLToPath(new URL('./programs/far-end.ts', import.meta.url));
  const [command = process.execPath, ...args] = [...options.tie, process.execPath, program];
  const child = spawn(command, [...args, options.logFile, String(options.seed)], {
    env: { ...options.env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
  });
  const exited = once(child, 'exit');
  const url = await new Promise<string>((resolve, reject) => {
    child.once('message', (message: FromFarEnd) => (message.is === 'ready' ? resolve(message.url) : undefined));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the far end ended with ${code} before it was ready`)));
  });
  const send = (message: ToFarEnd): void => void (child.connected && child.send(message));
  return {
    url,
    change: (mood) => send({ do: 'change', mood }),
    killAt(point, pids, afterMs, signal) {
      return new Promise((resolve) => {
        const done = (fired: boolean): void => {
          child.off('message', heard);
          signal.removeEventListener('abort', late);
          if (!fired) send({ do: 'disarm' });
          resolve(fired);
        };
        const heard = (message: FromFarEnd): void => void (message.is === 'fired' && done(true));
        const late = (): void => done(false);
        child.on('message', heard);
        signal.addEventListener('abort', late);
        send({ do: 'arm', point, pids, afterMs });
      });
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const hung = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await exited;
      clearTimeout(hung);
    },
    seen: async () => readFarEndLog(await readFile(options.logFile, 'utf8')),
  };
}
