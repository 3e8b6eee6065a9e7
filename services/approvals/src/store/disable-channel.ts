import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';

/** Its receiver is gone for good: nothing more is sent to `target`. Of instances that race the last says where it led. */
export async function disableChannel(
  db: Kysely<Database>,
  tenant: string,
  channel: string,
  target: string,
): Promise<void> {
  await sql`
    INSERT INTO disabled_channels (tenant, channel, target) VALUES (${tenant}, ${channel}, ${target})
    ON CONFLICT (channel, tenant) DO UPDATE SET target = excluded.target, disabled_at = excluded.disabled_at`.execute(
    db,
  );
}
