import { type EventEnvelope, operatorEnvelope } from '@holdpoint/shared/domain/event';
import { type Explanation, explanationSchema } from '@holdpoint/shared/domain/explanation';
import type { Grant, ToolCatalog } from '@holdpoint/shared/domain/tool';
import type { ActionHook } from '@holdpoint/shared/workspace/tenant-hooks';
import { describe, expect, test } from 'vitest';
import { compilePolicies } from '../compile/compile.ts';
import { compileHooks } from '../decide/before-hooks.ts';
import { evaluate, type Question } from '../decide/evaluate.ts';
import { applyChange } from './apply-change.ts';
import { EVALUATIONS_MAX } from './asking.ts';
import { explain, explainVerdict } from './explain.ts';

const tools: ToolCatalog = {
  shop: {
    read: { risk: 'read' },
    hold: { risk: 'write' },
    refund: { risk: 'write', value: (args: { cents: number }) => args.cents / 100, secretArgs: ['card'] },
    square: { risk: 'write', value: ({ n }: { n: number }) => n * n },
    tag: { risk: 'write', entityKey: (args: { id: string }) => `order:${args.id}`, secretArgs: ['id'] },
    cancel: { risk: 'destructive' },
  },
};

interface Asked {
  readonly policies?: readonly unknown[];
  readonly tool?: string;
  readonly value?: number;
  readonly args?: object;
  readonly entity_key?: string;
  readonly operator?: string;
  readonly grants?: readonly Grant[];
  readonly env?: EventEnvelope;
  readonly hooks?: readonly ActionHook[];
  readonly line?: unknown;
}

function asked({ policies = [], tool = 'hold', value, args = {}, entity_key = 'e', ...more }: Asked): Question {
  const { operator = 'risk', grants, hooks, env = operatorEnvelope(operator) } = more;
  const line = {
    connector: 'shop',
    tool,
    args,
    entity_key,
    idempotency_key: 'k',
    ...(value !== undefined && { value }),
  };
  return {
    line: 'line' in more ? more.line : line,
    operator,
    env,
    policies: compilePolicies(policies, { version: 'v' }),
    tools,
    grants,
    hooks: hooks && compileHooks(hooks, tools),
    now: new Date('2026-06-01T00:00:00Z'),
  };
}

function of(given: Asked): Explanation {
  const question = asked(given);
  const explanation = explain(question);
  expect(explanationSchema.parse(JSON.parse(JSON.stringify(explanation)))).toEqual(explanation);
  if (explanation.nearest) {
    const after = evaluate(applyChange(question, explanation.nearest.change));
    expect(after.verdict.decision).toBe(explanation.nearest.decision);
  }
  return explanation;
}

const upTo500 = { id: 'holds', tool: 'hold', appliesUpTo: 500, decision: 'ALLOW' };
const above500 = { id: 'large', tool: 'hold', appliesAbove: 500, decision: 'ALERT' };
const refunds = { id: 'refunds', tool: 'refund', maxValue: 50, decision: 'ALLOW' };

