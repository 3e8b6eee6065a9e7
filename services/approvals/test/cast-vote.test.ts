import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cancelApproval } from '../src/store/cancel.ts';
import { type Ballot, castVote } from '../src/store/cast-vote.ts';
import { expireDue } from '../src/store/expire.ts';
import {
  actionState,
  approvalStatus,
  type Bench,
  eventually,
  type Given,
  givenApproval,
  ISSUER,
  openBench,
  outboxMessages,
  receiptsOf,
  TENANT,
  voter,
} from './fixtures.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.stop());
beforeEach(() => bench.owner.deleteFrom('outbox').execute());

const given = (how?: Parameters<typeof givenApproval>[1]) => givenApproval(bench.owner, how);

function cast({ approvalId }: Given, subject: string, more: Partial<Ballot> = {}) {
  return castVote(bench.db, {
    tenant: TENANT,
    approvalId,
    voter: voter(subject),
    vote: 'approve',
    comment: null,
    ...more,
  });
}

async function codeOf(ruling: ReturnType<typeof castVote>): Promise<string> {
  const settled = await ruling;
  return settled.kind === 'ruled' ? settled.approval.status : settled.error.code;
}

describe('an approval', () => {
  it('is granted by one vote: the action is scored again, with one receipt and two facts', async () => {
    const question = await given();
    const ruling = await cast(question, 'alice', { comment: 'looks right' });

    expect(ruling).toMatchObject({ kind: 'ruled', changed: true, approval: { status: 'granted' } });
    expect(await actionState(bench.db, question.actionId)).toBe('rescore');
    const receipts = await receiptsOf(bench.db, question.actionId);
    expect(receipts).toHaveLength(1);
    expect(receipts[0]).toMatchObject({
      kind: 'approval',
      actor: `${ISSUER}|alice`,
      outcome: 'rescore',
      digest: 'd1',
      tenant: TENANT,
      connector: 'shop',
      idempotency_key: `key-${question.actionId}`,
    });
    expect(receipts[0]?.reasons?.map(({ message }) => message)).toContain('looks right');
    const messages = await outboxMessages(bench.db);
    expect(messages.map(({ subject }) => subject)).toEqual([
      'approvals.acme.voted.order-risk',
      'approvals.acme.granted.order-risk',
    ]);
    expect(messages[0]?.body).toMatchObject({ status: 'pending', votes: [{ vote: 'approve' }] });
    expect(messages[1]).toMatchObject({ id: receipts[0]?.id, body: { id: question.approvalId, status: 'granted' } });
  });

  it('is denied at once by one of a quorum, with the outcome told', async () => {
    const question = await given({ requirements: [{ audience: 'reviewer', quorum: 2 }] });
    expect(await codeOf(cast(question, 'alice'))).toBe('pending');
    expect(await actionState(bench.db, question.actionId)).toBe('held');
    expect(await codeOf(cast(question, 'bob', { vote: 'deny', comment: 'wrong order' }))).toBe('denied');

    expect(await actionState(bench.db, question.actionId)).toBe('denied');
    const subjects = (await outboxMessages(bench.db)).map(({ subject }) => subject);
    expect(subjects).toContain('outcomes.acme.denied.order-risk');
    expect(subjects).toContain('approvals.acme.denied.order-risk');
    const receipts = await receiptsOf(bench.db, question.actionId);
    expect(receipts.map(({ outcome }) => outcome)).toEqual([null, 'denied']);
    expect(await codeOf(cast(question, 'carol'))).toBe('APPROVAL_ALREADY_DECIDED');
  });

  it('leaves the action alone in mode alongside', async () => {
    const granted = await given({ mode: 'alongside' });
    const denied = await given({ mode: 'alongside', state: 'applied' });
    expect(await codeOf(cast(granted, 'alice'))).toBe('granted');
    expect(await codeOf(cast(denied, 'alice', { vote: 'deny', comment: 'no' }))).toBe('denied');
    const rescored = await given({ mode: 'alongside', state: 'held' });
    expect(await codeOf(cast(rescored, 'alice'))).toBe('granted');
    expect(await actionState(bench.db, rescored.actionId)).toBe('held');
    expect(await actionState(bench.db, granted.actionId)).toBe('queued');
    expect(await actionState(bench.db, denied.actionId)).toBe('applied');
    expect(await receiptsOf(bench.db, denied.actionId)).toMatchObject([{ kind: 'approval', outcome: 'denied' }]);
    const subjects = (await outboxMessages(bench.db)).map(({ subject }) => subject);
    expect(subjects.filter((subject) => subject.startsWith('outcomes.'))).toEqual([]);
  });

  it('is cancelled, not granted, when its action is held no more', async () => {
    const question = await given();
    await sql`UPDATE actions SET state = 'cancelled' WHERE id = ${question.actionId}`.execute(bench.owner);
    expect(await codeOf(cast(question, 'alice'))).toBe('APPROVAL_ALREADY_DECIDED');
    expect(await approvalStatus(bench.db, question.approvalId)).toBe('cancelled');
    expect(await actionState(bench.db, question.actionId)).toBe('cancelled');
  });

  it('of another tenant is not there', async () => {
    const question = await given({ tenant: 'other' });
    expect(await codeOf(cast(question, 'alice'))).toBe('NOT_FOUND');
    expect(await approvalStatus(bench.db, question.approvalId)).toBe('pending');
  });
});

