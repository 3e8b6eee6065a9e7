import { readFile } from 'node:fs/promises';
import { registerApp } from '@holdpoint/shared/db/apps';
import type { Scope } from '@holdpoint/shared/db/schema/apps';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { sha256 } from '@holdpoint/shared/domain/digest';
import { newToken } from '@holdpoint/shared/runtime/ids';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import { isAbsent, writePrivately } from './private-file.ts';

/** What each development app may do. None is bound to one operator: that is for real ones. */
const SCOPES = {
  admin: ['plan', 'read', 'admin'],
  operator: ['plan', 'read'],
  platform: ['platform'],
} as const satisfies Record<string, readonly Scope[]>;

export type AppKeys = Readonly<Record<keyof typeof SCOPES, string>>;

/** Registers the development apps of a tenant, with keys that stay the same between starts. */
export async function registerDevelopmentApps(ownerUrl: string, keyFile: string, tenant: string): Promise<AppKeys> {
  const keys = await keptKeys(keyFile);
  const db = createDatabase<Database>(createPool({ url: ownerUrl, applicationName: 'holdpoint-start', max: 1 }));
  try {
    for (const name of Object.keys(SCOPES) as (keyof typeof SCOPES)[]) {
      await registerApp(db, {
        id: `development-${name}`,
        tenant,
        key_hash: sha256(keys[name]),
        scopes: [...SCOPES[name]],
        operators: null,
        audiences: [],
      });
    }
  } finally {
    await db.destroy();
  }
  return keys;
}

async function keptKeys(file: string): Promise<AppKeys> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as AppKeys;
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
  const keys = Object.fromEntries(Object.keys(SCOPES).map((name) => [name, `hp_${newToken()}`])) as AppKeys;
  await writePrivately(file, keys);
  return keys;
}
