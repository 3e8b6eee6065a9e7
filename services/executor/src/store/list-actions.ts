import type { ActionRow } from '@holdpoint/shared/db/schema/actions';
import type { Database } from '@holdpoint/shared/db/schema/index';
import type { ActionState } from '@holdpoint/shared/domain/lifecycle';
import type { Kysely } from 'kysely';

export interface ActionsQuery {
  readonly tenant: string;
  readonly state?: ActionState | undefined;
  readonly entityKey?: string | undefined;
  readonly operator?: string | undefined;
  /** Only those older than this id. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Newest first (ids are UUIDv7). No lock. Asks for one more than the limit, so that the caller knows of a next page. */
export async function listActions(db: Kysely<Database>, query: ActionsQuery): Promise<ActionRow[]> {
  let rows = db.selectFrom('actions').selectAll().where('tenant', '=', query.tenant);
  if (query.state) rows = rows.where('state', '=', query.state);
  if (query.entityKey !== undefined) rows = rows.where('entity_key', '=', query.entityKey);
  if (query.operator) rows = rows.where('operator', '=', query.operator);
  if (query.before) rows = rows.where('id', '<', query.before);
  return rows
    .orderBy('id', 'desc')
    .limit(query.limit + 1)
    .execute();
}
