import { type EventEnvelope, operatorEnvelope } from '@holdpoint/shared/domain/event';
import type { Nearest } from '@holdpoint/shared/domain/explanation';
import { RISKS, type TrustPolicy } from '@holdpoint/shared/domain/policy';
import type { Grant, ToolCatalog } from '@holdpoint/shared/domain/tool';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { compilePolicies } from '../compile/compile.ts';
import { evaluate, type Question } from '../decide/evaluate.ts';
import { applyChange } from './apply-change.ts';
import { explain } from './explain.ts';
import { nextAbove } from './value-points.ts';

/** They are many runs, and a busy machine takes its time. */
vi.setConfig({ testTimeout: 60_000 });

/** What an explanation claims, over policies and lines drawn from worlds so small that they meet all the time. */

const tools: ToolCatalog = {
  m: {
    read: { risk: 'read' },
    do: { risk: 'write' },
    sized: { risk: 'write', value: ({ n }: { n: number }) => n * 2 },
    wipe: { risk: 'destructive' },
  },
};
/** The same functions each time: two of one text are two policies. */
const CONDITIONS: readonly TrustPolicy['when'][] = [
  () => true,
  ({ value = 0 }) => value !== 4,
  'has(action.value) && action.value > 3.0',
  'env.source == "shop"',
  () => JSON.parse('{'),
];

const amount = fc.oneof(fc.integer({ min: 0, max: 8 }), fc.constantFrom(0.5, 2.5, 1000));
const maybe = <T>(arbitrary: fc.Arbitrary<T>, percent = 25): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: percent, arbitrary }, { weight: 100 - percent, arbitrary: fc.constant(undefined) });
const plainPolicy = fc.record({
  id: fc.constant(undefined),
  decision: fc.constantFrom('ALLOW', 'ALERT', 'BLOCK'),
  tool: maybe(fc.constantFrom('do', 'sized', 'wipe')),
  tools: maybe(fc.constantFrom('d*', '*', ['sized', 'wipe']), 10),
  operator: maybe(fc.constantFrom('o', 'p'), 15),
  risk: maybe(fc.constantFrom(...RISKS), 10),
  appliesUpTo: maybe(amount),
  appliesAbove: maybe(amount),
  maxValue: maybe(amount),
  expiresAt: maybe(fc.constantFrom('2026-05-01T00:00:00Z', '2026-06-01T00:00:00Z', '2026-07-01T00:00:00Z'), 15),
});
const policy = fc
  .record({
    plain: plainPolicy,
    when: maybe(fc.constantFrom(...CONDITIONS), 15),
    predicate: maybe(fc.constantFrom(...CONDITIONS), 15),
  })
  .map(({ plain, when, predicate }) => ({ ...plain, when, predicate }));

const situation = fc.record({
  tool: fc.constantFrom('read', 'do', 'do', 'do', 'sized', 'sized', 'wipe'),
  value: maybe(amount, 70),
  n: amount,
  operator: fc.constantFrom('o', 'p'),
  source: maybe(fc.constantFrom('shop', 'desk')),
  grants: maybe(fc.constantFrom<Grant[]>([{ operator: 'o', tools: ['m:*'] }], []), 15),
});
type Situation = typeof situation extends fc.Arbitrary<infer T> ? T : never;

function questionOf(policies: readonly unknown[], { tool, value, n, operator, source, grants }: Situation): Question {
  const stated = value !== undefined && { value };
  const line = { connector: 'm', tool, args: { n }, ...stated, entity_key: 'e', idempotency_key: 'k' };
  const env: EventEnvelope = source ? { ...operatorEnvelope(operator), id: 'x', source } : operatorEnvelope(operator);
  const compiled = compilePolicies(
    policies.map((one) => ({ ...(one as object) })),
    { version: 'v' },
  );
  return {
    line,
    operator,
    env,
    policies: compiled,
    tools,
    grants,
    hooks: undefined,
    now: new Date('2026-06-01T00:00:00Z'),
  };
}