/** What is asked → what is told. */
const GOLDEN: Record<string, [Asked, step: string, sentence: string, nearest: string | undefined]> = {
  'a line that does not parse': [
    { line: { connector: 'shop' } },
    'parse',
    'BLOCK: the action cannot be taken as it stands: args: Invalid input: expected record, received undefined; tool: Invalid input: expected string, received undefined',
    undefined,
  ],
  'a tool that is not there': [{ tool: 'melt' }, 'tool', 'BLOCK: shop has no tool melt', undefined],
  'an operator without a grant': [
    { grants: [], policies: [upTo500] },
    'grants',
    'BLOCK: risk holds no grant for shop hold',
    'with a grant of shop:hold to risk this is ALLOW',
  ],
  'an operator without the grant that another has': [
    { grants: [{ operator: 'desk', tools: ['shop:*'] }], policies: [upTo500] },
    'grants',
    'BLOCK: risk holds no grant for shop hold',
    'proposed by desk this is ALLOW',
  ],
  'a read': [{ tool: 'read' }, 'read', 'ALLOW: shop read only reads', undefined],
  'a value that is not what the arguments make it': [
    { tool: 'refund', value: 5, args: { cents: 700 }, policies: [refunds] },
    'derived',
    'BLOCK: value is 5, but the arguments make it 7',
    'with value 7 this is ALLOW',
  ],
  'no policy at all': [{}, 'match', 'BLOCK: no policy speaks for shop hold', undefined],
  'a value over what the only policy is for': [
    { value: 820, policies: [upTo500] },
    'match',
    'BLOCK: no policy speaks for shop hold; nearest is holds: value 820 is over appliesUpTo 500',
    'at 500 or less this is ALLOW',
  ],
  'a value below what the only policy is for': [
    { policies: [above500] },
    'match',
    'BLOCK: no policy speaks for shop hold; nearest is large: no value, which counts as 0, is not above appliesAbove 500',
    'above 500 this is ALERT',
  ],
  'a value within a band of its own': [
    { value: 10, policies: [{ ...upTo500, appliesAbove: 100, maxValue: 300 }] },
    'match',
    'BLOCK: no policy speaks for shop hold; nearest is holds: value 10 is not above appliesAbove 100',
    'above 100 and up to 300 this is ALLOW',
  ],
  'a policy that has expired': [
    { policies: [{ ...upTo500, expiresAt: '2026-05-01T00:00:00Z' }] },
    'match',
    'BLOCK: no policy speaks for shop hold; nearest is holds: expired at 2026-05-01T00:00:00Z',
    'at 2026-04-30T23:59:59.999Z this is ALLOW',
  ],
  'a policy of another operator': [
    { policies: [{ ...upTo500, operator: 'desk' }] },
    'match',
    'BLOCK: no policy speaks for shop hold; nearest is holds: operator is risk, not desk',
    'proposed by desk this is ALLOW',
  ],
  'a condition that is false': [
    { policies: [{ id: 'p', when: 'env.source == "shopify"', decision: 'ALLOW' }] },
    'match',
    'BLOCK: no policy speaks for shop hold; nearest is p: its `when` answered false',
    undefined,
  ],
  'a condition that fails': [
    { policies: [upTo500, { id: 'bad', when: () => JSON.parse('{'), decision: 'ALLOW' }] },
    'match',
    "BLOCK: a policy could not be asked: bad: when threw: Expected property name or '}' in JSON at position 1 (line 1 column 2)",
    'without the policy bad this is ALLOW',
  ],
  'a veto': [
    {
      tool: 'cancel',
      policies: [
        { id: 'open', decision: 'ALLOW' },
        { id: 'nothing-destructive', risk: 'destructive', decision: 'BLOCK' },
      ],
    },
    'veto',
    'BLOCK: shop cancel is vetoed, by nothing-destructive',
    'without the policy nothing-destructive this is ALLOW',
  ],
  'a cap': [
    { value: 820, policies: [{ id: 'holds', maxValue: 500, decision: 'ALLOW' }] },
    'constraints',
    'BLOCK: what its policies demand does not hold: holds: 820 is over 500',
    'at 500 or less this is ALLOW',
  ],
  'a cap on a value that a tool makes of an argument': [
    { tool: 'refund', args: { cents: 8000 }, policies: [refunds] },
    'constraints',
    'BLOCK: what its policies demand does not hold: refunds: 80 is over 50',
    'with args.cents 5000, a value of 50, this is ALLOW',
  ],
  'a cap that code may look beyond': [
    {
      value: 820,
      policies: [{ id: 'holds', maxValue: 500, predicate: ({ value = 0 }) => value > 400, decision: 'ALLOW' }],
    },
    'constraints',
    'BLOCK: what its policies demand does not hold: holds: 820 is over 500',
    'at 500 this is ALLOW',
  ],
  'a predicate that is false': [
    { policies: [{ id: 'signed', predicate: (_: unknown, env: EventEnvelope) => env.typeSigned, decision: 'ALLOW' }] },
    'constraints',
    'BLOCK: what its policies demand does not hold: signed: its predicate is false',
    undefined,
  ],
  'an ALERT by value': [
    { value: 820, policies: [upTo500, above500] },
    'escalation',
    'ALERT: it is held, and reviewer is asked, by large',
    'at 500 or less this is ALLOW',
  ],
  'an ALERT that only looks on': [
    { policies: [{ id: 'c', decision: 'ALERT', escalation: { audience: 'desk', quorum: 2, mode: 'alongside' } }] },
    'escalation',
    'ALERT: it runs, and desk is asked (2 votes), by c',
    undefined,
  ],
  'a permission': [{ policies: [upTo500] }, 'allowed', 'ALLOW: shop hold is permitted, by holds', undefined],
};

