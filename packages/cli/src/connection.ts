import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createClient, type HoldpointClient } from '@holdpoint/sdk/client';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { z } from 'zod';
import type { Values } from './command-line.ts';
import { environment } from './config.ts';
import { UsageError } from './usage.ts';

/** The part of what `npm start` writes that this needs. */
const runFileSchema = z.object({
  services: z.object({ ingest: z.string(), evaluator: z.string(), executor: z.string(), approvals: z.string() }),
  keys: z.object({ admin: z.string(), operator: z.string() }),
  people: z.record(z.string(), z.string()),
});
type RunFile = z.infer<typeof runFileSchema>;

export interface Connection {
  readonly client: HoldpointClient;
  /** As who it speaks: a person, or whatever the key may do. */
  readonly person: boolean;
}

/**
 * Flags come before the environment, and the environment before what `npm start` wrote. A key is never sent to an address
 * that it was not given with: one from the run file goes to the run file's addresses only.
 */
export async function openConnection(values: Values, typedIn: string): Promise<Connection> {
  const env = environment();
  const url = values.url ?? env.HOLDPOINT_URL;
  const token = values.token ?? (values.key === undefined ? env.HOLDPOINT_TOKEN : undefined);
  const key = values.key ?? env.HOLDPOINT_KEY;
  if (values.as !== undefined && (values.token ?? values.key) !== undefined) {
    throw new UsageError('--as picks a development person; --token or --key says otherwise');
  }
  if (url !== undefined) {
    const credential = token ?? key;
    if (credential === undefined || values.as !== undefined) throw new UsageError('with --url comes --key or --token');
    return { client: createClient({ url, key: credential }), person: token !== undefined };
  }
  const run = await readRunFile(
    values.data === undefined ? resolve(env.HOLDPOINT_DATA ?? '.holdpoint') : resolve(typedIn, values.data),
  );
  const person = values.as === undefined ? token : personOf(run, values.as);
  return {
    client: createClient({ url: run.services, key: person ?? key ?? run.keys.admin }),
    person: person !== undefined,
  };
}

/** The workspace that a command works on: where it is told, else the one of the services. */
export function workspaceDir({ workspace }: Values, typedIn: string): string {
  return workspace === undefined
    ? resolve(environment().HOLDPOINT_WORKSPACE ?? 'workspace')
    : resolve(typedIn, workspace);
}

/** Only people decide; which one is never guessed. */
export function needPerson({ person }: Connection): void {
  if (!person) throw new UsageError('a person decides: add --as alice (or bob, carol, dana), or --token');
}

function personOf(run: RunFile, name: string): string {
  const token = Object.hasOwn(run.people, name) ? run.people[name] : undefined;
  if (token === undefined) throw new UsageError(`--as must be one of ${Object.keys(run.people).join(', ')}`);
  return token;
}

async function readRunFile(dataDir: string): Promise<RunFile> {
  const file = join(dataDir, 'run.json');
  const content = await readFile(file, 'utf8').catch(() => undefined);
  if (content === undefined) {
    throw new HoldpointError(
      'DEPENDENCY_UNAVAILABLE',
      `nothing runs here (${file} is absent): npm start, or --url and --key`,
    );
  }
  return runFileSchema.parse(JSON.parse(content));
}
