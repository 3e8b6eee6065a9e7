import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ruling } from '../src/core/ruling.ts';
import { cancelApproval } from '../src/store/cancel.ts';
import { castVote } from '../src/store/cast-vote.ts';
import { expireDue } from '../src/store/expire.ts';
import {
  actionState,
  approvalStatus,
  type Bench,
  type Given,
  givenApproval,
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

const ROUNDS = 200;

function approve({ approvalId }: Given, subject: string): Promise<Ruling> {
  return castVote(bench.db, { tenant: TENANT, approvalId, voter: voter(subject), vote: 'approve', comment: null });
}

function cancel({ approvalId }: Given, subject: string): Promise<Ruling> {
  const person = { ...voter(subject), admin: false };
  return cancelApproval(bench.db, { tenant: TENANT, approvalId, person, reason: null });
}

const statusOf = (ruling: Ruling): string =>
  ruling.kind === 'ruled' ? ruling.approval.status : ruling.error.code.toLowerCase();

/** The facts that one approval's end left behind. */
async function endings({ approvalId }: Given): Promise<string[]> {
  const facts = await outboxMessages(bench.owner);
  return facts
    .filter(({ body }) => (body as { id?: string }).id === approvalId)
    .map(({ subject }) => subject.split('.')[2] ?? '')
    .filter((fact) => fact !== 'voted' && fact !== 'requested');
}

describe('two votes of a quorum that race', () => {
  it(`grant exactly once, ${ROUNDS} rounds: counted in one statement both would see one vote, and it hung for ever`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const question = await givenApproval(bench.owner, { requirements: [{ audience: 'reviewer', quorum: 2 }] });
      const rulings = await Promise.all([approve(question, 'alice'), approve(question, 'bob')]);
      expect(rulings.map(statusOf).sort()).toEqual(['granted', 'pending']);
      expect(await actionState(bench.db, question.actionId)).toBe('rescore');
      expect((await receiptsOf(bench.db, question.actionId)).map(({ outcome }) => outcome)).toEqual([null, 'rescore']);
    }
  });
});

describe('24 people who approve at once', () => {
  it('make one grant; the others are told it was decided', async () => {
    const question = await givenApproval(bench.owner);
    const people = Array.from({ length: 24 }, (_, index) => `person-${index}`);
    const statuses = (await Promise.all(people.map((name) => approve(question, name)))).map(statusOf);
    expect(statuses.filter((status) => status === 'granted')).toHaveLength(1);
    expect(statuses.filter((status) => status === 'approval_already_decided')).toHaveLength(23);
    expect(await receiptsOf(bench.db, question.actionId)).toHaveLength(1);
    expect(await endings(question)).toEqual(['granted']);
  });
});

describe('two tabs of one person', () => {
  it('make one grant, and both are told so', async () => {
    for (let round = 0; round < 20; round += 1) {
      const question = await givenApproval(bench.owner);
      const rulings = await Promise.all([approve(question, 'alice'), approve(question, 'alice')]);
      expect(rulings.map(statusOf)).toEqual(['granted', 'granted']);
      expect(rulings.map(({ changed }) => changed).sort()).toEqual([false, true]);
      expect(await receiptsOf(bench.db, question.actionId)).toHaveLength(1);
      expect(await endings(question)).toEqual(['granted']);
    }
  });
});

describe('an approval that is decided and withdrawn at once', () => {
  it('ends one way, and its action with it', async () => {
    const seen = new Set<string>();
    for (let round = 0; round < 60; round += 1) {
      const question = await givenApproval(bench.owner);
      const both = [() => approve(question, 'alice'), () => cancel(question, 'bob')];
      // Who is sent first takes turns, so that each gets to win.
      const rulings = await Promise.all((round % 2 === 0 ? both : both.reverse()).map((run) => run()));
      const won = rulings.map(statusOf).filter((status) => status !== 'approval_already_decided');
      expect(won).toHaveLength(1);
      await expectConsistent(question, won[0]);
      seen.add(String(won[0]));
    }
    expect([...seen].sort()).toEqual(['cancelled', 'granted']);
  });
});

describe('an approval that is decided as its time runs out', () => {
  it('ends one way, and its action with it', async () => {
    const seen = new Set<string>();
    for (let round = 0; round < 60; round += 1) {
      const question = await givenApproval(bench.owner, { ttlMs: 8 });
      const announced = (async () => {
        while ((await approvalStatus(bench.db, question.approvalId)) === 'pending') await expireDue(bench.db);
      })();
      const votes = (async () => {
        // Now a little before the end, now a little after it.
        while ((await msLeft(question)) > (round % 5) - 1);
        return statusOf(await approve(question, 'alice'));
      })();
      const [status] = await Promise.all([votes, announced]);
      expect(['granted', 'approval_expired']).toContain(status);
      await expectConsistent(question, status === 'granted' ? 'granted' : 'expired');
      seen.add(status);
    }
    expect([...seen].sort()).toEqual(['approval_expired', 'granted']);
  });
});

async function msLeft({ approvalId }: Given): Promise<number> {
  const { rows } = await sql<{ ms: string }>`
    SELECT extract(epoch FROM expires_at - clock_timestamp()) * 1000 AS ms FROM approvals
    WHERE id = ${approvalId}`.execute(bench.owner);
  return Number(rows[0]?.ms);
}

async function expectConsistent(question: Given, status: string | undefined): Promise<void> {
  const state = status === 'granted' ? 'rescore' : status;
  expect(await approvalStatus(bench.db, question.approvalId)).toBe(status);
  expect(await actionState(bench.db, question.actionId)).toBe(state);
  expect((await receiptsOf(bench.db, question.actionId)).map(({ outcome }) => outcome)).toEqual([state]);
  expect(await endings(question)).toEqual([status]);
}
