import type { ActionRow } from '@holdpoint/shared/db/schema/actions';
import type { Database } from '@holdpoint/shared/db/schema/index';
import type { EventEnvelope } from '@holdpoint/shared/domain/event';
import { type Kysely, sql } from 'kysely';

/** An action as it was decided, with the event that it was decided by. */
export interface Decided {
  readonly action: ActionRow;
  readonly env: EventEnvelope;
}

/** One action of a tenant. No lock: what decided it does not change but by being scored again. */
export async function readDecided(db: Kysely<Database>, id: string, tenant: string): Promise<Decided | undefined> {
  const { rows } = await sql<ActionRow & { env: EventEnvelope }>`
    SELECT a.*, p.env FROM actions a JOIN plans p ON p.id = a.plan
    WHERE a.id = ${id}::uuid AND a.tenant = ${tenant}`.execute(db);
  const [found] = rows;
  if (!found) return undefined;
  const { env, ...action } = found;
  return { action, env };
}
