/**
 * Registers an app, or replaces what it may do. Its key is printed on standard output, once, when it is made: what is kept of
 * it is a digest. Run again, the key stays.
 */
import { parseArgs } from 'node:util';
import { findAppById, registerApp } from '@holdpoint/shared/db/apps';
import type { Scope } from '@holdpoint/shared/db/schema/apps';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { nameSchema } from '@holdpoint/shared/domain/names';
import { API_KEY_PREFIX, hashApiKey } from '@holdpoint/shared/runtime/auth';
import { newToken } from '@holdpoint/shared/runtime/ids';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import { environment } from './start/config.ts';

const USAGE = `node scripts/create-app.ts --id ID --tenant TENANT --scope SCOPE… [--operator NAME…] [--new-key]

  --scope SCOPE    what it may do: plan, read, admin or platform; may be repeated
  --operator NAME  whom it may propose as (default: any operator of its tenant); may be repeated
  --new-key        replaces the key of an app that is there; the old one ends within 10 s

  DATABASE_OWNER_URL must name the database's owner.`;

const SCOPES: readonly Scope[] = ['plan', 'read', 'admin', 'platform'];

interface Options {
  readonly id: string;
  readonly tenant: string;
  readonly scopes: Scope[];
  /** None: any of the tenant. */
  readonly operators: string[] | null;
  readonly newKey: boolean;
}

try {
  const options = readOptions(process.argv.slice(2));
  const { DATABASE_OWNER_URL: ownerUrl } = environment();
  if (!ownerUrl) throw new Error('DATABASE_OWNER_URL: is required');
  const key = await createApp(ownerUrl, options);
  console.error(`${options.id} of ${options.tenant} may ${options.scopes.join(', ')}${key ? '' : '; its key stays'}`);
  if (key) console.log(key);
} catch (error) {
  console.error(`create-app: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      id: { type: 'string' },
      tenant: { type: 'string' },
      scope: { type: 'string', multiple: true },
      operator: { type: 'string', multiple: true },
      'new-key': { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  return {
    id: nameOf('--id', values.id),
    tenant: nameOf('--tenant', values.tenant),
    scopes: scopesOf(values.scope ?? []),
    operators: values.operator?.map((name) => nameOf('--operator', name)) ?? null,
    newKey: values['new-key'] ?? false,
  };
}

function nameOf(option: string, text: string | undefined): string {
  if (text === undefined) throw new Error(`${option} is required; --help tells more`);
  const name = nameSchema.safeParse(text);
  if (!name.success) throw new Error(`${option} ${name.error.issues[0]?.message}`);
  return name.data;
}

function scopesOf(texts: readonly string[]): Scope[] {
  const scopes = SCOPES.filter((scope) => texts.includes(scope));
  if (scopes.length > 0 && texts.every((text) => (SCOPES as readonly string[]).includes(text))) return scopes;
  throw new Error(`--scope must be one or several of ${SCOPES.join(', ')}`);
}

/** The key, where a new one was made. */
async function createApp(ownerUrl: string, options: Options): Promise<string | undefined> {
  const db = createDatabase<Database>(createPool({ url: ownerUrl, applicationName: 'holdpoint-create-app', max: 1 }));
  try {
    const known = await findAppById(db, options.id);
    if (known && known.tenant !== options.tenant) throw new Error(`${options.id} belongs to another tenant`);
    if (known?.revoked_at && !options.newKey) throw new Error(`${options.id} is revoked; --new-key brings it back`);
    const key = known && !options.newKey ? undefined : `${API_KEY_PREFIX}${newToken()}`;
    await registerApp(db, {
      id: options.id,
      tenant: options.tenant,
      key_hash: key === undefined ? (known?.key_hash ?? '') : hashApiKey(key),
      scopes: options.scopes,
      operators: options.operators,
      audiences: known?.audiences ?? [],
    });
    return key;
  } finally {
    await db.destroy();
  }
}
