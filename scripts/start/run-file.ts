import { readFile, rm } from 'node:fs/promises';
import type { ServiceName } from '@holdpoint/shared/runtime/config';
import { natsOptions } from '@holdpoint/stack/nats';
import type { AppKeys } from './apps.ts';
import type { Person } from './identity-provider.ts';
import { writePrivately } from './private-file.ts';

/** By this file scripts and checks find their way about what `npm start` runs. It grows by addition only. */
export interface RunFile {
  readonly nats_url: string;
  readonly nats_user?: string;
  readonly nats_pass?: string;
  readonly database_url: string;
  readonly redis_url: string;
  /** The first instance of each. */
  readonly services: Readonly<Record<ServiceName, string>>;
  readonly instances: Readonly<Record<ServiceName, readonly string[]>>;
  readonly pids: Readonly<Record<ServiceName, readonly number[]>>;
  readonly keys: AppKeys;
  readonly people: Readonly<Record<Person, string>>;
  readonly sources: readonly RunFileSource[];
  /** The development server of the example workspace, where it runs. */
  readonly shop?: string;
}

export interface RunFileSource {
  readonly tenant: string;
  readonly id: string;
  readonly provider: string;
  readonly url: string;
  readonly secret: string;
}

/** Apart, since NATS clients take no login from a url. */
export function natsAddress(url: string): Pick<RunFile, 'nats_url' | 'nats_user' | 'nats_pass'> {
  const { servers, user, pass } = natsOptions(url);
  // A token has no field of its own.
  if (user === undefined || pass === undefined) return { nats_url: url };
  return { nats_url: [servers].flat().join(','), nats_user: user, nats_pass: pass };
}

export function writeRunFile(file: string, content: RunFile): Promise<void> {
  return writePrivately(file, content);
}

export async function removeRunFile(file: string): Promise<void> {
  await rm(file, { force: true });
}

/** What an earlier start left because it was killed: the processes it had. */
export async function leftPids(file: string): Promise<number[]> {
  const text = await readFile(file, 'utf8').catch(() => '{}');
  try {
    return Object.values((JSON.parse(text) as Partial<RunFile>).pids ?? {}).flat();
  } catch {
    return [];
  }
}
