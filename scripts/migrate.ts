/**
 * Brings the database to the newest schema and to the indexes that the workspace's connectors declare, then lets the login of
 * `DATABASE_URL`, where that is set, act as the restricted role. Harmless when run again. Ends with 0, or with 1 and the reason.
 */
import { resolve } from 'node:path';
import { ensureEntityIndexes } from '@holdpoint/shared/db/entities/entity-indexes';
import { migrate } from '@holdpoint/shared/db/migrate';
import { ensureServiceLogin } from '@holdpoint/shared/db/service-login';
import { loadEntities } from '@holdpoint/shared/workspace/tools';
import { environment } from './start/config.ts';

const { DATABASE_OWNER_URL: ownerUrl, DATABASE_URL: serviceUrl, HOLDPOINT_WORKSPACE: workspace } = environment();
if (!ownerUrl) {
  console.error('migrate: DATABASE_OWNER_URL: is required');
  process.exit(1);
}

try {
  const { applied } = await migrate(ownerUrl);
  console.log(applied.length > 0 ? `migrated: ${applied.join(', ')}` : 'the database is current');
  const { made, dropped } = await ensureEntityIndexes(ownerUrl, await loadEntities(resolve(workspace || 'workspace')));
  if (made + dropped > 0) console.log(`indexes of entities: ${made} made, ${dropped} dropped`);
  if (serviceUrl) console.log(`services log in as ${(await ensureServiceLogin(ownerUrl, serviceUrl)).user}`);
} catch (error) {
  console.error(`migrate: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