const SEVERITY = { ALLOW: 0, ALERT: 1, BLOCK: 2 };
const decisionAt = (question: Question, to: number) =>
  evaluate(applyChange(question, { field: 'value', to })).verdict.decision;

test('what a change is claimed to come to is what it comes to, and it permits more than before', () => {
  const kinds = new Set<string>();
  fc.assert(
    fc.property(fc.array(policy, { maxLength: 6 }), situation, (policies, asked) => {
      const question = questionOf(policies, asked);
      const { decision, nearest } = explain(question);
      expect(decision).toBe(evaluate(question).verdict.decision);
      if (!nearest) return;
      const { change } = nearest;
      kinds.add('rule' in change ? change.rule : change.field);
      expect(evaluate(applyChange(question, change)).verdict.decision).toBe(nearest.decision);
      expect(SEVERITY[nearest.decision]).toBeLessThan(SEVERITY[decision]);
    }),
    { numRuns: 2_000 },
  );
  // Raising a cap is the nearest only where code looks at the value too: that one is told by example.
  expect([...kinds]).toEqual(
    expect.arrayContaining(['add_grant', 'args.n', 'now', 'operator', 'remove_policy', 'value']),
  );
});

test('a range that is claimed holds throughout, and not just beyond either of its ends', () => {
  let ranges = 0;
  fc.assert(
    fc.property(
      fc.array(plainPolicy, { maxLength: 6 }),
      situation,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (policies, asked, part) => {
        const question = questionOf(policies, asked);
        const { nearest } = explain(question);
        if (!nearest?.range) return;
        ranges += 1;
        const { above, up_to: upTo } = nearest.range;
        const [low, high] = [above === undefined ? 0 : nextAbove(above), upTo ?? 1e6];
        for (const value of [low, high, low + (high - low) * part])
          expect(decisionAt(question, value)).toBe(nearest.decision);
        if (upTo !== undefined) expect(decisionAt(question, nextAbove(upTo))).not.toBe(nearest.decision);
        if (above !== undefined) expect(decisionAt(question, above)).not.toBe(nearest.decision);
      },
    ),
    { numRuns: 2_000 },
  );
  expect(ranges).toBeGreaterThan(0);
});

test('where some value would be allowed, one is found, and none that is nearer would be', () => {
  const grid = Array.from({ length: 41 }, (_, i) => i / 4);
  fc.assert(
    fc.property(fc.array(plainPolicy, { maxLength: 6 }), situation, (policies, asked) => {
      const question = questionOf(policies, { ...asked, tool: 'do', grants: undefined });
      const { decision, nearest } = explain(question);
      fc.pre(decision !== 'ALLOW');
      const present = asked.value ?? 0;
      const allowed = grid.filter((value) => decisionAt(question, value) === 'ALLOW');
      if (allowed.length === 0) return;
      expect(nearest).toMatchObject({ decision: 'ALLOW', change: { field: 'value' } });
      const { to } = (nearest as Nearest).change as { to: number };
      // Upwards it takes a round number, which is at most 1 further than the first that would do.
      const nearer = allowed.filter((value) => Math.abs(value - present) + 1 < Math.abs(to - present));
      expect(nearer).toEqual([]);
    }),
    { numRuns: 600 },
  );
});

test('the order of policies and duplicates make no difference', () => {
  const shuffled = fc
    .array(policy, { maxLength: 8 })
    .chain((policies) =>
      fc.tuple(
        fc.constant(policies),
        fc.shuffledSubarray(policies, { minLength: policies.length }),
        fc.subarray(policies),
      ),
    );
  fc.assert(
    fc.property(shuffled, situation, ([policies, same, again], asked) => {
      expect(explain(questionOf([...again, ...same], asked))).toEqual(explain(questionOf(policies, asked)));
    }),
    { numRuns: 600 },
  );
});

