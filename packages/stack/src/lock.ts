import { createHash } from 'node:crypto';
import { realpath, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StackError } from './stack-error.ts';

const ASK_DEADLINE_MS = 1_000;

export type Lock = { release(): Promise<void> };

/**
 * One stack per data folder. The lock is a listening local socket that tells its holder's pid: the kernel lets go of it
 * when the holder dies, however it dies, so there is no stale lock to judge.
 */
export async function lockFolder(folder: string): Promise<Lock> {
  const name = `holdpoint-${createHash('sha256')
    .update(await realpath(folder))
    .digest('hex')
    .slice(0, 32)}`;
  // Linux has names without a file; elsewhere the file of a dead holder is removed once nobody answers on it.
  const abstract = process.platform === 'linux';
  const path = abstract ? `\0${name}` : join(tmpdir(), `${name}.sock`);
  let server = await listen(path);
  if (server === undefined) {
    const holder = await ask(path);
    if (holder === undefined && !abstract) {
      await rm(path, { force: true });
      server = await listen(path);
    }
    if (server === undefined) {
      const who = holder === undefined ? 'another process' : `process ${holder}`;
      throw new StackError(`${folder} is in use by ${who}: stop it, or give this one another data folder`);
    }
  }
  const held = server;
  return { release: () => new Promise((resolve) => held.close(() => resolve())) };
}

function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.on('error', () => {}).end(String(process.pid)));
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    // The lock alone keeps no process alive.
    server.listen(path, () => resolve(server.unref()));
  });
}

function ask(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let told = '';
    const socket = connect(path);
    socket.setTimeout(ASK_DEADLINE_MS, () => socket.destroy());
    socket.on('data', (chunk) => {
      told += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(told === '' ? undefined : told));
  });
}
