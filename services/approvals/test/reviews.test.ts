import type { Approval } from '@holdpoint/shared/domain/approval';
import type { Requirement } from '@holdpoint/shared/domain/decision';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addComment } from '../src/store/add-comment.ts';
import { castVote } from '../src/store/cast-vote.ts';
import { escalateDue } from '../src/store/escalate-due.ts';
import { REMINDERS_MAX, remindDue } from '../src/store/remind-due.ts';
import { withdrawVote } from '../src/store/withdraw-vote.ts';
import { aftermathOf } from './aftermath.ts';
import {
  actionState,
  approvalStatus,
  type Bench,
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
const who = (subject: string, audiences?: string[]) => voter(subject, audiences);

function cast({ approvalId }: Given, vote: 'approve' | 'deny', by = who('alice')) {
  return codeOf(castVote(bench.db, { tenant: TENANT, approvalId, voter: by, vote, comment: 'because' }));
}

function withdraw({ approvalId }: Given, by = who('alice')) {
  return withdrawVote(bench.db, { tenant: TENANT, approvalId, voter: by });
}

function say({ approvalId }: Given, text: string, person = who('alice')) {
  return addComment(bench.db, { tenant: TENANT, approvalId, person, text });
}

async function codeOf(ruling: ReturnType<typeof castVote>): Promise<string> {
  const settled = await ruling;
  return settled.kind === 'ruled' ? settled.approval.status : settled.error.code;
}

async function after(question: Given) {
  const [only] = await aftermathOf(bench.owner, [question]);
  if (only === undefined) throw new Error('nothing is left');
  return only;
}

/** As if so much time had gone by. */
async function pass({ approvalId }: Given, seconds: number): Promise<void> {
  await sql`
    UPDATE approvals SET created_at = created_at - t, expires_at = expires_at - t,
      next_reminder_at = next_reminder_at - t, escalates_at = escalates_at - t
    FROM make_interval(secs => ${seconds}) AS t WHERE id = ${approvalId}`.execute(bench.owner);
}

const TWO = [{ audience: 'reviewer', quorum: 2 }];

describe('a denial where it takes two', () => {
  it('denies nothing alone, and fills no place', async () => {
    const question = await given({ requirements: TWO, denials: 2 });
    expect(await cast(question, 'deny')).toBe('pending');
    expect(await cast(question, 'approve', who('bob'))).toBe('pending');
    expect(await cast(question, 'approve', who('carol'))).toBe('granted');
    expect(await after(question)).toMatchObject({
      state: 'rescore',
      votes: ['alice deny', 'bob approve', 'carol approve'],
    });
  });

  it('denies with the second, and with its reason', async () => {
    const question = await given({ denials: 2 });
    await cast(question, 'deny');
    expect(await cast(question, 'deny', who('bob'))).toBe('denied');
    expect(await after(question)).toMatchObject({
      state: 'denied',
      receipts: ['deny', 'deny denied'],
      facts: ['voted', 'voted', 'denied', 'outcome denied'],
    });
  });

  it('may be taken back and become an approval, not without being taken back', async () => {
    const question = await given({ denials: 2 });
    await cast(question, 'deny');
    expect(await cast(question, 'approve')).toBe('CONFLICT');
    expect(await codeOf(withdraw(question))).toBe('pending');
    expect(await cast(question, 'approve')).toBe('granted');
  });
});

describe('a vote taken back', () => {
  it('counts no more, and the receipts keep that there was one', async () => {
    const question = await given({ requirements: TWO, onBehalfOf: 'gina' });
    await cast(question, 'approve');
    expect(await withdraw(question)).toMatchObject({ kind: 'ruled', changed: true, approval: { votes: [] } });
    expect(await cast(question, 'approve', who('bob'))).toBe('pending');
    expect(await after(question)).toMatchObject({
      votes: ['bob approve'],
      receipts: ['approve', 'withdraw', 'approve'],
      facts: ['voted', 'voted', 'voted'],
    });
    const [, receipt] = await receiptsOf(bench.db, question.actionId);
    expect(receipt).toMatchObject({ actor: `${ISSUER}|alice`, agent: 'agent-7', on_behalf_of: 'gina', outcome: null });
    expect(receipt?.reasons?.map(({ message }) => message)).toContain('took back: approve');
    const messages = await outboxMessages(bench.db);
    expect(messages.map(({ body }) => (body as Approval).votes.length)).toEqual([1, 0, 1]);
    expect(new Set(messages.map(({ id }) => id)).size).toBe(3);
  });

  it('again is answered with what is', async () => {
    const question = await given({ requirements: TWO });
    await cast(question, 'approve');
    await withdraw(question);
    expect(await withdraw(question)).toMatchObject({ kind: 'ruled', changed: false, approval: { status: 'pending' } });
    expect((await after(question)).receipts).toEqual(['approve', 'withdraw']);
  });

  it('is only ever the own one, while it is pending and in time', async () => {
    const question = await given({ requirements: TWO });
    await cast(question, 'approve');
    expect(await codeOf(withdraw(question, who('zoe', [])))).toBe('NOT_IN_AUDIENCE');
    await withdraw(question, who('bob'));
    expect((await after(question)).votes).toEqual(['alice approve']);
    await cast(question, 'approve', who('bob'));
    expect(await codeOf(withdraw(question))).toBe('APPROVAL_ALREADY_DECIDED');
    expect((await after(question)).votes).toHaveLength(2);

    const late = await given({ requirements: TWO });
    await cast(late, 'approve');
    await pass(late, 601);
    expect(await codeOf(withdraw(late))).toBe('APPROVAL_EXPIRED');
    expect(await after(late)).toMatchObject({ status: 'expired', votes: ['alice approve'] });
    const foreign = await given({ tenant: 'other' });
    expect(await codeOf(withdraw(foreign))).toBe('NOT_FOUND');
  });
});

describe('a comment', () => {
  it('is kept with who said it, told, and decides nothing, also afterwards', async () => {
    const question = await given();
    await say(question, 'which order?', who('erin', []));
    await cast(question, 'approve');
    expect(await say(question, 'it was right')).toMatchObject({ changed: true, approval: { status: 'granted' } });
    expect(await after(question)).toMatchObject({
      state: 'rescore',
      receipts: ['comment', 'approve rescore', 'comment'],
      facts: ['commented', 'voted', 'granted', 'commented'],
    });
    const told = (await outboxMessages(bench.db)).map(({ body }) => body as Approval);
    expect(told.map(({ status }) => status)).toEqual(['pending', 'pending', 'granted', 'granted']);
    expect(told.at(-1)?.comments).toMatchObject([
      { principal: `${ISSUER}|erin`, name: 'erin', text: 'which order?' },
      { name: 'alice', text: 'it was right' },
    ]);
  });

  it('has no room beyond 200, and what is told of it stays small', async () => {
    const question = await given();
    await sql`
      INSERT INTO approval_comments (id, approval, principal, text)
      SELECT uuid_v7(), ${question.approvalId}, 'p', 'n' || n FROM generate_series(1, 199) AS n`.execute(bench.owner);
    const both = await Promise.all([say(question, 'last'), say(question, 'too many')]);
    expect(both.map(({ kind }) => kind).sort()).toEqual(['refused', 'ruled']);
    const ruled = both.find(({ kind }) => kind === 'ruled');
    expect(ruled).toMatchObject({ approval: { comment_count: 200 } });
    expect(ruled?.kind === 'ruled' && ruled.approval.comments).toHaveLength(20);
  });

  it('is for the tenant only', async () => {
    expect(await codeOf(say(await given({ tenant: 'other' }), 'hello'))).toBe('NOT_FOUND');
  });
});

describe('a reminder', () => {
  it('comes once at its time, and never for one that is over', async () => {
    const question = await given({ remindEverySeconds: 60 });
    const decided = await given({ remindEverySeconds: 60 });
    const quiet = await given();
    await cast(decided, 'approve');
    expect(await remindDue(bench.db)).toEqual({ done: 0, more: false });
    for (const one of [question, decided, quiet]) await pass(one, 61);
    expect(await remindDue(bench.db)).toEqual({ done: 1, more: false });
    expect(await remindDue(bench.db)).toEqual({ done: 0, more: false });
    expect(await after(question)).toMatchObject({ reminders: 1, receipts: ['remind'], facts: ['reminded'] });
    expect(await after(quiet)).toMatchObject({ reminders: 0, facts: [] });
  });

  it('that nobody could send is not sent for each of its times once somebody can', async () => {
    const question = await given({ remindEverySeconds: 60 });
    await pass(question, 330);
    expect((await remindDue(bench.db)).done).toBe(1);
    expect((await remindDue(bench.db)).done).toBe(0);
    await pass(question, 29);
    expect((await remindDue(bench.db)).done).toBe(0);
    await pass(question, 2);
    expect((await remindDue(bench.db)).done).toBe(1);
  });

  it('comes ten times at most, and not past the end', async () => {
    const patient = await given({ remindEverySeconds: 60, ttlMs: 3_600_000 });
    for (let time = 0; time < REMINDERS_MAX + 2; time += 1) {
      await pass(patient, 60);
      await remindDue(bench.db);
    }
    expect(await after(patient)).toMatchObject({ reminders: 10, status: 'pending' });
    const over = await given({ remindEverySeconds: 60, ttlMs: 50_000 });
    await pass(over, 61);
    expect((await remindDue(bench.db)).done).toBe(0);
  });
});

const SILENT: readonly Requirement[] = [
  { audience: 'compliance-team', quorum: 1 },
  { audience: 'reviewer', quorum: 1, escalate: { audience: 'board', after_seconds: 60 } },
];

describe('an audience that is silent for too long', () => {
  it('may be stood in for from then on: the vote fills its place, and the receipt says by which membership', async () => {
    const question = await given({ requirements: SILENT });
    const dora = who('dora', ['board']);
    expect(await cast(question, 'approve', dora)).toBe('NOT_IN_AUDIENCE');
    expect((await escalateDue(bench.db)).done).toBe(0);
    await pass(question, 61);
    expect((await escalateDue(bench.db)).done).toBe(1);
    expect((await escalateDue(bench.db)).done).toBe(0);
    expect(await cast(question, 'approve', dora)).toBe('pending');
    expect(await cast(question, 'approve', who('carol', ['compliance-team']))).toBe('granted');

    const votes = await bench.owner
      .selectFrom('votes')
      .selectAll()
      .where('approval', '=', question.approvalId)
      .execute();
    expect(votes.map(({ name, audiences }) => [name, audiences])).toEqual([
      ['dora', ['reviewer']],
      ['carol', ['compliance-team']],
    ]);
    const receipts = await receiptsOf(bench.db, question.actionId);
    expect(receipts.map(({ actor }) => actor)).toEqual(['approvals', `${ISSUER}|dora`, `${ISSUER}|carol`]);
    const said = receipts.map(({ reasons }) => reasons?.map(({ message }) => message).join(' | '));
    expect(said[0]).toContain('board may vote for reviewer');
    expect(said[1]).toContain('votes for reviewer as one of board');
    expect(said[2]).not.toContain('as one of');
  });

  it('is told of, with the requirement as it now is, and votes that were cast stay', async () => {
    const question = await given({ requirements: SILENT });
    await cast(question, 'approve', who('carol', ['compliance-team']));
    await pass(question, 61);
    await escalateDue(bench.db);
    const told = (await outboxMessages(bench.db)).at(-1);
    expect(told?.subject).toBe('approvals.acme.escalated.order-risk');
    expect(told?.body).toMatchObject({
      status: 'pending',
      escalated_at: expect.any(String),
      votes: [{ name: 'carol', audience: 'compliance-team' }],
      requirements: [
        { audience: 'compliance-team', quorum: 1 },
        { audience: 'reviewer', quorum: 1, also: ['board'] },
      ],
    });
    expect(await cast(question, 'approve', who('alice'))).toBe('granted');
  });

  it('is opened for each requirement at its own time', async () => {
    const question = await given({
      requirements: [
        { audience: 'compliance-team', quorum: 1, escalate: { audience: 'board', after_seconds: 120 } },
        { audience: 'reviewer', quorum: 1, escalate: { audience: 'desk', after_seconds: 60 } },
      ],
    });
    await pass(question, 61);
    expect((await escalateDue(bench.db)).done).toBe(1);
    expect(await cast(question, 'approve', who('dora', ['board']))).toBe('NOT_IN_AUDIENCE');
    await pass(question, 60);
    expect((await escalateDue(bench.db)).done).toBe(1);
    expect(await cast(question, 'approve', who('dora', ['board', 'desk']))).toBe('pending');
    expect(await cast(question, 'approve', who('erin', ['desk']))).toBe('granted');
  });

  it('is not waited for any more once it is over', async () => {
    const expired = await given({ requirements: SILENT, ttlMs: 50_000 });
    const denied = await given({ requirements: SILENT });
    await cast(denied, 'deny');
    for (const one of [expired, denied]) await pass(one, 61);
    expect((await escalateDue(bench.db)).done).toBe(0);
    expect(await approvalStatus(bench.db, denied.approvalId)).toBe('denied');
    expect(await actionState(bench.db, denied.actionId)).toBe('denied');
  });
});

it('what identity providers call people is kept as far as it can be shown, and breaks no vote', async () => {
  const question = await given({ requirements: TWO });
  const odd = { ...who('alice'), name: `\u0000 A\u202Elice \ud800${'x'.repeat(500)}` };
  expect(await cast(question, 'approve', odd)).toBe('pending');
  await cast(question, 'approve', { ...who('bob'), name: '\u0007' });
  const votes = await bench.owner
    .selectFrom('votes')
    .select('name')
    .where('approval', '=', question.approvalId)
    .execute();
  const names = votes.map(({ name }) => name);
  expect(names).toContain(null);
  expect(names.find((name) => name !== null)).toMatch(/^A lice .{0,2}x{100,}$/u);
});
