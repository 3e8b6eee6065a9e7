/**
 * Brings the database to the newest schema and to the indexes that the workspace's connectors declare, then lets the login of
 * `DATABASE_URL`, where that is set, act as the restricted role. Where `NATS_OWNER_URL` is set, makes the streams and durables
 * that the services and the workspace's operators read. Harmless when run again. Ends with 0, or with 1 and the reason.
 */
import { resolve } from 'node:path';
import { workspaceOperators } from '@holdpoint/sdk/workspace-operators';
import { ensureEntityIndexes } from '@holdpoint/shared/db/entities/entity-indexes';
import { migrate } from '@holdpoint/shared/db/migrate';
import { ensureServiceLogin } from '@holdpoint/shared/db/service-login';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import { connectNats } from '@holdpoint/shared/runtime/nats';
import { prepareNats } from '@holdpoint/shared/runtime/prepare-nats';
import { loadEntities } from '@holdpoint/shared/workspace/tools';
import { environment } from './start/config.ts';

const {
  DATABASE_OWNER_URL: ownerUrl,
  DATABASE_URL: serviceUrl,
  NATS_OWNER_URL: natsUrl,
  HOLDPOINT_WORKSPACE,
  HOLDPOINT_TENANT: tenant,
} = environment();
const workspace = resolve(HOLDPOINT_WORKSPACE || 'workspace');
const NATS_MAX_MS = 30_000;

if (!ownerUrl) {
  console.error('migrate: DATABASE_OWNER_URL: is required');
  process.exit(1);
}

try {
  const { applied } = await migrate(ownerUrl);
  console.log(applied.length > 0 ? `migrated: ${applied.join(', ')}` : 'the database is current');
  const { made, dropped } = await ensureEntityIndexes(ownerUrl, await loadEntities(workspace));
  if (made + dropped > 0) console.log(`indexes of entities: ${made} made, ${dropped} dropped`);
  if (serviceUrl) console.log(`services log in as ${(await ensureServiceLogin(ownerUrl, serviceUrl)).user}`);
  if (natsUrl) console.log(`durables of ${await prepareOperators(natsUrl)} operators are there`);
} catch (error) {
  console.error(`migrate: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

/** How many operators there are. */
async function prepareOperators(url: string): Promise<number> {
  const operators = await workspaceOperators(workspace, tenant || undefined);
  const logger = createLogger({ service: 'migrate', level: 'warn', instance: 'migrate' });
  const nats = await connectNats({ url, name: 'migrate', logger, signal: AbortSignal.timeout(NATS_MAX_MS) });
  try {
    await prepareNats(nats, operators, logger);
  } finally {
    await nats.close();
  }
  return operators.length;
}
