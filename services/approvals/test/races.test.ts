import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Ruling } from '../src/core/ruling.ts';
import { cancelApproval } from '../src/store/cancel.ts';
import { castVote } from '../src/store/cast-vote.ts';
import { escalateDue } from '../src/store/escalate-due.ts';
import { expireDue } from '../src/store/expire.ts';
import { remindDue } from '../src/store/remind-due.ts';
import { withdrawVote } from '../src/store/withdraw-vote.ts';
import { type Aftermath, aftermathOf } from './aftermath.ts';
import { type Bench, type Given, type GivenApproval, givenApprovals, openBench, TENANT, voter } from './fixtures.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.stop());
beforeEach(() => bench.owner.deleteFrom('outbox').execute());

const ROUNDS = 1000;
/** Rounds under way at once: each of them wants two connections or three. */
const ABREAST = 10;
const TIMEOUT_MS = 120_000;

function approve({ approvalId }: Given, subject: string, audience = 'reviewer'): Promise<Ruling> {
  return castVote(bench.db, {
    tenant: TENANT,
    approvalId,
    voter: voter(subject, [audience]),
    vote: 'approve',
    comment: null,
  });
}

function deny({ approvalId }: Given, subject: string): Promise<Ruling> {
  return castVote(bench.db, { tenant: TENANT, approvalId, voter: voter(subject), vote: 'deny', comment: 'no' });
}

function withdraw({ approvalId }: Given, subject: string): Promise<Ruling> {
  return withdrawVote(bench.db, { tenant: TENANT, approvalId, voter: voter(subject) });
}

function cancel({ approvalId }: Given, subject: string): Promise<Ruling> {
  const by = { kind: 'person' as const, ...voter(subject), admin: false };
  return cancelApproval(bench.db, { tenant: TENANT, approvalId, by, reason: null });
}

const statusOf = (ruling: Ruling): string =>
  ruling.kind === 'ruled' ? ruling.approval.status : ruling.error.code.toLowerCase();

interface Round {
  readonly answers: readonly string[];
  readonly after: Aftermath;
}

/** Lets them contend for a question of its own in every round; who is sent first takes turns, so that each gets to win. */
async function race(
  given: GivenApproval,
  contenders: readonly ((question: Given) => Promise<string>)[],
  prepare: (questions: readonly Given[]) => Promise<void> = async () => undefined,
): Promise<Round[]> {
  const questions = await givenApprovals(bench.owner, ROUNDS, given);
  await prepare(questions);
  const answers = new Array<string[]>(ROUNDS);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let round = next++; round < ROUNDS; round = next++) {
      const question = questions[round] as Given;
      const order = contenders.map((_, index) => (index + round) % contenders.length);
      const got = await Promise.all(order.map(async (at) => [at, await contenders[at]?.(question)] as const));
      answers[round] = got.sort(([a], [b]) => a - b).map(([, answer]) => answer ?? '');
    }
  };
  await Promise.all(Array.from({ length: ABREAST }, lane));
  const afters = await aftermathOf(bench.owner, questions);
  return afters.map((after, round) => ({ after, answers: answers[round] ?? [] }));
}

/** The different ways in which rounds went, each with how often: what is not expected shows at once, and whole. */
function ways(rounds: readonly Round[]): string[] {
  return [
    ...new Set(
      rounds.map(({ answers, after: { status, state, receipts, facts } }) =>
        [answers.join(' '), status, state, receipts.join(' '), facts.join(' ')].join(' / '),
      ),
    ),
  ].sort();
}

