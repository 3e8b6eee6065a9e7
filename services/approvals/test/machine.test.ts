import type { Requirement } from '@holdpoint/shared/domain/decision';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ruling } from '../src/core/ruling.ts';
import { addComment } from '../src/store/add-comment.ts';
import { cancelApproval } from '../src/store/cancel.ts';
import { castVote } from '../src/store/cast-vote.ts';
import { escalateDue } from '../src/store/escalate-due.ts';
import { expireDue } from '../src/store/expire.ts';
import { remindDue } from '../src/store/remind-due.ts';
import { withdrawVote } from '../src/store/withdraw-vote.ts';
import { aftermathOf } from './aftermath.ts';
import { type Bench, type Given, givenApproval, openBench, TENANT, voter } from './fixtures.ts';
import type { Asked, Model, Person } from './machine-model.ts';
import * as model from './machine-model.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.stop());

const RUNS = 300;
const COMMANDS_MAX = 24;
const TIMEOUT_MS = 180_000;
/** All times are whole steps, and no run lasts nearly as long as one: what is due is due in both, or in neither. */
const STEP_SECONDS = 100;

const PEOPLE: readonly Person[] = [
  { name: 'alice', audiences: ['reviewer'] },
  { name: 'bob', audiences: ['reviewer', 'compliance-team'] },
  { name: 'carol', audiences: ['compliance-team', 'staff'] },
  { name: 'dora', audiences: ['board'] },
  { name: 'erin', audiences: ['board', 'reviewer'] },
  { name: 'zoe', audiences: ['staff'] },
  { name: 'root', audiences: [], admin: true },
];
/** Dora sits in the one audience that is let in late. */
const person = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...PEOPLE) },
  fc.constantFrom(...PEOPLE.filter(({ name }) => name === 'dora')),
);

type Step = fc.AsyncCommand<Model, Given>;

/** One thing that happens, to the model and to the real one; both must answer the same. */
class Deed implements Step {
  readonly #told: string;
  readonly #inModel: (model: Model) => string;
  readonly #inReal: (given: Given) => Promise<string>;

