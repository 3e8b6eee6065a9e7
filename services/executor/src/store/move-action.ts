import type { ActionRow } from '@holdpoint/shared/db/schema/actions';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { type ActionState, mayMove } from '@holdpoint/shared/domain/lifecycle';
import type { ReceiptKind } from '@holdpoint/shared/domain/receipt';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Intervention } from '../core/intervention.ts';

/** Who did it, and what they said. */
export interface Said {
  readonly actor: string;
  readonly note: string | null;
}

/**
 * What a person does to an action: lock its row, let `decide` say what follows, write that with receipt and outcome, all in one
 * transaction. Of two callers the second finds what the first left. Undefined: there is no such action in the tenant.
 */
export async function moveAction(
  db: Kysely<Database>,
  query: { readonly id: string; readonly tenant: string | undefined },
  decide: (row: ActionRow) => Intervention,
  said: Said,
): Promise<{ before: ActionRow; after: ActionRow } | undefined> {
  return db.transaction().execute(async (tx) => {
    let locked = tx.selectFrom('actions').selectAll().where('id', '=', query.id);
    if (query.tenant !== undefined) locked = locked.where('tenant', '=', query.tenant);
    const before = await locked.forUpdate().executeTakeFirst();
    if (!before) return undefined;
    const what = decide(before);
    if (what.to !== before.state && !mayMove(before.state, what.to, 'person')) {
      throw new Error(`a person cannot move an action from ${before.state} to ${what.to}`);
    }
    await tx
      .updateTable('actions')
      .set({
        state: what.to,
        error: what.error === undefined ? before.error : what.error,
        next_attempt_at: null,
        // A person's word settles what was open; being due sooner does not.
        unsure: what.receipt === 'settlement' ? false : before.unsure,
        updated_at: sql<Date>`clock_timestamp()`,
        // What had left its lane joins the tail: there may be others at work.
        ...(what.to === 'queued' &&
          before.lane_id !== null &&
          before.lane_seq === null && { lane_seq: sql<number>`take_place(${before.lane_id}::bigint)` }),
      })
      .where('id', '=', before.id)
      .where('state', '=', before.state)
      .execute();
    await tell(tx, before.id, what.receipt, what.announce ? what.to : undefined, said);
    const after = await tx.selectFrom('actions').selectAll().where('id', '=', before.id).executeTakeFirstOrThrow();
    return { before, after };
  });
}

async function tell(
  tx: Transaction<Database>,
  id: string,
  kind: ReceiptKind,
  announced: ActionState | undefined,
  { actor, note }: Said,
): Promise<void> {
  await sql`SELECT receipt_actions(ARRAY[${id}::uuid], ${kind}, ${actor}, ${note})`.execute(tx);
  if (announced !== undefined) await sql`SELECT announce_outcomes(ARRAY[${id}::uuid])`.execute(tx);
}
