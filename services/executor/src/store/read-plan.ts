import type { EndOfOriginal } from '@holdpoint/shared/db/action-views';
import type { ActionRow } from '@holdpoint/shared/db/schema/actions';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';

/**
 * A plan's lines in their order, each with how it, or what it duplicates, ended. By its operator's id it is the newest that
 * any operator of the tenant called so. Undefined: no such plan. No lock.
 */
export async function readPlan(
  db: Kysely<Database>,
  by: { readonly id: string } | { readonly planId: string },
  tenant: string | undefined,
): Promise<{ id: string; plan_id: string; erased_at: Date | null; lines: (ActionRow & EndOfOriginal)[] } | undefined> {
  let plans = db.selectFrom('plans').select(['id', 'plan_id', 'erased_at']);
  plans =
    'id' in by ? plans.where('id', '=', by.id) : plans.where('plan_id', '=', by.planId).orderBy('id', 'desc').limit(1);
  if (tenant !== undefined) plans = plans.where('tenant', '=', tenant);
  const plan = await plans.executeTakeFirst();
  if (!plan) return undefined;
  const { rows } = await sql<ActionRow & EndOfOriginal>`
    SELECT a.*, o.state AS end_state, o.result AS end_result, o.error AS end_error, o.updated_at AS end_at
    FROM actions a JOIN actions o ON o.id = coalesce(a.duplicate_of, a.id)
    WHERE a.plan = ${plan.id}::uuid ORDER BY a.index`.execute(db);
  return { ...plan, lines: rows };
}
