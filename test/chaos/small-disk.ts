import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onPath } from '@holdpoint/stack/binaries';
import { environment } from '../../scripts/start/config.ts';

const run = promisify(execFile);

/** As much as a long campaign stores; memory is taken for what is stored alone. */
const DISK_BYTES = 2 * 1024 ** 3;
const UP_MAX_MS = 5_000;
/** Whoever writes meanwhile makes the disk larger than what it was to be shrunk to. */
const SHRINKS_MAX = 50;

/** A disk in memory that only those see who run `within` it, and whose end can be moved to where its data ends. */
export interface SmallDisk {
  readonly within: readonly string[];
  /** From now on what is written finds no space left (ENOSPC). False: it was written to so fast that its end was never met. */
  fill(): Promise<boolean>;
  /** There is space again. */
  free(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Mounts one on the folder, in namespaces of its own: no rights are needed for it, nobody else sees it, and it is gone with the
 * last process within. Undefined where the machine does not let everybody make such namespaces.
 */
export async function openSmallDisk(folder: string): Promise<SmallDisk | undefined> {
  const [unshare, nsenter, setpriv] = await Promise.all(
    ['unshare', 'nsenter', 'setpriv'].map((name) => onPath(name, environment())),
  );
  if (process.platform !== 'linux' || !unshare || !nsenter || !setpriv) return undefined;
  const mount = `mount -t tmpfs -o size=${DISK_BYTES},mode=700 tmpfs "$0" && echo up && exec cat`;
  // It lives until its input ends, which it does with this process, however that ends.
  const holder = spawn(unshare, ['--user', '--map-root-user', '--mount', 'sh', '-c', mount, folder], {
    env: { PATH: environment().PATH ?? '' },
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  });
  const exited = once(holder, 'exit').catch(() => {});
  const up = once(holder.stdout, 'data', { signal: AbortSignal.timeout(UP_MAX_MS) }).then(
    () => true,
    () => false,
  );
  const isUp = await Promise.race([up, exited.then(() => false)]);
  const stop = async (): Promise<void> => {
    holder.stdin.end();
    await exited;
  };
  if (!isUp || holder.pid === undefined) {
    holder.kill('SIGKILL');
    return undefined;
  }
  const enter = [nsenter, '--target', String(holder.pid), '--user', '--mount', '--preserve-credentials'];
  const seen = join(`/proc/${holder.pid}/root`, folder);
  const resize = async (bytes: number): Promise<void> => {
    const [command = '', ...args] = [...enter, '--', 'mount', '-o', `remount,size=${bytes}`, folder];
    await run(command, args);
  };
  return {
    // Whoever enters loses the tie to its parent, so it is made again within.
    within: [...enter, `--wdns=${folder}`, '--', setpriv, '--pdeathsig', 'KILL', '--'],
    async fill() {
      for (let tries = 0; tries < SHRINKS_MAX; tries += 1) {
        const { blocks, bfree, bsize } = await statfs(seen);
        const shrunk = await resize((blocks - bfree) * bsize).then(
          () => true,
          () => false,
        );
        if (shrunk) return true;
      }
      return false;
    },
    free: () => resize(DISK_BYTES),
    stop,
  };
}