describe(`of ${ROUNDS} rounds each, every one ends one way, with one chain of receipts and each fact once`, () => {
  it(
    'two votes of a quorum grant: counted in one statement both would see one vote, and it hung for ever',
    async () => {
      const requirements = [{ audience: 'reviewer', quorum: 2 }];
      const rounds = await race({ requirements }, [
        async (question) => statusOf(await approve(question, 'alice')),
        async (question) => statusOf(await approve(question, 'bob')),
      ]);
      const after = 'granted / rescore / approve approve rescore / voted voted granted';
      expect(ways(rounds)).toEqual([`granted pending / ${after}`, `pending granted / ${after}`]);
    },
    TIMEOUT_MS,
  );

  it(
    'two who may each decide: the second is told it was decided',
    async () => {
      const rounds = await race({}, [
        async (question) => statusOf(await approve(question, 'alice')),
        async (question) => statusOf(await approve(question, 'bob')),
      ]);
      const after = 'granted / rescore / approve rescore / voted granted';
      expect(ways(rounds)).toEqual([
        `approval_already_decided granted / ${after}`,
        `granted approval_already_decided / ${after}`,
      ]);
    },
    TIMEOUT_MS,
  );

  it(
    'two tabs of one person: both are told it is granted',
    async () => {
      const tab = async (question: Given): Promise<string> => {
        const ruling = await approve(question, 'alice');
        return `${statusOf(ruling)}${ruling.changed ? '' : ' before'}`;
      };
      const after = 'granted / rescore / approve rescore / voted granted';
      expect(ways(await race({}, [tab, tab]))).toEqual([
        `granted before granted / ${after}`,
        `granted granted before / ${after}`,
      ]);
    },
    TIMEOUT_MS,
  );

  it(
    'a vote and its time running out',
    async () => {
      const rounds = await race({}, [
        async (question) => statusOf(await approve(question, 'alice')),
        async (question) => {
          await sql`UPDATE approvals SET expires_at = clock_timestamp() WHERE id = ${question.approvalId}`.execute(
            bench.owner,
          );
          await expireDue(bench.db);
          return 'time over';
        },
      ]);
      expect(ways(rounds)).toEqual([
        'approval_expired time over / expired / expired / expire expired / expired outcome expired',
        'granted time over / granted / rescore / approve rescore / voted granted',
      ]);
    },
    TIMEOUT_MS,
  );

  it(
    'a vote and the request being taken back',
    async () => {
      const rounds = await race({}, [
        async (question) => statusOf(await approve(question, 'alice')),
        async (question) => statusOf(await cancel(question, 'bob')),
      ]);
      expect(ways(rounds)).toEqual([
        'approval_already_decided cancelled / cancelled / cancelled / cancel cancelled / cancelled outcome cancelled',
        'granted approval_already_decided / granted / rescore / approve rescore / voted granted',
      ]);
    },
    TIMEOUT_MS,
  );

  it(
    'a yes and a no',
    async () => {
      const rounds = await race({}, [
        async (question) => statusOf(await approve(question, 'alice')),
        async (question) => statusOf(await deny(question, 'bob')),
      ]);
      expect(ways(rounds)).toEqual([
        'approval_already_decided denied / denied / denied / deny denied / voted denied outcome denied',
        'granted approval_already_decided / granted / rescore / approve rescore / voted granted',
      ]);
    },
    TIMEOUT_MS,
  );

  it(
    'the second of two denials and the second of two yeses',
    async () => {
      const rounds = await race(
        { requirements: [{ audience: 'reviewer', quorum: 2 }], denials: 2 },
        [
          async (question) => statusOf(await approve(question, 'alice')),
          async (question) => statusOf(await deny(question, 'bob')),
        ],
        async (questions) => {
          await everyOne(questions, (question) => approve(question, 'carol'));
          await everyOne(questions, (question) => deny(question, 'dora'));
        },
      );
      expect(ways(rounds)).toEqual([
        'approval_already_decided denied / denied / denied / approve deny deny denied / voted voted voted denied outcome denied',
        'granted approval_already_decided / granted / rescore / approve deny approve rescore / voted voted voted granted',
      ]);
    },
    TIMEOUT_MS,
  );

  it(
    'a vote taken back and the vote that would make it a grant',
    async () => {
      const rounds = await race(
        { requirements: [{ audience: 'reviewer', quorum: 2 }] },
        [
          async (question) => statusOf(await withdraw(question, 'alice')),
          async (question) => statusOf(await approve(question, 'bob')),
        ],
        (questions) => everyOne(questions, (question) => approve(question, 'alice')),
      );
      expect(ways(rounds)).toEqual([
        'approval_already_decided granted / granted / rescore / approve approve rescore / voted voted granted',
        'pending pending / pending / held / approve withdraw approve / voted voted voted',
      ]);
      for (const { after } of rounds) {
        expect(after.votes).toEqual(after.status === 'granted' ? ['alice approve', 'bob approve'] : ['bob approve']);
      }
    },
    TIMEOUT_MS,
  );

  it(
    'another audience being let in, and a vote of one of it',
    async () => {
      const rounds = await race(SILENT, [
        async (question) => statusOf(await approve(question, 'dora', 'board')),
        (question) => letIn(question),
      ]);
      expect(ways(rounds)).toEqual([
        'granted let in / granted / rescore / escalate approve rescore / escalated voted granted',
        'not_in_audience let in / pending / held / escalate / escalated',
      ]);
    },
    TIMEOUT_MS,
  );

  it(
    'another audience being let in, and a vote of the first',
    async () => {
      const rounds = await race(SILENT, [
        async (question) => statusOf(await approve(question, 'alice')),
        (question) => letIn(question),
      ]);
      expect(ways(rounds)).toEqual([
        'granted let in / granted / rescore / approve rescore / voted granted',
        'granted let in / granted / rescore / escalate approve rescore / escalated voted granted',
      ]);
    },
    TIMEOUT_MS,
  );

  it(
    'three instances that remind: each is reminded of once, and told of it once',
    async () => {
      const questions = await givenApprovals(bench.owner, ROUNDS, {
        remindEverySeconds: 60,
        askedMsAgo: 250_000,
      });
      const instance = async (): Promise<number> => {
        for (let done = 0; ; ) {
          const page = await remindDue(bench.db);
          done += page.done;
          // A page that another instance has under lock looks empty: what is still due says when it is over.
          if (page.done === 0 && (await dueReminders()) === 0) return done;
        }
      };
      const shares = await Promise.all([instance(), instance(), instance()]);
      expect(shares.reduce((sum, share) => sum + share)).toBe(ROUNDS);
      expect(shares.filter((share) => share > 0).length).toBeGreaterThan(1);
      for (const after of await aftermathOf(bench.owner, questions)) {
        expect(after).toMatchObject({ reminders: 1, receipts: ['remind'], facts: ['reminded'], status: 'pending' });
      }
    },
    TIMEOUT_MS,
  );
});

