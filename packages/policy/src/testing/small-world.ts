import { type EventEnvelope, operatorEnvelope } from '@holdpoint/shared/domain/event';
import { RISKS, type Risk, type TrustPolicy } from '@holdpoint/shared/domain/policy';
import type { Grant, ToolCatalog } from '@holdpoint/shared/domain/tool';
import fc from 'fast-check';
import { compilePolicies } from '../compile/compile.ts';
import type { TenantRules } from '../compile/tenant-rules.ts';
import { compileHooks } from '../decide/before-hooks.ts';
import { type Evaluation, evaluate } from '../decide/evaluate.ts';

/** Rules and actions of a world so small that they meet all the time, and that all of it can be gone through. */

export const NOW = new Date('2026-06-01T00:00:00Z');
const DAY_MS = 24 * 3600 * 1000;
export const DATES = [-10, 0, 10, 20].map((days) => new Date(NOW.getTime() + days * DAY_MS).toISOString());
/** Between all dates, and on them. */
export const TIMES = [0, 5, 10, 15, 20, 25].map((days) => NOW.getTime() + days * DAY_MS);
export const VALUES = [null, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 100];
export const OPERATORS = ['o', 'p', 'q'];
const RISK_OF: Record<string, Risk> = { 'a.read': 'read', 'a.x': 'write', 'a.y': 'destructive', 'b.x': 'write' };
export const tools: ToolCatalog = Object.fromEntries(
  ['m', 's'].map((connector) => [
    connector,
    Object.fromEntries(Object.entries(RISK_OF).map(([tool, risk]) => [tool, { risk }])),
  ]),
);

const CONDITIONS: readonly TrustPolicy['when'][] = [
  'env.source == "shop"',
  'has(action.value) && action.value * 2 > 10',
  ({ value = 0 }) => value < 3,
  (_action, { source }) => source === 'desk',
  'action.connector == "m"',
  'action.tool != "a.x"',
  'env.source != "shop"',
  ({ connector, value = 0 }) => connector === 's' || value > 6,
];

const amount = fc.integer({ min: 0, max: 8 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>, percent: number): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: percent, arbitrary }, { weight: 100 - percent, arbitrary: fc.constant(undefined) });

function policyOf(conditionPercent: number): fc.Arbitrary<TrustPolicy> {
  const condition = maybe(fc.constantFrom(...CONDITIONS), conditionPercent);
  return fc
    .record({
      decision: fc.constantFrom('ALLOW' as const, 'ALLOW' as const, 'ALERT' as const, 'BLOCK' as const),
      connector: maybe(fc.constantFrom('m', 's', 'gone'), 50),
      tool: maybe(fc.constantFrom('a.x', 'a.y', 'a.read', 'gone'), 15),
      tools: maybe(fc.constantFrom<string | string[]>('a.*', '*.x', 'gone.*', ['a.y', 'b.*']), 15),
      operator: maybe(fc.constantFrom('o', 'p'), 20),
      risk: maybe(fc.constantFrom(...RISKS), 10),
      appliesUpTo: maybe(amount, 20),
      appliesAbove: maybe(amount, 20),
      maxValue: maybe(amount, 20),
      expiresAt: maybe(fc.constantFrom(...DATES), 15),
      limit: maybe(
        fc.constantFrom(
          { count: 1, per: '1h', by: 'tenant' as const },
          { count: 2, per: '1h', by: 'tenant' as const },
          { total: 9, per: '24h', by: 'entity' as const },
        ),
        10,
      ),
      escalation: maybe(
        fc.record({
          audience: fc.constantFrom('reviewer', 'desk'),
          quorum: maybe(fc.integer({ min: 1, max: 2 }), 50),
          ttlSeconds: maybe(fc.integer({ min: 1, max: 2 }), 50),
          mode: maybe(fc.constantFrom('hold' as const, 'alongside' as const), 50),
          selfApproval: maybe(fc.boolean(), 50),
          denials: maybe(fc.integer({ min: 1, max: 3 }), 50),
          remindEverySeconds: maybe(fc.integer({ min: 60, max: 61 }), 20),
          escalateTo: maybe(
            fc.record({ audience: fc.constantFrom('desk', 'board'), afterSeconds: fc.integer({ min: 1, max: 2 }) }),
            50,
          ),
        }),
        50,
      ),
      when: condition,
      predicate: condition,
    })
    .map(
      (policy) => Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== undefined)) as TrustPolicy,
    );
}

const grants = maybe(
  fc.constantFrom<Grant[]>(
    [{ operator: 'o', tools: ['m:a.*', 's:*'] }],
    [
      { operator: 'o', tools: ['m:*'] },
      { operator: 'q', tools: ['*:*', 'gone:*', 's:a.read'] },
    ],
  ),
  30,
);

export interface Written {
  readonly policies: readonly TrustPolicy[];
  readonly grants: Grant[] | undefined;
}

/** Up to six policies, called p0 to p5; some with conditions, where there are any. */
export function rulesOfSmallWorld(conditionPercent: number): fc.Arbitrary<Written> {
  const policies = fc
    .array(policyOf(conditionPercent), { maxLength: 6 })
    .map((list) => list.map((policy, index) => ({ ...policy, id: `p${index}` })));
  return fc.record({ policies, grants });
}

export function compiled({ policies, grants: own }: Written): TenantRules {
  const defaults = { audience: 'reviewer', quorum: 1, ttlSeconds: 60, mode: 'hold', selfApproval: false } as const;
  return {
    policies: compilePolicies(policies, { version: 'v', defaults }),
    grants: own,
    tools,
    hooks: compileHooks([], {}),
    defaults,
  };
}

export interface Deed {
  readonly connector: string;
  readonly tool: string;
  readonly value: number | null;
  readonly operator: string;
  readonly source: string;
  readonly atMs: number;
}

export const deed: fc.Arbitrary<Deed> = fc.record({
  connector: fc.constantFrom('m', 's'),
  tool: fc.constantFrom(...Object.keys(RISK_OF)),
  value: fc.constantFrom(...VALUES),
  operator: fc.constantFrom(...OPERATORS),
  source: fc.constantFrom('shop', 'desk', 'other'),
  atMs: fc.constantFrom(...TIMES),
});

/** Every deed of the world that is not told apart by its event. */
export function* everyDeed(): Generator<Deed> {
  for (const [connector, own] of Object.entries(tools)) {
    for (const tool of Object.keys(own)) {
      for (const operator of OPERATORS) {
        for (const value of VALUES) {
          for (const atMs of TIMES) yield { connector, tool, operator, value, atMs, source: 'other' };
        }
      }
    }
  }
}

export function decideDeed(rules: TenantRules, { operator, source, atMs, connector, tool, value }: Deed): Evaluation {
  const keys = { entity_key: 'any-entity', idempotency_key: 'any-key' };
  const line = { connector, tool, args: {}, ...(value !== null && { value }), ...keys };
  const env: EventEnvelope = { ...operatorEnvelope(operator), source };
  const { policies, grants: own } = rules;
  return evaluate({
    line,
    operator,
    env,
    policies,
    tools: rules.tools,
    grants: own,
    hooks: undefined,
    now: new Date(atMs),
  });
}
