import type { Escalation } from '@holdpoint/shared/domain/decision';
import type { EventEnvelope } from '@holdpoint/shared/domain/event';
import { RISKS, type Risk, type TrustPolicy } from '@holdpoint/shared/domain/policy';
import type { Grant, ToolCatalog } from '@holdpoint/shared/domain/tool';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compilePolicies } from './compile/compile.ts';
import { type Evaluation, evaluate } from './decide/evaluate.ts';

/** Laws of semantics §1, over policies and lines drawn from worlds so small that they meet all the time. */

const RUNS = { numRuns: 2000 };
const NOW = new Date('2026-06-01T00:00:00Z');
const RISK_OF: Record<string, Risk> = { 'a.read': 'read', 'a.x': 'write', 'a.y': 'destructive', 'b.x': 'write' };
const tools: ToolCatalog = Object.fromEntries(
  ['m', 's'].map((connector) => [
    connector,
    Object.fromEntries(Object.entries(RISK_OF).map(([tool, risk]) => [tool, { risk }])),
  ]),
);

/** Functions and CEL: true, false, or a failure. */
const CONDITIONS = {
  yes: () => true,
  no: 'false',
  big: 'has(action.value) && action.value * 2 > 10',
  small: ({ value = 0 }: { value?: number }) => value < 3,
  shop: 'env.source == "shop"',
  throwing: () => JSON.parse('{'),
  missing: 'env.data.nope',
  odd: () => 1,
  late: async () => true,
} as const;
type ConditionName = keyof typeof CONDITIONS;
const conditionNames = fc.constantFrom(...(Object.keys(CONDITIONS) as ConditionName[]));

interface Sketch {
  readonly policy: Omit<TrustPolicy, 'when' | 'predicate'>;
  readonly when: ConditionName | undefined;
  readonly predicate: ConditionName | undefined;
}

const amount = fc.integer({ min: 0, max: 8 });
/** Present in `percent` of the draws. */
const maybe = <T>(arbitrary: fc.Arbitrary<T>, percent = 50): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: percent, arbitrary }, { weight: 100 - percent, arbitrary: fc.constant(undefined) });
const sketchOf = (decision: fc.Arbitrary<TrustPolicy['decision']>): fc.Arbitrary<Sketch> =>
  fc.record({
    policy: fc.record({
      decision,
      connector: maybe(fc.constantFrom('m', 's')),
      tool: maybe(fc.constantFrom('a.x', 'a.y', 'b.x'), 15),
      tools: maybe(fc.constantFrom('a.*', '*.x', '*', ['a.y', 'b.*']), 15),
      operator: maybe(fc.constantFrom('o', 'p'), 15),
      risk: maybe(fc.constantFrom(...RISKS), 15),
      appliesUpTo: maybe(amount, 15),
      appliesAbove: maybe(amount, 15),
      maxValue: maybe(amount, 15),
      expiresAt: maybe(fc.constantFrom('2026-05-01T00:00:00Z', '2026-06-01T00:00:00Z', '2026-07-01T00:00:00Z'), 15),
      escalation: maybe(
        fc.record({
          audience: fc.constantFrom('reviewer', 'desk'),
          quorum: maybe(fc.integer({ min: 1, max: 3 })),
          ttlSeconds: maybe(fc.integer({ min: 1, max: 3 })),
          mode: maybe(fc.constantFrom('hold' as const, 'alongside' as const)),
          selfApproval: maybe(fc.boolean()),
          denials: maybe(fc.integer({ min: 1, max: 3 })),
          remindEverySeconds: maybe(fc.integer({ min: 60, max: 61 })),
          escalateTo: maybe(
            fc.record({ audience: fc.constantFrom('desk', 'board'), afterSeconds: fc.integer({ min: 1, max: 2 }) }),
          ),
          reason: maybe(fc.constantFrom('why ${value}', '${name}')),
        }),
      ),
    }),
    when: maybe(conditionNames, 15),
    predicate: maybe(conditionNames, 15),
  }) as fc.Arbitrary<Sketch>;
const sketch = sketchOf(fc.constantFrom('ALLOW', 'ALERT', 'BLOCK'));
const sketches = fc.array(sketch, { maxLength: 6 });

const line = fc.record({
  connector: fc.constantFrom('m', 's'),
  tool: fc.constantFrom(...Object.keys(RISK_OF)),
  args: fc.constant({}),
  value: maybe(amount, 80),
  entity_key: fc.constant('e'),
  idempotency_key: fc.constant('k'),
});
const situation = fc.record({
  line,
  operator: fc.constantFrom('o', 'p'),
  source: fc.constantFrom('shop', 'desk'),
  grants: maybe(fc.constantFrom<Grant[]>([{ operator: 'o', tools: ['m:a.*', 's:*'] }]), 15),
});
type Situation = typeof situation extends fc.Arbitrary<infer T> ? T : never;

const toPolicy = ({ policy, when, predicate }: Sketch) => ({
  ...policy,
  ...(when && { when: CONDITIONS[when] }),
  ...(predicate && { predicate: CONDITIONS[predicate] }),
});

