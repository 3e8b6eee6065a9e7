import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';
import type { AskedQuestion } from '../core/grant-rules.ts';

/** An approval as far as a grant begins from it. No lock: what decides about it never changes but by an escalation. */
export async function readAskedQuestion(
  db: Kysely<Database>,
  tenant: string,
  id: string,
): Promise<AskedQuestion | undefined> {
  const { rows } = await sql<AskedQuestion>`
    SELECT p.id, p.requester, p.on_behalf_of, p.requirements, p.self_approval,
      CASE WHEN p.action IS NOT NULL AND p.erased_at IS NULL THEN jsonb_build_object('operator', p.operator,
        'connector', p.connector, 'tool', p.tool, 'args', p.args, 'value', p.value) END AS line
    FROM approvals p WHERE p.id = ${id} AND p.tenant = ${tenant}`.execute(db);
  return rows[0];
}