const SILENT: GivenApproval = {
  requirements: [{ audience: 'reviewer', quorum: 1, escalate: { audience: 'board', after_seconds: 60 } }],
};

/** Lets its time come, and the board in, unless it was decided before. */
async function letIn({ approvalId }: Given): Promise<string> {
  await sql`
    UPDATE approvals SET created_at = created_at - interval '61 s', escalates_at = escalates_at - interval '61 s'
    WHERE id = ${approvalId}`.execute(bench.owner);
  for (;;) {
    await escalateDue(bench.db);
    const { rows } = await sql<{ over: boolean }>`
      SELECT status <> 'pending' OR escalated_at IS NOT NULL AS over FROM approvals WHERE id = ${approvalId}`.execute(
      bench.db,
    );
    if (rows[0]?.over) return 'let in';
  }
}

async function dueReminders(): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT count(*)::integer AS count FROM approvals WHERE status = 'pending' AND next_reminder_at <= now()`.execute(
    bench.db,
  );
  return rows[0]?.count ?? 0;
}

describe('24 people who approve at once', () => {
  it('make one grant; the others are told it was decided', async () => {
    const [question] = await givenApprovals(bench.owner, 1);
    if (question === undefined) throw new Error('nothing was asked');
    const people = Array.from({ length: 24 }, (_, index) => `person-${index}`);
    const statuses = (await Promise.all(people.map((name) => approve(question, name)))).map(statusOf);
    expect(statuses.filter((status) => status === 'granted')).toHaveLength(1);
    expect(statuses.filter((status) => status === 'approval_already_decided')).toHaveLength(23);
    const [after] = await aftermathOf(bench.owner, [question]);
    expect(after).toMatchObject({ receipts: ['approve rescore'], facts: ['voted', 'granted'], state: 'rescore' });
  });
});

async function everyOne(questions: readonly Given[], act: (question: Given) => Promise<Ruling>): Promise<void> {
  for (let at = 0; at < questions.length; at += ABREAST) await Promise.all(questions.slice(at, at + ABREAST).map(act));
}