function decide(policies: readonly Sketch[], { line: proposed, operator, source, grants }: Situation): Evaluation {
  const env: EventEnvelope = { id: 'e', source, type: 't', signed: 'none', typeSigned: false, data: {} };
  const compiled = compilePolicies(policies.map(toPolicy), { version: 'v' });
  return evaluate({ line: proposed, operator, env, policies: compiled, tools, grants, hooks: undefined, now: NOW });
}

const SEVERITY = { ALLOW: 0, ALERT: 1, BLOCK: 2 };

function expectNoLooser(after: Evaluation, before: Evaluation): void {
  expect(SEVERITY[after.verdict.decision]).toBeGreaterThanOrEqual(SEVERITY[before.verdict.decision]);
  if (after.verdict.decision !== 'ALERT' || before.verdict.decision !== 'ALERT') return;
  expectNoLooserEscalation(after.verdict.escalation as Escalation, before.verdict.escalation as Escalation);
}

function expectNoLooserEscalation(after: Escalation, before: Escalation): void {
  expect(after.ttl_seconds).toBeLessThanOrEqual(before.ttl_seconds);
  if (before.mode === 'hold') expect(after.mode).toBe('hold');
  if (!before.self_approval) expect(after.self_approval).toBe(false);
  expect(after.reasons).toEqual(expect.arrayContaining(before.reasons));
  expect(after.denials ?? 1).toBeLessThanOrEqual(before.denials ?? 1);
  for (const { audience, quorum, escalate } of before.requirements) {
    const kept = after.requirements.find((one) => one.audience === audience);
    expect(kept?.quorum).toBeGreaterThanOrEqual(quorum);
    // Nobody may vote in its place who could not before, nor sooner.
    if (kept?.escalate === undefined) continue;
    expect(kept.escalate.audience).toBe(escalate?.audience);
    expect(kept.escalate.after_seconds).toBeGreaterThanOrEqual(escalate?.after_seconds ?? Number.POSITIVE_INFINITY);
  }
}

describe('laws', { timeout: 60_000 }, () => {
  test('the order of policies and duplicates never matter', () => {
    const shuffled = sketches.chain((policies) =>
      fc.tuple(
        fc.constant(policies),
        fc
          .tuple(fc.shuffledSubarray(policies, { minLength: policies.length }), fc.subarray(policies))
          .map(([all, again]) => [...again, ...all]),
      ),
    );
    fc.assert(
      fc.property(shuffled, situation, ([policies, same], asked) => {
        expect(decide(same, asked)).toEqual(decide(policies, asked));
      }),
      RUNS,
    );
  });

  test('the same inputs give the same decision, also from a set that has decided other things before', () => {
    fc.assert(
      fc.property(sketches, situation, situation, (policies, asked, other) => {
        const env = (source: string): EventEnvelope => ({
          id: 'e',
          source,
          type: 't',
          signed: 'none',
          typeSigned: false,
          data: {},
        });
        const compiled = compilePolicies(policies.map(toPolicy), { version: 'v' });
        const ask = ({ line: proposed, operator, source, grants }: Situation) =>
          evaluate({
            line: proposed,
            operator,
            env: env(source),
            policies: compiled,
            tools,
            grants,
            hooks: undefined,
            now: NOW,
          });
        const first = ask(asked);
        ask(other);
        expect(ask(asked)).toEqual(first);
      }),
      RUNS,
    );
  });

  test('adding a BLOCK policy never loosens', () => {
    fc.assert(
      fc.property(sketches, sketchOf(fc.constant('BLOCK')), situation, (policies, added, asked) => {
        expectNoLooser(decide([...policies, added], asked), decide(policies, asked));
      }),
      RUNS,
    );
  });

  test('adding an ALERT policy never loosens, but that it may speak where nothing spoke', () => {
    fc.assert(
      fc.property(sketches, sketchOf(fc.constant('ALERT')), situation, (policies, added, asked) => {
        const before = decide(policies, asked);
        const after = decide([...policies, added], asked);
        if (before.verdict.reasons[0]?.code === 'no_policy') expect(after.verdict.decision).not.toBe('ALLOW');
        else expectNoLooser(after, before);
      }),
      RUNS,
    );
  });

  test('adding any policy to a set that already matches never loosens', () => {
    fc.assert(
      fc.property(sketches, sketch, situation, (policies, added, asked) => {
        const before = decide(policies, asked);
        fc.pre(before.verdict.matched.length > 0);
        expectNoLooser(decide([...policies, added], asked), before);
      }),
      RUNS,
    );
  });

  test('a BLOCK by policy cannot be upgraded', () => {
    fc.assert(
      fc.property(sketches, sketches, situation, (policies, added, asked) => {
        const before = decide(policies, asked).verdict;
        fc.pre(before.decision === 'BLOCK' && before.reasons[0]?.code !== 'no_policy');
        expect(decide([...policies, ...added], asked).verdict.decision).toBe('BLOCK');
      }),
      RUNS,
    );
  });
});
