import type pg from 'pg';
import { StackError } from '../stack-error.ts';
import { until } from '../until.ts';
import { withClient } from './roles.ts';

const COPY_DEADLINE_MS = 20_000;
const OBJECT_IN_USE = '55006';
const DUPLICATE_DATABASE = '42P04';
// Any constant does: it only keeps the copiers of one cluster apart.
const COPY_LOCK = 7_240_001;

/** Makes the database if it is not there yet; two callers at once both succeed. */
export async function ensureDatabase(adminUrl: string, name: string): Promise<void> {
  await withClient(adminUrl, async (client) => {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (rowCount !== 0) return;
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`).catch(ignore(DUPLICATE_DATABASE));
  });
}

/** Nobody may connect to the template from here on: a copy is refused while someone does. */
export async function sealTemplate(adminUrl: string, name: string): Promise<void> {
  await withClient(adminUrl, async (client) => {
    await client.query(`ALTER DATABASE ${client.escapeIdentifier(name)} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false`);
  });
}

/** Copies one at a time (advisory lock), again while the template is in use. */
export async function copyDatabase(adminUrl: string, template: string, name: string): Promise<void> {
  await withClient(adminUrl, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [COPY_LOCK]);
    const copied = await until(() => tryCopy(client, template, name), COPY_DEADLINE_MS);
    if (copied === undefined) throw new StackError(`the template ${template} was in use for ${COPY_DEADLINE_MS} ms`);
  });
}

/** Ends whoever is still connected. */
export async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  await withClient(adminUrl, async (client) => {
    await client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(name)} WITH (FORCE)`);
  });
}

async function tryCopy(client: pg.Client, template: string, name: string): Promise<true | undefined> {
  const [to, from] = [client.escapeIdentifier(name), client.escapeIdentifier(template)];
  return client.query(`CREATE DATABASE ${to} TEMPLATE ${from}`).then(() => true as const, ignore(OBJECT_IN_USE));
}

function ignore(code: string): (error: unknown) => undefined {
  return (error) => {
    if ((error as { code?: string }).code !== code) throw error;
  };
}
