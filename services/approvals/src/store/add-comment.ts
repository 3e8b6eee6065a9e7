import type { Database } from '@holdpoint/shared/db/schema/index';
import { COMMENTS_MAX } from '@holdpoint/shared/domain/approval';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { newId } from '@holdpoint/shared/runtime/ids';
import { withRetry } from '@holdpoint/shared/runtime/postgres';
import { type Kysely, sql } from 'kysely';
import { notFound, type Ruling, refused } from '../core/ruling.ts';
import { shownName, type Voter } from '../core/voter.ts';
import { lockApproval } from './lock-approval.ts';
import { recordStep } from './record-step.ts';

export interface Said {
  readonly tenant: string;
  readonly approvalId: string;
  readonly person: Voter;
  readonly text: string;
}

/**
 * What a person says of an approval without deciding it, open or over: it changes nothing else. Locks the approval, so that of
 * callers that race none is the one too many, and what is told of it is in order.
 */
export async function addComment(db: Kysely<Database>, { tenant, approvalId, person, text }: Said): Promise<Ruling> {
  return withRetry(() =>
    db.transaction().execute(async (tx): Promise<Ruling> => {
      const locked = await lockApproval(tx, tenant, approvalId);
      if (locked === undefined) return refused(notFound());
      const inserted = await sql`
        INSERT INTO approval_comments (id, approval, principal, name, text)
        SELECT ${newId()}, ${locked.id}, ${person.principal}, ${shownName(person)}, ${text}
        WHERE (SELECT count(*) FROM approval_comments WHERE approval = ${locked.id}) < ${COMMENTS_MAX}`.execute(tx);
      if (inserted.numAffectedRows !== 1n) {
        return refused(new HoldpointError('CONFLICT', `it has ${COMMENTS_MAX} comments and takes no more`));
      }
      const [approval] = await recordStep(tx, {
        ids: [locked.id],
        facts: ['commented'],
        actor: person.principal,
        deed: 'comment',
        comment: text,
        moved: new Set(),
      });
      if (approval === undefined) throw new Error(`approval ${locked.id} vanished under its lock`);
      return { kind: 'ruled', approval, changed: true };
    }),
  );
}
