import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const VERSION_DEADLINE_MS = 5_000;

export type Environment = Readonly<Record<string, string | undefined>>;

export async function onPath(name: string, env: Environment): Promise<string | undefined> {
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    const file = join(folder, name);
    if (folder !== '' && (await isExecutable(file))) return file;
  }
  return undefined;
}

export function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** The first of the candidates that runs here and is new enough. */
export async function firstOfVersion(
  candidates: readonly (string | undefined)[],
  atLeast: string,
): Promise<string | undefined> {
  for (const file of candidates) {
    if (file === undefined) continue;
    const version = await versionOf(file);
    if (version !== undefined && isAtLeast(version, atLeast)) return file;
  }
  return undefined;
}

export function isAtLeast(version: string, least: string): boolean {
  const [have = [], want = []] = [version, least].map((text) =>
    text.split('.').map((part) => Number.parseInt(part, 10)),
  );
  for (const [at, number] of want.entries()) {
    const ours = have[at] ?? 0;
    if (ours !== number) return ours > number;
  }
  return true;
}

/** Undefined when it cannot run here at all (another processor, a C library that is too old). */
export async function versionOf(file: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(file, ['--version'], { timeout: VERSION_DEADLINE_MS });
    return /v?(\d+(?:\.\d+)+)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}
