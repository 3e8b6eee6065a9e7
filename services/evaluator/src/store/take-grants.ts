import type { Database } from '@holdpoint/shared/db/schema/index';
import { sql, type Transaction } from 'kysely';
import type { NewApproval } from '../core/approval-request.ts';
import { createGrantLedger, type GrantLedger, type Holding, isFor, type OpenGrant } from '../core/cover.ts';

/**
 * The standing grants that are for any of these lines, held until the commit. Takes the grants' row locks, in order of id, and
 * looks in the next statement: of two callers the second sees what the first spent, and whoever revokes has done so before or
 * does so after. After limits, before lanes. Those that are for other lines are neither locked nor waited for.
 */
export async function takeGrants(tx: Transaction<Database>, holdings: readonly Holding[]): Promise<GrantLedger> {
  const ids = holdings.length === 0 ? [] : await findGrants(tx, holdings);
  if (ids.length === 0) return createGrantLedger([]);
  await sql`SELECT 1 FROM standing_grants WHERE id = ANY (${ids}::uuid[]) ORDER BY id FOR UPDATE`.execute(tx);
  return createGrantLedger(await readOpen(tx, ids));
}

type Row = Omit<OpenGrant, 'until'> & { readonly until: Date };

const columns = sql`g.id, g.tenant, g.operator, g.connector, g.tool, g.args, g.max_value, g.until, g.audiences, g.reason,
  g.granted_by AS principal, g.granted_by_name AS name, g.uses, g.uses_left AS "usesLeft"`;

/** By class, then by what each says of arguments and value: that never changes, so it may be looked at before the lock. */
async function findGrants(tx: Transaction<Database>, holdings: readonly Holding[]): Promise<string[]> {
  const classes = new Map(
    holdings.map(({ tenant, operator, line: { connector, tool } }) => [
      `${tenant} ${operator} ${connector} ${tool}`,
      { tenant, operator, connector, tool },
    ]),
  );
  // now(), which is no later than this statement: unlike clock_timestamp() it lets the index pass over what has ended.
  const { rows } = await sql<Row>`
    SELECT ${columns}
    FROM jsonb_to_recordset(${JSON.stringify([...classes.values()])}::jsonb)
      AS c (tenant text, operator text, connector text, tool text)
    CROSS JOIN LATERAL (
      SELECT * FROM standing_grants s WHERE s.operator = c.operator AND s.connector = c.connector AND s.tool = c.tool
        AND s.tenant = c.tenant AND s.open AND s.until > now() OFFSET 0) g`.execute(tx);
  return rows.filter((grant) => holdings.some((holding) => isFor(grant, holding))).map(({ id }) => id);
}

async function readOpen(tx: Transaction<Database>, ids: readonly string[]): Promise<OpenGrant[]> {
  const { rows } = await sql<Row>`
    SELECT ${columns} FROM standing_grants g
    WHERE g.id = ANY (${ids}::uuid[]) AND g.open AND g.until > clock_timestamp()`.execute(tx);
  return rows.map((row) => ({ ...row, until: row.until.toISOString() }));
}

/** Writes down what approvals spent of grants that this transaction holds. An action spends a grant once: the key refuses a second time. */
export async function spendGrants(tx: Transaction<Database>, approvals: readonly NewApproval[]): Promise<void> {
  const uses = approvals.flatMap(({ id, action, spends }) =>
    spends.map((spend) => ({ ...spend, action, approval: id })),
  );
  if (uses.length === 0) return;
  const json = JSON.stringify(uses);
  await sql`
    INSERT INTO standing_grant_uses (standing_grant, action, approval, uses_left)
    SELECT standing_grant, action, approval, uses_left FROM jsonb_to_recordset(${json}::jsonb)
      AS u (standing_grant uuid, action uuid, approval uuid, uses_left integer)`.execute(tx);
  await sql`
    UPDATE standing_grants g SET uses_left = g.uses_left - u.spent, last_used_at = clock_timestamp()
    FROM (
      SELECT standing_grant, count(*)::integer AS spent FROM jsonb_to_recordset(${json}::jsonb) AS u (standing_grant uuid)
      GROUP BY standing_grant) u
    WHERE g.id = u.standing_grant`.execute(tx);
}