describe('a voter', () => {
  it('is answered with what is when the same vote comes again, and refused another', async () => {
    const question = await given({ requirements: [{ audience: 'reviewer', quorum: 2 }] });
    await cast(question, 'alice');
    expect(await cast(question, 'alice')).toMatchObject({
      kind: 'ruled',
      changed: false,
      approval: { status: 'pending' },
    });
    expect(await codeOf(cast(question, 'alice', { vote: 'deny', comment: 'on second thought' }))).toBe('CONFLICT');
    await cast(question, 'bob');
    expect(await cast(question, 'alice')).toMatchObject({
      kind: 'ruled',
      changed: false,
      approval: { status: 'granted' },
    });
    expect(await codeOf(cast(question, 'bob', { vote: 'deny', comment: 'late' }))).toBe('APPROVAL_ALREADY_DECIDED');
    expect(await receiptsOf(bench.db, question.actionId)).toHaveLength(2);
  });

  it('outside of the audience is refused', async () => {
    const question = await given();
    expect(await codeOf(cast(question, 'carol', { voter: voter('carol', ['compliance-team']) }))).toBe(
      'NOT_IN_AUDIENCE',
    );
    expect(await codeOf(cast(question, 'dora', { voter: voter('dora', []) }))).toBe('NOT_IN_AUDIENCE');
    expect(await approvalStatus(bench.db, question.approvalId)).toBe('pending');
  });

  it('who asked, or on whose behalf it was asked, is refused', async () => {
    const own = await given({ requester: `${ISSUER}|alice` });
    const behalf = await given({ onBehalfOf: `${ISSUER}|alice` });
    const bare = await given({ onBehalfOf: 'alice' });
    for (const question of [own, behalf, bare]) {
      expect(await codeOf(cast(question, 'alice', { comment: 'mine' }))).toBe('SELF_APPROVAL');
      expect(await codeOf(cast(question, 'bob'))).toBe('granted');
    }
  });

  it('on whose behalf an operator says it acts may still deny: naming a reviewer silences nobody', async () => {
    const behalf = await given({ onBehalfOf: 'alice' });
    expect(await codeOf(cast(behalf, 'alice', { vote: 'deny', comment: 'not for me' }))).toBe('denied');
    const own = await given({ requester: `${ISSUER}|alice` });
    expect(await codeOf(cast(own, 'alice', { vote: 'deny', comment: 'never mind' }))).toBe('SELF_APPROVAL');
  });

  it('may approve their own request only where that is allowed, and with a reason', async () => {
    const question = await given({ requester: `${ISSUER}|alice`, selfApproval: true });
    expect(await codeOf(cast(question, 'alice'))).toBe('INVALID_REQUEST');
    expect(await codeOf(cast(question, 'alice', { comment: 'nobody else is awake' }))).toBe('granted');
  });

  it('cannot deny without a reason', async () => {
    const question = await given();
    expect(await codeOf(cast(question, 'alice', { vote: 'deny' }))).toBe('INVALID_REQUEST');
    expect(await approvalStatus(bench.db, question.approvalId)).toBe('pending');
  });

  it('of two required audiences fills one place only', async () => {
    const requirements = [
      { audience: 'compliance-team', quorum: 1 },
      { audience: 'reviewer', quorum: 1 },
    ];
    const question = await given({ requirements });
    const both = { voter: voter('alice', ['reviewer', 'compliance-team']) };
    expect(await cast(question, 'alice', both)).toMatchObject({
      approval: { status: 'pending', votes: [{ audience: 'compliance-team' }] },
    });
    expect(await codeOf(cast(question, 'bob'))).toBe('granted');
  });
});

