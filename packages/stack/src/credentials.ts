import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StackError } from './stack-error.ts';

const NAMES = ['postgresOwner', 'postgresApp', 'nats', 'redis'] as const;

/** Passwords of the embedded servers: made once, kept with the data they open. */
export type Credentials = Readonly<Record<(typeof NAMES)[number], string>>;

export async function keptCredentials(dataDir: string): Promise<Credentials> {
  const file = join(dataDir, 'credentials.json');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text !== undefined) return parse(file, text);
  const made = Object.fromEntries(NAMES.map((name) => [name, randomBytes(24).toString('hex')])) as Credentials;
  // Renamed into place: a crash in the middle must not leave half a file beside a cluster that has the passwords.
  await writeFile(`${file}.new`, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return made;
}

function parse(file: string, text: string): Credentials {
  try {
    const kept: unknown = JSON.parse(text);
    if (isCredentials(kept)) return kept;
  } catch {
    // Told below, with the name of the file.
  }
  throw new StackError(`${file} is damaged: without its passwords the data beside it cannot be opened`);
}

function isCredentials(kept: unknown): kept is Credentials {
  if (typeof kept !== 'object' || kept === null) return false;
  return NAMES.every((name) => /^[\w-]{16,}$/.test(String((kept as Record<string, unknown>)[name])));
}
