import type { Database } from '@holdpoint/shared/db/schema/index';
import type { Approval } from '@holdpoint/shared/domain/approval';
import { type Kysely, sql } from 'kysely';
import { type Given, outboxMessages } from './fixtures.ts';

/** All that is left of one question: what it is, what its action is, and everything that was written and told of it, in order. */
export interface Aftermath {
  readonly status: Approval['status'];
  readonly state: string;
  /** Votes as they stand: `alice approve`. */
  readonly votes: readonly string[];
  readonly reminders: number;
  /** Of its receipts: `approve rescore`. */
  readonly receipts: readonly string[];
  /** Of its facts, the approval's and its action's: `voted`, `outcome denied`. */
  readonly facts: readonly string[];
}

/** Of many at once, so that a thousand rounds need no three thousand queries. Only where no instance relays. */
export async function aftermathOf(owner: Kysely<Database>, questions: readonly Given[]): Promise<Aftermath[]> {
  const [rows, facts] = await Promise.all([readRows(owner, questions), readFacts(owner)]);
  return questions.map(({ approvalId, actionId }) => {
    const row = rows.get(approvalId);
    if (row === undefined) throw new Error(`approval ${approvalId} is gone`);
    return { ...row, facts: [...(facts.get(approvalId) ?? []), ...(facts.get(actionId) ?? [])] };
  });
}

type Row = Omit<Aftermath, 'facts'>;

async function readRows(owner: Kysely<Database>, questions: readonly Given[]): Promise<Map<string, Row>> {
  const ids = questions.map(({ approvalId }) => approvalId);
  const { rows } = await sql<Row & { id: string }>`
    SELECT p.id, p.status, a.state, p.reminders,
      ARRAY(SELECT split_part(v.principal, '|', 2) || ' ' || v.vote FROM votes v WHERE v.approval = p.id
        ORDER BY v.principal) AS votes,
      ARRAY(SELECT split_part(r.reasons -> 0 ->> 'message', ':', 1) || coalesce(' ' || r.outcome, '')
        FROM receipts r WHERE r.action = a.id ORDER BY r.id) AS receipts
    FROM approvals p JOIN actions a ON a.id = p.action WHERE p.id = ANY (${ids}::uuid[])`.execute(owner);
  return new Map(rows.map(({ id, ...row }) => [id, row]));
}

async function readFacts(owner: Kysely<Database>): Promise<Map<string, string[]>> {
  const byId = new Map<string, string[]>();
  const tell = (id: string, fact: string) => byId.set(id, [...(byId.get(id) ?? []), fact]);
  for (const { subject, body } of await outboxMessages(owner)) {
    const [stream, , fact = ''] = subject.split('.');
    const { id, items = [] } = body as { id: string; items?: readonly { action_id: string }[] };
    if (stream === 'approvals') tell(id, fact);
    else for (const { action_id: actionId } of items) tell(actionId, `outcome ${fact}`);
  }
  return byId;
}