describe('policies', () => {
  test('are told as matched exactly where they are matched, and never as a near miss as well', () => {
    fc.assert(
      fc.property(fc.array(policy, { maxLength: 6 }), situation, (policies, asked) => {
        const question = questionOf(policies, asked);
        const { matched, near_misses } = explain(question);
        const ids = matched.map((one) => one.policy);
        expect(ids.sort()).toEqual(evaluate(question).verdict.matched);
        for (const { policy: id } of near_misses) expect(ids).not.toContain(id);
      }),
      { numRuns: 600 },
    );
  });
});

test('no secret of a line is told, whatever the policies and the tool do with it', () => {
  const secret = fc.stringMatching(/^[A-Z0-9"\\]{8,20}$/);
  const leak = ({ args }: { args: { card: string } }): boolean => JSON.parse(`{${args.card}`);
  const answer = (({ args }: { args: { card: string } }) => args.card) as never;
  const leaks = fc.constantFrom(
    leak,
    answer,
    () => true,
    () => false,
    'action.args.card',
    'action.args.card == env.id',
  );
  const leaky: ToolCatalog = {
    m: {
      do: { risk: 'write', secretArgs: ['card'] },
      keyed: { risk: 'write', secretArgs: ['card'], entityKey: ({ card }: { card: string }) => `card:${card}` },
    },
  };
  const leaking = fc.record({
    when: maybe(leaks, 50),
    predicate: maybe(leaks, 50),
    decision: fc.constantFrom('ALLOW', 'ALERT'),
  });
  const steps = new Set<string>();
  fc.assert(
    fc.property(fc.array(leaking, { maxLength: 3 }), fc.constantFrom('do', 'keyed'), secret, (policies, tool, card) => {
      const line = { connector: 'm', tool, args: { card }, value: 3, entity_key: 'e', idempotency_key: 'k' };
      const asked = { tool: 'do', value: 3, n: 1, operator: 'o', source: 'shop', grants: undefined } as const;
      const told = explain({ ...questionOf(policies, asked), tools: leaky, line });
      steps.add(told.step);
      expect(JSON.stringify(told)).not.toContain(JSON.stringify(card).slice(1, -1));
    }),
    { numRuns: 600 },
  );
  expect([...steps]).toEqual(expect.arrayContaining(['derived', 'match', 'constraints', 'allowed', 'escalation']));
});

test('any line of any kind is explained, and nothing that cannot be stored comes out', () => {
  const nasty = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('__proto__', 'm', 'do', 'sized', '\0', '\ud800', 2 ** 60, -0, 1e308, null, undefined),
    fc.string({ unit: 'binary', maxLength: 100 }),
  );
  const line = fc.oneof(
    nasty,
    fc.record(
      {
        connector: fc.oneof({ weight: 5, arbitrary: fc.constant('m') }, nasty),
        tool: fc.oneof({ weight: 5, arbitrary: fc.constantFrom('do', 'sized', 'wipe') }, nasty),
        args: fc.oneof(
          { weight: 8, arbitrary: fc.record({ n: fc.oneof({ weight: 5, arbitrary: amount }, nasty) }) },
          nasty,
        ),
        value: fc.oneof({ weight: 5, arbitrary: fc.double({ noNaN: true, min: 0 }) }, nasty),
        entity_key: fc.oneof({ weight: 5, arbitrary: fc.constant('e') }, nasty),
        idempotency_key: fc.constant('k'),
      },
      { requiredKeys: ['connector', 'tool', 'args', 'entity_key', 'idempotency_key'] },
    ),
  );
  let nearest = 0;
  fc.assert(
    fc.property(fc.array(policy, { maxLength: 4 }), situation, line, (policies, asked, proposed) => {
      const told = explain({ ...questionOf(policies, asked), line: proposed });
      expect(JSON.stringify(told)).not.toMatch(/\\u0000|\\ud[89a-f]/);
      expect(told).not.toHaveProperty('incomplete');
      if (told.nearest) nearest += 1;
    }),
    { numRuns: 500 },
  );
  expect(nearest).toBeGreaterThan(0);
});
