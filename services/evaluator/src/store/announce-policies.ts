import { writeReceipts } from '@holdpoint/shared/db/receipts';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql, type Transaction } from 'kysely';
import { type Compared, policyChanges, type ShownSet } from '../core/policy-changes.ts';

/** Tenants a transaction, so that a large workspace holds no lock for long. */
const TENANTS_MAX = 50;

/**
 * Says which policies are in force from now on, by tenant: where they are others than were said last, by whomever, one receipt.
 * Locks the tenants' rows, sorted; of several that say the same at once, the first writes it. Returns how many it wrote.
 */
export async function announcePolicies(
  db: Kysely<Database>,
  sets: ReadonlyMap<string, ShownSet>,
  compared: ReadonlyMap<string, Compared>,
  newId: () => string,
): Promise<number> {
  const tenants = [...sets.keys()].sort();
  let written = 0;
  for (let from = 0; from < tenants.length; from += TENANTS_MAX) {
    const some = tenants.slice(from, from + TENANTS_MAX);
    const changed = await findOthers(db, some, sets);
    if (changed.length === 0) continue;
    written += await db.transaction().execute((tx) => announceSome(tx, changed, { sets, compared }, newId));
  }
  return written;
}

/** Without a lock, for the usual case that nobody has anything to say. */
async function findOthers(
  db: Kysely<Database>,
  tenants: readonly string[],
  sets: ReadonlyMap<string, ShownSet>,
): Promise<string[]> {
  const { rows } = await sql<{ tenant: string; version: string }>`
    SELECT tenant, version FROM policy_sets WHERE tenant = ANY(${tenants}::text[])`.execute(db);
  const versions = new Map(rows.map(({ tenant, version }) => [tenant, version]));
  return tenants.filter((tenant) => versions.get(tenant) !== sets.get(tenant)?.version);
}

async function announceSome(
  tx: Transaction<Database>,
  tenants: readonly string[],
  {
    sets,
    compared,
  }: { readonly sets: ReadonlyMap<string, ShownSet>; readonly compared: ReadonlyMap<string, Compared> },
  newId: () => string,
): Promise<number> {
  // A row to lock for each, also where there is none yet; an empty version is nobody's.
  await sql`
    INSERT INTO policy_sets (tenant, version, policies) SELECT tenant, '', '[]' FROM unnest(${tenants}::text[]) AS tenant
    ON CONFLICT DO NOTHING`.execute(tx);
  const { rows } = await sql<ShownSet & { tenant: string }>`
    SELECT tenant, version, policies FROM policy_sets WHERE tenant = ANY(${tenants}::text[])
    ORDER BY tenant FOR UPDATE`.execute(tx);
  const changes = rows.flatMap(({ tenant, ...row }) => {
    const set = sets.get(tenant);
    if (!set || row.version === set.version) return [];
    return [{ tenant, set, reasons: policyChanges(row.version === '' ? undefined : row, set, compared.get(tenant)) }];
  });
  if (changes.length === 0) return 0;
  const updates = changes.map(({ tenant, set }) => ({ tenant, version: set.version, policies: set.policies }));
  await sql`
    UPDATE policy_sets p SET version = u.version, policies = u.policies, changed_at = clock_timestamp()
    FROM jsonb_to_recordset(${JSON.stringify(updates)}::jsonb) AS u (tenant text, version text, policies jsonb)
    WHERE p.tenant = u.tenant`.execute(tx);
  await writeReceipts(
    tx,
    changes.map(({ tenant, set, reasons }) => ({
      id: newId(),
      tenant,
      kind: 'policy_change',
      actor: 'evaluator',
      policy_version: set.version,
      reasons,
    })),
  );
  return changes.length;
}
