import pg from 'pg';
import { StackError } from '../stack-error.ts';

/** What the services run as; the migrations grant it its rights, and make it too where this stack did not. */
export const SERVICE_ROLE = 'holdpoint_service';
/** Who the services log in as on an embedded server. */
export const APP_ROLE = 'holdpoint_app';

/** Roles belong to the whole cluster, so other migrations may be making the same one now: both outcomes are fine. */
const CREATE_SERVICE_ROLE = `
  DO $$ BEGIN
    CREATE ROLE ${SERVICE_ROLE} NOLOGIN;
  EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
  END $$`;

const CREATE_APP_ROLE = `
  DO $$ BEGIN
    CREATE ROLE ${APP_ROLE} LOGIN;
  EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
  END $$`;

/** Lets the embedded server's app role log in with its kept password and act as the service role. No locks kept. */
export async function ensureAppRole(ownerUrl: string, password: string): Promise<void> {
  await withClient(ownerUrl, async (client) => {
    await client.query(CREATE_SERVICE_ROLE);
    await client.query(CREATE_APP_ROLE);
    await client.query(`ALTER ROLE ${APP_ROLE} LOGIN PASSWORD ${client.escapeLiteral(password)}`);
    await client.query(`GRANT ${SERVICE_ROLE} TO ${APP_ROLE}`);
  });
}

/** Lets the owner of a given database act as the service role. */
export async function ensureServiceRole(ownerUrl: string): Promise<void> {
  await withClient(ownerUrl, async (client) => {
    const { rows } = await client.query<{ may: boolean | null }>(
      `SELECT pg_has_role(oid, 'MEMBER') AS may FROM pg_roles WHERE rolname = '${SERVICE_ROLE}'`,
    );
    if (rows[0]?.may === true) return;
    try {
      await client.query(CREATE_SERVICE_ROLE);
      await client.query(`GRANT ${SERVICE_ROLE} TO CURRENT_USER`);
    } catch (cause) {
      const why = (cause as Error).message;
      const message = `the owner of the given database can neither make nor act as the role ${SERVICE_ROLE}: ${why}`;
      throw new StackError(`${message}; grant it, or set DATABASE_URL and DATABASE_OWNER_URL both`, { cause });
    }
  });
}

/** Connects for one task. The error event is heard too: a connection that breaks while idle must not end the process. */
export async function withClient<T>(url: string, task: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    return await task(client);
  } finally {
    await client.end().catch(() => {});
  }
}