describe('it explains', () => {
  test.each(Object.entries(GOLDEN))('%s', (_, [given, step, sentence, nearest]) => {
    const told = of(given);
    expect(told).toMatchObject({ step, sentence });
    expect(told.nearest?.sentence).toBe(nearest);
  });

  test('what matched, by which selectors, and what each constraint came to', () => {
    const policy = {
      id: 'p',
      connector: 'shop',
      tools: ['ho*', 'x'],
      risk: 'write',
      appliesAbove: 5,
      expiresAt: '2027-01-01T00:00:00Z',
      when: 'true',
      maxValue: 10,
      limit: { count: 3, total: 9, per: '24h', by: 'entity' },
      predicate: () => false,
      decision: 'ALLOW',
    };
    expect(of({ value: 20, policies: [policy] }).matched).toEqual([
      {
        policy: 'p',
        decision: 'ALLOW',
        selectors: [
          { selector: 'connector', message: 'connector is shop' },
          { selector: 'tools', message: 'tool hold fits ho*' },
          { selector: 'risk', message: 'risk is write' },
          { selector: 'appliesAbove', message: 'value 20 is above appliesAbove 5' },
          { selector: 'expiresAt', message: 'in force until 2027-01-01T00:00:00Z' },
          { selector: 'when', message: 'its `when` answered true' },
        ],
        constraints: [
          { constraint: 'maxValue', holds: false, message: '20 is over maxValue 10' },
          {
            constraint: 'limit',
            holds: null,
            message: 'at most 3 actions and a total of 9 in 24h by entity, which is kept when it is recorded',
          },
          { constraint: 'predicate', holds: false, message: 'its `predicate` answered false' },
        ],
      },
    ]);
  });

  test('only what is near as a near miss, the nearest first: other tools where there is nothing for this one', () => {
    const policies = [
      { id: 'a-other-connector', connector: 'desk', decision: 'ALLOW' },
      { id: 'b-far', tool: 'cancel', operator: 'desk', decision: 'ALLOW' },
      { id: 'c-other-tool', tool: 'cancel', decision: 'ALLOW' },
      { id: 'd-by-two', operator: 'desk', appliesAbove: 5, decision: 'ALLOW' },
      { id: 'e-by-one', appliesAbove: 5, decision: 'ALLOW' },
    ];
    const told = of({ value: 1, policies }).near_misses;
    expect(told.map(({ policy }) => policy)).toEqual(['e-by-one', 'd-by-two']);
    const others = of({ value: 1, policies: policies.slice(0, 3) }).near_misses;
    expect(others.map(({ policy }) => policy)).toEqual(['c-other-tool']);
    expect(others[0]).toMatchObject({ selector: 'tool', message: 'tool is hold, not cancel' });
  });

  test('an action of the operator’s own by the other’s own envelope', () => {
    const policies = [{ operator: 'desk', when: 'env.source == "operator:desk"', decision: 'ALLOW' }];
    expect(of({ policies }).nearest?.sentence).toBe('proposed by desk this is ALLOW');
    expect(of({ policies, env: { ...operatorEnvelope('risk'), id: 'x' } }).nearest).toBeUndefined();
  });

  test('a change of the action before one of the rules, and ALLOW before ALERT', () => {
    const capped = { id: 'capped', maxValue: 500, decision: 'ALLOW' };
    expect(of({ value: 820, policies: [capped] }).nearest?.change).toEqual({ field: 'value', to: 500 });
    const asking = { id: 'asking', decision: 'ALERT' };
    expect(of({ value: 820, policies: [capped, asking] }).nearest).toMatchObject({
      change: { field: 'value', to: 500 },
      decision: 'ALERT',
    });
    expect(of({ value: 5, policies: [{ id: 'no', decision: 'BLOCK' }, capped] }).nearest?.change).toEqual({
      rule: 'remove_policy',
      policy: 'no',
    });
  });

  test('what a hook has against it, and claims no range where a hook is asked', () => {
    const base = {
      on: 'actions',
      priority: 50,
      critical: true,
      afterTimeoutMs: 1,
      retry: { attempts: 1, delayMs: 1, maxDelayMs: 1 },
    } as const;
    const reject: ActionHook = { ...base, id: 'no', before: () => ({ reject: 'not today' }) };
    const told = of({ value: 820, policies: [upTo500], hooks: [reject] });
    expect(told).toMatchObject({ step: 'hooks', sentence: 'BLOCK: hook:no: not today', matched: [], near_misses: [] });
    const broken: ActionHook = { ...base, id: 'bad', before: () => JSON.parse('{') };
    expect(of({ policies: [upTo500], hooks: [broken] }).step).toBe('hooks');
    const pass: ActionHook = { ...base, id: 'ok', before: () => 'pass' };
    expect(of({ value: 820, policies: [upTo500], hooks: [pass] }).nearest?.sentence).toBe('at 500 this is ALLOW');
  });

  test('an argument only where the tool makes of it what was meant', () => {
    const policies = [{ tool: 'square', appliesUpTo: 50, decision: 'ALLOW' }];
    expect(of({ tool: 'square', args: { n: 10 }, policies }).nearest).toBeUndefined();
  });

  test('the nearest of more thresholds than it looks at, and then no range', () => {
    const policies = Array.from({ length: 60 }, (_, i) => ({
      appliesAbove: i * 10,
      appliesUpTo: i * 10 + 5,
      decision: 'ALLOW',
    }));
    expect(of({ value: 297, policies }).nearest).toMatchObject({
      change: { field: 'value', to: 295 },
      sentence: 'at 295 this is ALLOW',
    });
  });

  test('a cap that only its author can raise', () => {
    const predicate = ({ value = 0 }) => value > 600;
    const told = of({ value: 820, policies: [{ id: 'capped', maxValue: 500, predicate, decision: 'ALLOW' }] });
    expect(told.nearest).toMatchObject({ change: { rule: 'raise_max_value', policy: 'capped', to: 820 } });
  });
});

