import { writeReceipts } from '@holdpoint/shared/db/receipts';
import type { FreezeRow } from '@holdpoint/shared/db/schema/freezes';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql, type Transaction } from 'kysely';

/** Stops claims at once, with its receipt. No lock: it is read by every claim after its commit. */
export async function addFreeze(
  db: Kysely<Database>,
  freeze: Pick<FreezeRow, 'id' | 'tenant' | 'operator' | 'connector' | 'tool' | 'reason' | 'frozen_by'>,
  receiptId: string,
): Promise<FreezeRow> {
  return db.transaction().execute(async (tx) => {
    const row = await tx
      .insertInto('freezes')
      .values({ ...freeze, lifted_at: null, lifted_by: null })
      .returningAll()
      .executeTakeFirstOrThrow();
    await writeFreezeReceipt(tx, row, { id: receiptId, actor: freeze.frozen_by, outcome: 'frozen' });
    return row;
  });
}

/** Locks the rows; of two callers the second finds nothing to lift. Empty: none of the tenant stands. */
export async function liftFreezes(
  db: Kysely<Database>,
  query: { readonly tenant: string | undefined; readonly actor: string } & (
    | { readonly id: string }
    | { readonly scope: Pick<FreezeRow, 'operator' | 'connector' | 'tool'> }
  ),
  newReceiptId: () => string,
): Promise<FreezeRow[]> {
  return db.transaction().execute(async (tx) => {
    let lifted = tx
      .updateTable('freezes')
      .set({ lifted_at: sql<Date>`clock_timestamp()`, lifted_by: query.actor })
      .where('lifted_at', 'is', null);
    if (query.tenant !== undefined) lifted = lifted.where('tenant', '=', query.tenant);
    if ('id' in query) {
      lifted = lifted.where('id', '=', query.id);
    } else {
      const { operator, connector, tool } = query.scope;
      lifted = lifted
        .where('operator', 'is not distinct from', operator)
        .where('connector', 'is not distinct from', connector)
        .where('tool', 'is not distinct from', tool);
    }
    const rows = await lifted.returningAll().execute();
    for (const row of rows) {
      await writeFreezeReceipt(tx, row, { id: newReceiptId(), actor: query.actor, outcome: 'lifted' });
    }
    return rows;
  });
}

/** Newest first; also those that were lifted, where asked. No lock. */
export async function listFreezes(
  db: Kysely<Database>,
  query: {
    readonly tenant: string;
    readonly lifted: boolean;
    readonly before?: string | undefined;
    readonly limit: number;
  },
): Promise<FreezeRow[]> {
  let rows = db.selectFrom('freezes').selectAll().where('tenant', '=', query.tenant);
  if (!query.lifted) rows = rows.where('lifted_at', 'is', null);
  if (query.before) rows = rows.where('id', '<', query.before);
  return rows
    .orderBy('id', 'desc')
    .limit(query.limit + 1)
    .execute();
}

async function writeFreezeReceipt(
  tx: Transaction<Database>,
  { tenant, operator, connector, tool, reason }: FreezeRow,
  { id, actor, outcome }: { id: string; actor: string; outcome: string },
): Promise<void> {
  await writeReceipts(tx, [{ id, tenant, kind: 'freeze', actor, operator, connector, tool, outcome, error: reason }]);
}