describe('time', () => {
  it('that is over refuses the vote and ends the approval right there', async () => {
    const question = await given({ ttlMs: -1 });
    expect(await codeOf(cast(question, 'alice'))).toBe('APPROVAL_EXPIRED');
    expect(await actionState(bench.db, question.actionId)).toBe('expired');
    expect(await receiptsOf(bench.db, question.actionId)).toMatchObject([{ actor: 'approvals', outcome: 'expired' }]);
    const subjects = (await outboxMessages(bench.db)).map(({ subject }) => subject);
    expect(subjects.sort()).toEqual(['approvals.acme.expired.order-risk', 'outcomes.acme.expired.order-risk']);
    expect(await codeOf(cast(question, 'bob'))).toBe('APPROVAL_EXPIRED');
  });

  it('that is over makes nothing of the vote that was cast before, nor of the same one said again', async () => {
    const question = await given({ requirements: [{ audience: 'reviewer', quorum: 2 }] });
    expect(await codeOf(cast(question, 'alice'))).toBe('pending');
    await sql`UPDATE approvals SET expires_at = clock_timestamp() WHERE id = ${question.approvalId}`.execute(
      bench.owner,
    );
    expect(await codeOf(cast(question, 'alice'))).toBe('APPROVAL_EXPIRED');
    expect(await actionState(bench.db, question.actionId)).toBe('expired');
    expect(await codeOf(cast(question, 'alice'))).toBe('APPROVAL_EXPIRED');
  });

  it('that ran out while the vote waited for the lock refuses it: now() would have let a late grant pass', async () => {
    const question = await given({ ttlMs: 700 });
    let late: Promise<string> | undefined;
    await bench.owner.transaction().execute(async (tx) => {
      await sql`SELECT 1 FROM approvals WHERE id = ${question.approvalId} FOR UPDATE`.execute(tx);
      late = codeOf(cast(question, 'alice'));
      // The vote's transaction has begun in time, and waits.
      await eventually('the vote waits for the lock', async () => {
        const { rows } = await sql<{ waiting: boolean }>`
          SELECT a.xact_start < p.expires_at AS waiting FROM pg_stat_activity a, approvals p
          WHERE p.id = ${question.approvalId} AND a.wait_event_type = 'Lock' AND a.datname = current_database()`.execute(
          bench.owner,
        );
        return rows[0]?.waiting || undefined;
      });
      await eventually('the time is over', () => isDue(question));
    });
    expect(await late).toBe('APPROVAL_EXPIRED');
    expect(await actionState(bench.db, question.actionId)).toBe('expired');
    expect(await receiptsOf(bench.db, question.actionId)).toHaveLength(1);
  });

  it('ends many at once, each with its action, receipt and facts, and never one that is not due', async () => {
    const due = await Promise.all(Array.from({ length: 130 }, () => given({ ttlMs: -1 })));
    const alongside = await given({ ttlMs: -1, mode: 'alongside' });
    const open = await given();
    let ended = 0;
    for (let more = true; more; ) {
      const page = await expireDue(bench.db);
      ended += page.done;
      more = page.more;
    }
    expect(ended).toBe(131);
    for (const { actionId } of due) expect(await actionState(bench.db, actionId)).toBe('expired');
    expect(await actionState(bench.db, alongside.actionId)).toBe('queued');
    expect(await approvalStatus(bench.db, alongside.approvalId)).toBe('expired');
    expect(await approvalStatus(bench.db, open.approvalId)).toBe('pending');
    const subjects = (await outboxMessages(bench.db)).map(({ subject }) => subject);
    expect(subjects.filter((subject) => subject === 'approvals.acme.expired.order-risk')).toHaveLength(131);
    expect(subjects.filter((subject) => subject === 'outcomes.acme.expired.order-risk')).toHaveLength(130);
  });

  it('is never announced for one that a voter holds', async () => {
    const question = await given({ ttlMs: -1 });
    await bench.owner.transaction().execute(async (tx) => {
      await sql`SELECT 1 FROM approvals WHERE id = ${question.approvalId} FOR UPDATE`.execute(tx);
      expect(await expireDue(bench.db)).toEqual({ done: 0, more: false });
    });
    expect(await expireDue(bench.db)).toEqual({ done: 1, more: false });
  });

  async function isDue({ approvalId }: Given): Promise<true | undefined> {
    const { rows } = await sql<{ due: boolean }>`
      SELECT expires_at <= clock_timestamp() AS due FROM approvals WHERE id = ${approvalId}`.execute(bench.owner);
    return rows[0]?.due || undefined;
  }
});

describe('a withdrawal', () => {
  const cancel = ({ approvalId }: Given, subject: string, audiences?: string[], admin = false) =>
    codeOf(
      cancelApproval(bench.db, {
        tenant: TENANT,
        approvalId,
        by: { kind: 'person', ...voter(subject, audiences), admin },
        reason: 'not needed',
      }),
    );

  it('ends the approval and its action, which frees its key', async () => {
    const question = await given();
    expect(await cancel(question, 'alice')).toBe('cancelled');
    expect(await actionState(bench.db, question.actionId)).toBe('cancelled');
    expect(await receiptsOf(bench.db, question.actionId)).toMatchObject([
      { actor: `${ISSUER}|alice`, outcome: 'cancelled' },
    ]);
    expect(await cancel(question, 'alice')).toBe('APPROVAL_ALREADY_DECIDED');
    expect(await codeOf(cast(question, 'bob'))).toBe('APPROVAL_ALREADY_DECIDED');
  });

  it('is for who asked, who may decide, and admins', async () => {
    const own = await given({ requester: `${ISSUER}|erin` });
    const admins = await given();
    expect(await cancel(admins, 'erin', [])).toBe('NOT_IN_AUDIENCE');
    expect(await cancel(own, 'erin', [])).toBe('cancelled');
    expect(await cancel(admins, 'erin', [], true)).toBe('cancelled');
    expect(await cancel(await given({ ttlMs: -1 }), 'alice')).toBe('APPROVAL_EXPIRED');
  });
});