test('policies of one id and text that close over different things are told the same in any order', () => {
  const under = (cap: number) => ({ id: 'p', when: ({ value = 0 }) => value < cap, decision: 'ALLOW' });
  const [small, large] = [under(10), under(500)];
  const told = of({ value: 100, policies: [small, large] });
  expect(told).toEqual(of({ value: 100, policies: [large, small] }));
  expect(told).toMatchObject({ matched: [{ policy: 'p' }], near_misses: [{ policy: 'p', selector: 'when' }] });
});

describe('it does not tell', () => {
  test('a secret of the line, however the policies and the tool spell it', () => {
    const secret = 'tok_5555444433332222';
    const policies = [
      {
        id: 'a',
        tool: 'refund',
        when: ({ args }: { args: { card: string } }) => JSON.parse(args.card),
        decision: 'ALLOW',
      },
    ];
    const told = of({ tool: 'refund', args: { cents: 500, card: secret }, policies });
    expect(told.step).toBe('match');
    expect(JSON.stringify(told)).not.toContain(secret);
    const derived = of({ tool: 'tag', args: { id: secret }, policies: [{ tool: 'tag', decision: 'ALLOW' }] });
    expect(derived.step).toBe('derived');
    expect(JSON.stringify(derived)).not.toContain(secret);
  });

  test('more than it had time for, and says so', () => {
    const question = asked({ value: 820, policies: [upTo500, { id: 'w', when: () => true, decision: 'ALERT' }] });
    const told = explain(question, { enough: () => true });
    expect(told).toMatchObject({ decision: 'ALERT', step: 'escalation', incomplete: true });
    expect(told.nearest).toBeUndefined();
    expect(explain(question)).not.toHaveProperty('incomplete');
  });

  test('what more evaluations than the bound would find', () => {
    let calls = 0;
    const when = () => {
      calls += 1;
      return false;
    };
    const policies = Array.from({ length: EVALUATIONS_MAX + 50 }, (_, i) => ({
      id: `p${i}`,
      tool: 'hold',
      when,
      decision: 'ALLOW',
    }));
    expect(explain(asked({ policies }))).toMatchObject({ decision: 'BLOCK', step: 'match', incomplete: true });
    // Once for the decision itself.
    expect(calls).toBe(policies.length + EVALUATIONS_MAX);
  });

  test('anything but the verdict where the clock is impossible', () => {
    const told = explain({ ...asked({ policies: [upTo500] }), now: new Date(Number.NaN) });
    expect(told).toMatchObject({ decision: 'BLOCK', matched: [] });
  });
});

test('what only the record knows is told from it', () => {
  const told = explainVerdict({
    decision: 'BLOCK',
    reasons: [{ code: 'limit_exceeded', policy: 'notes', message: '10 of 10 in 24h' }],
  });
  expect(told).toEqual({
    decision: 'BLOCK',
    step: 'limits',
    sentence: 'BLOCK: notes: 10 of 10 in 24h',
    matched: [],
    near_misses: [],
  });
});