  constructor(told: string, inModel: (model: Model) => string, inReal: (given: Given) => Promise<string>) {
    this.#told = told;
    this.#inModel = inModel;
    this.#inReal = inReal;
  }
  check(): boolean {
    return true;
  }
  async run(expected: Model, given: Given): Promise<void> {
    const [answer, real] = [this.#inModel(expected), await this.#inReal(given)];
    seen.set(answer, (seen.get(answer) ?? 0) + 1);
    expect(real, this.#told).toBe(answer);
  }
  toString(): string {
    return this.#told;
  }
}

/** Answers that were given, and how often: a generator that never gets there proves nothing. */
const seen = new Map<string, number>();

const statusOf = (ruling: Ruling): string =>
  ruling.kind === 'ruled' ? ruling.approval.status : ruling.error.code.toLowerCase();

const voting: fc.Arbitrary<Step> = fc.tuple(person, fc.constantFrom('approve' as const, 'deny' as const)).map(
  ([who, vote]) =>
    new Deed(
      `${who.name} ${vote}`,
      (expected) => model.vote(expected, who, vote),
      async ({ approvalId }) => {
        const ballot = { tenant: TENANT, approvalId, voter: voter(who.name, who.audiences), vote, comment: 'why' };
        return statusOf(await castVote(bench.db, ballot));
      },
    ),
);

const withdrawing: fc.Arbitrary<Step> = person.map(
  (who) =>
    new Deed(
      `${who.name} takes back`,
      (expected) => model.withdraw(expected, who),
      async ({ approvalId }) =>
        statusOf(await withdrawVote(bench.db, { tenant: TENANT, approvalId, voter: voter(who.name, who.audiences) })),
    ),
);

const commenting: fc.Arbitrary<Step> = person.map(
  (who) =>
    new Deed(
      `${who.name} comments`,
      (expected) => model.comment(expected),
      async ({ approvalId }) =>
        statusOf(await addComment(bench.db, { tenant: TENANT, approvalId, person: voter(who.name), text: 'hm' })),
    ),
);

const cancelling: fc.Arbitrary<Step> = person.map(
  (who) =>
    new Deed(
      `${who.name} cancels`,
      (expected) => model.cancel(expected, who),
      async ({ approvalId }) => {
        const by = { kind: 'person' as const, ...voter(who.name, who.audiences), admin: who.admin ?? false };
        return statusOf(await cancelApproval(bench.db, { tenant: TENANT, approvalId, by, reason: null }));
      },
    ),
);

const waiting: fc.Arbitrary<Step> = fc.integer({ min: 1, max: 5 }).map(
  (steps) =>
    new Deed(
      `${steps} steps go by`,
      (expected) => {
        expected.now += steps * STEP_SECONDS;
        return 'time';
      },
      async ({ approvalId }) => {
        await sql`
          UPDATE approvals SET created_at = created_at - t, expires_at = expires_at - t,
            next_reminder_at = next_reminder_at - t, escalates_at = escalates_at - t
          FROM make_interval(secs => ${steps * STEP_SECONDS}) AS t WHERE id = ${approvalId}`.execute(bench.owner);
        return 'time';
      },
    ),
);

const looking: fc.Arbitrary<Step> = fc
  .constantFrom(
    ['expire', model.expire, expireDue] as const,
    ['escalate', model.escalate, escalateDue] as const,
    ['remind', model.remind, remindDue] as const,
  )
  .map(
    ([name, inModel, inReal]) =>
      new Deed(
        `${name} what is due`,
        (expected) => {
          inModel(expected);
          return 'looked';
        },
        async () => {
          for (let more = true; more; ) ({ more } = await inReal(bench.db));
          return 'looked';
        },
      ),
  );

const after = (steps: number) => ({ audience: 'board', after_seconds: steps * STEP_SECONDS });
const quorum = fc.integer({ min: 1, max: 2 });
const requirements: fc.Arbitrary<Requirement[]> = fc.oneof(
  quorum.map((needed) => [{ audience: 'reviewer', quorum: needed }]),
  quorum.map((needed) => [{ audience: 'reviewer', quorum: needed, escalate: after(3) }]),
  quorum.map((needed) => [
    { audience: 'compliance-team', quorum: 1 },
    { audience: 'reviewer', quorum: needed, escalate: after(2) },
  ]),
  fc.constant<Requirement[]>([
    { audience: 'compliance-team', quorum: 1, escalate: after(4) },
    { audience: 'reviewer', quorum: 2, escalate: after(2) },
  ]),
);

const asking: fc.Arbitrary<Asked> = fc.record({
  requirements,
  denials: fc.integer({ min: 1, max: 3 }),
  ttlSeconds: fc.constantFrom(8, 12, 40).map((steps) => steps * STEP_SECONDS),
  remindEverySeconds: fc.constantFrom(null, STEP_SECONDS, 2 * STEP_SECONDS),
  onBehalfOf: fc.constantFrom(null, 'alice'),
  askedSecondsAgo: fc.constantFrom(0, 0, 4).map((steps) => steps * STEP_SECONDS),
});

const steps = fc.commands<Model, Given, false>(
  // Most lives are to last: what ends them is drawn seldom.
  [
    voting,
    voting,
    voting,
    withdrawing,
    withdrawing,
    commenting,
    waiting,
    waiting,
    looking,
    looking,
    looking,
    cancelling,
  ],
  { maxCommands: COMMANDS_MAX, size: '+2' },
);

test(
  `whatever happens to it in ${RUNS} lives, an approval is what a plain reading of the rules makes of it`,
  async () => {
    await fc.assert(
      fc.asyncProperty(asking, steps, async (asked, commands) => {
        await bench.owner.deleteFrom('outbox').execute();
        const given = await givenApproval(bench.owner, {
          ...asked,
          ttlMs: asked.ttlSeconds * 1000,
          askedMsAgo: asked.askedSecondsAgo * 1000,
        });
        const expected = model.modelOf(asked);
        await fc.asyncModelRun(() => ({ model: expected, real: given }), commands);
        expect(await leftOf(given)).toEqual({
          status: expected.status,
          state: model.stateOf(expected),
          votes: Object.keys(expected.votes)
            .sort()
            .map((name) => `${name} ${expected.votes[name]?.vote}`),
          reminders: expected.reminders,
          receipts: expected.receipts,
          facts: [...expected.facts, ...(expected.outcome === null ? [] : [expected.outcome])],
          requirements: expected.requirements,
          comments: expected.comments,
        });
        count(expected);
      }),
      { numRuns: RUNS },
    );
    expect([...seen.keys()].sort()).toEqual(EVERYTHING);
  },
  TIMEOUT_MS,
);

async function leftOf(given: Given) {
  const [left] = await aftermathOf(bench.owner, [given]);
  const { rows } = await sql<{ requirements: Requirement[]; comments: number }>`
    SELECT p.requirements, (SELECT count(*)::integer FROM approval_comments c WHERE c.approval = p.id) AS comments
    FROM approvals p WHERE p.id = ${given.approvalId}`.execute(bench.owner);
  return { ...left, ...rows[0] };
}

function count({ status, reminders, requirements: left, votes }: Model): void {
  const notes = [
    `ended ${status}`,
    ...(reminders > 0 ? ['reminded'] : []),
    ...(left.some(({ also }) => also) ? ['let in'] : []),
    ...(votes.dora ? ['voted by one let in'] : []),
    ...(status === 'granted' && Object.values(votes).some(({ vote }) => vote === 'deny')
      ? ['granted over a denial']
      : []),
  ];
  for (const note of notes) seen.set(note, (seen.get(note) ?? 0) + 1);
}

/** What the lives are to have held. */
const EVERYTHING = [
  'approval_already_decided',
  'approval_expired',
  'cancelled',
  'conflict',
  'denied',
  'ended cancelled',
  'ended denied',
  'ended expired',
  'ended granted',
  'ended pending',
  'expired',
  'granted',
  'granted over a denial',
  'let in',
  'looked',
  'not_in_audience',
  'pending',
  'reminded',
  'self_approval',
  'time',
  'voted by one let in',
];
