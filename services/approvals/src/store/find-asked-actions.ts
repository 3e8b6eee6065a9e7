import type { Database } from '@holdpoint/shared/db/schema/index';
import type { GrantClass } from '@holdpoint/shared/domain/standing-grant';
import { type Kysely, sql } from 'kysely';
import type { AskedAction } from '../core/grant-preview.ts';

/** A page of the last questions about held actions of a class, the newest first, beyond `before`. One index range. No lock. */
export async function findAskedActions(
  db: Kysely<Database>,
  tenant: string,
  { operator, connector, tool }: Pick<GrantClass, 'operator' | 'connector' | 'tool'>,
  { before, limit }: { readonly before: string | undefined; readonly limit: number },
): Promise<{ readonly id: string; readonly asked: AskedAction }[]> {
  const older = before === undefined ? sql`` : sql`AND p.id < ${before}::uuid`;
  const { rows } = await sql<Omit<AskedAction, 'at'> & { id: string; at: Date }>`
    SELECT p.id, p.action AS action_id, p.created_at AS at, p.entity_key, p.value, p.args FROM approvals p
    WHERE p.tool = ${tool} AND p.connector = ${connector} AND p.operator = ${operator} AND p.tenant = ${tenant}
      AND p.mode = 'hold' AND p.action IS NOT NULL AND p.erased_at IS NULL ${older}
    ORDER BY p.id DESC LIMIT ${limit}`.execute(db);
  return rows.map(({ id, at, ...asked }) => ({ id, asked: { ...asked, at: at.toISOString() } }));
}
