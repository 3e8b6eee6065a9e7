import type { EventEnvelope } from '@holdpoint/shared/domain/event';
import type { ToolCatalog } from '@holdpoint/shared/domain/tool';
import { describe, expect, test } from 'vitest';
import { compilePolicies } from '../compile/compile.ts';
import { evaluate, type Question } from './evaluate.ts';

const env: EventEnvelope = {
  id: 'e1',
  source: 'magento',
  type: 'order.created',
  signed: 'body',
  typeSigned: false,
  data: { customer: { tier: 'gold' }, items: [1, 2] },
};
const tools: ToolCatalog = {
  magento: {
    'orders.read': { risk: 'read' },
    'orders.hold': { risk: 'write' },
    'orders.cancel': { risk: 'destructive' },
    'orders.refund': { risk: 'write', value: (args: { amount: number }) => args.amount, secretArgs: ['card'] },
  },
};
const hold = {
  connector: 'magento',
  tool: 'orders.hold',
  args: { a: { b: 1 } },
  entity_key: 'o:1',
  idempotency_key: 'k',
  value: 10,
};

function ask(policies: readonly unknown[], line: object = {}, question: Partial<Question> = {}) {
  return evaluate({
    line: { ...hold, ...line },
    operator: 'order-risk',
    env,
    policies: compilePolicies(policies, { version: 'v7' }),
    tools,
    grants: undefined,
    hooks: undefined,
    now: new Date('2026-06-01T00:00:00Z'),
    ...question,
  });
}
const verdictOf = (...args: Parameters<typeof ask>) => ask(...args).verdict;

describe('the step that decides gives the reasons', () => {
  test('a permission names every policy behind it', () => {
    expect(
      verdictOf([
        { id: 'b', decision: 'ALLOW' },
        { id: 'a', tool: 'orders.hold', decision: 'ALLOW' },
      ]),
    ).toEqual({
      decision: 'ALLOW',
      reasons: [
        { code: 'allowed', policy: 'a', message: 'magento orders.hold is permitted' },
        { code: 'allowed', policy: 'b', message: 'magento orders.hold is permitted' },
      ],
      matched: ['a', 'b'],
      policy_version: 'v7',
      at: '2026-06-01T00:00:00.000Z',
    });
  });

  test('nothing spoke for it', () => {
    expect(verdictOf([{ tool: 'orders.hold', decision: 'ALLOW' }], { tool: 'orders.cancel' })).toMatchObject({
      decision: 'BLOCK',
      reasons: [{ code: 'no_policy', message: 'no policy speaks for magento orders.cancel' }],
      matched: [],
    });
  });

  test('all broken constraints, of all policies', () => {
    const policies = [
      { id: 'b', maxValue: 500, predicate: () => false, decision: 'ALLOW' },
      { id: 'a', predicate: 'env.data.nope == 1', decision: 'ALERT' },
    ];
    expect(verdictOf(policies, { value: 820 })).toMatchObject({
      decision: 'BLOCK',
      reasons: [
        { code: 'policy_error', policy: 'a', message: 'predicate threw: No such key: nope' },
        { code: 'max_value', policy: 'b', message: '820 is over 500' },
        { code: 'predicate_false', policy: 'b', message: 'its predicate is false' },
      ],
      matched: ['a', 'b'],
    });
  });

  test('a veto comes before constraints', () => {
    const policies = [
      { id: 'a', maxValue: 1, decision: 'ALLOW' },
      { id: 'b', decision: 'BLOCK' },
    ];
    expect(verdictOf(policies)).toMatchObject({ reasons: [{ code: 'veto', policy: 'b' }], matched: ['a', 'b'] });
  });

  test('a failing when comes before a veto', () => {
    const policies = [
      { id: 'a', when: 'env.data.x', decision: 'ALLOW' },
      { id: 'b', decision: 'BLOCK' },
    ];
    expect(verdictOf(policies)).toMatchObject({ reasons: [{ code: 'policy_error', policy: 'a' }], matched: ['b'] });
  });

  test('a missing grant comes before what the tool derives', () => {
    const grants = [{ operator: 'order-risk', tools: ['magento:orders.hold'] }];
    expect(verdictOf([], { tool: 'orders.refund' }, { grants })).toMatchObject({
      decision: 'BLOCK',
      reasons: [{ code: 'not_granted', message: 'order-risk holds no grant for magento orders.refund' }],
    });
  });

  test('a read needs its grant too, and then no policy', () => {
    const grants = [{ operator: 'order-risk', tools: ['magento:orders.hold'] }];
    expect(verdictOf([], { tool: 'orders.read' }, { grants }).reasons[0]?.code).toBe('not_granted');
    expect(verdictOf([], { tool: 'orders.read' })).toMatchObject({ decision: 'ALLOW', reasons: [{ code: 'read' }] });
  });
});

describe('selectors', () => {
  const one = { id: 'p', decision: 'ALLOW' };
  test.each<[string, object, object, boolean]>([
    ['the operator it names', { operator: 'order-risk' }, {}, true],
    ['not another operator', { operator: 'support' }, {}, false],
    ['the risk it names', { risk: 'write' }, {}, true],
    ['not another risk', { risk: 'write' }, { tool: 'orders.cancel' }, false],
    ['up to its value', { appliesUpTo: 10 }, {}, true],
    ['not above it', { appliesUpTo: 9.99 }, {}, false],
    ['above its value', { appliesAbove: 9.99 }, {}, true],
    ['not at it', { appliesAbove: 10 }, {}, false],
    ['no value as 0, up to', { appliesUpTo: 0 }, { value: undefined }, true],
    ['no value as 0, above', { appliesAbove: 0 }, { value: undefined }, false],
    ['one glob of several', { tools: ['*.send', 'orders.h*'] }, {}, true],
    ['tool and glob together', { tool: 'orders.hold', tools: 'orders.c*' }, {}, false],
    ['until it expires', { expiresAt: '2026-06-01T00:00:00.001Z' }, {}, true],
    ['not from then on', { expiresAt: '2026-06-01T00:00:00Z' }, {}, false],
    ['an expiry in another zone', { expiresAt: '2026-06-01T02:00:00+02:00' }, {}, false],
    ['a tool whose name it spells, not a pattern', { tool: 'orders.*' }, {}, false],
  ])('%s', (_, selector, line, expected) => {
    expect(verdictOf([{ ...one, ...selector }], line).matched).toEqual(expected ? ['p'] : []);
  });
});

describe("an author's code", () => {
  test.each<[string, unknown, string]>([
    ['throws', () => JSON.parse('{'), 'threw: '],
    [
      'throws what cannot be read',
      () => {
        throw {
          toString: () => {
            throw new Error();
          },
        };
      },
      'threw: something that cannot',
    ],
    [
      'throws a symbol',
      () => {
        throw Symbol('s');
      },
      'threw: Symbol(s)',
    ],
    [
      'throws nothing',
      () => {
        throw undefined;
      },
      'threw: undefined',
    ],
    ['answers a promise', async () => true, 'answered a promise'],
    ['answers a promise that rejects', () => Promise.reject(new Error('late')), 'answered a promise'],
    ['answers a thenable', () => Object.fromEntries([['then', () => true]]), 'answered a promise'],
    ['answers 1', () => 1, 'answered 1, not true or false'],
    ['answers text', () => 'true', 'answered "true", not true or false'],
    ['answers nothing', () => undefined, 'answered nothing, not true or false'],
    ['answers an object', () => ({}), 'answered an object'],
    [
      'changes the action',
      (action: { args: { a: { b: number } } }) => {
        action.args.a.b = 2;
        return true;
      },
      'threw: ',
    ],
    ['changes the event', (_: unknown, e: { data: { items: number[] } }) => e.data.items.push(3) > 0, 'threw: '],
    [
      'recurses without end',
      function again(): boolean {
        return again();
      },
      'threw: Maximum call stack',
    ],
  ])('that %s blocks, as a predicate and as a when', (_, condition, message) => {
    for (const field of ['predicate', 'when']) {
      expect(verdictOf([{ id: 'p', [field]: condition, decision: 'ALLOW' }])).toMatchObject({
        decision: 'BLOCK',
        reasons: [{ code: 'policy_error', policy: 'p', message: expect.stringContaining(`${field} ${message}`) }],
      });
    }
    expect(env.data).toEqual({ customer: { tier: 'gold' }, items: [1, 2] });
  });

  test('sees the action without what it does not say, and the event', () => {
    const seen: unknown[] = [];
    const when = (...args: unknown[]) => seen.push(...args) > 0;
    const { value: _, ...line } = hold;
    ask([{ when, decision: 'ALLOW' }], { value: undefined });
    expect(seen).toEqual([line, env]);
  });

  test('gets one frozen copy of the event an evaluation, and CEL none', () => {
    const seen = new Set<unknown>();
    const note = (_: unknown, e: unknown) => seen.add(e).size > 0;
    ask([
      { when: note, predicate: note, decision: 'ALLOW' },
      { when: note, predicate: 'env.source == "magento"', decision: 'ALERT' },
    ]);
    expect(seen.size).toBe(1);
    expect(seen.has(env)).toBe(false);
  });

  test('is announced before it runs and when it is over', () => {
    const trail: string[] = [];
    const note = (name: string) => () => trail.push(name) > 0;
    const policies = [
      { id: 'a', when: note('when'), predicate: note('predicate'), decision: 'ALLOW' },
      { id: 'b', operator: 'support', when: note('never'), decision: 'ALLOW' },
    ];
    const watch = { begins: (subject: string) => void trail.push(subject), ends: () => void trail.push('over') };
    ask(policies, { tool: 'orders.refund', args: { amount: 10 } }, { watch });
    expect(trail).toEqual(['magento:orders.refund', 'over', 'a', 'when', 'over', 'a', 'predicate', 'over']);
  });

  test('an event that nests deeper than any stack blocks what asks about it', () => {
    const data = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    const deep = { env: { ...env, data } };
    expect(verdictOf([{ when: () => true, decision: 'ALLOW' }], {}, deep).reasons[0]).toMatchObject({
      code: 'policy_error',
      message: 'when threw: the event nests deeper than 1000',
    });
    expect(verdictOf([{ when: 'env.data == []', decision: 'ALLOW' }], {}, deep).decision).toBe('BLOCK');
    expect(verdictOf([{ when: 'env.source == "magento"', decision: 'ALLOW' }], {}, deep).decision).toBe('ALLOW');
  });
});

test('an alert carries the strictest of what was asked, with its reasons rendered', () => {
  const escalation = (audience: string, reason: string) => ({ audience, reason });
  const policies = [
    { id: 'b', decision: 'ALERT', escalation: { ...escalation('desk', 'Look at ${args.card}'), mode: 'alongside' } },
    { id: 'a', decision: 'ALERT', escalation: { ...escalation('compliance', '${name} of ${value}'), quorum: 2 } },
    { id: 'c', decision: 'ALLOW', escalation: { audience: 'nobody' } },
  ];
  expect(verdictOf(policies, { tool: 'orders.refund', args: { amount: 95, card: '4242' }, value: 95 })).toMatchObject({
    decision: 'ALERT',
    reasons: [
      { code: 'escalated', policy: 'a', message: 'compliance is asked (2 votes)' },
      { code: 'escalated', policy: 'b', message: 'desk is asked' },
    ],
    escalation: {
      mode: 'hold',
      requirements: [
        { audience: 'compliance', quorum: 2 },
        { audience: 'desk', quorum: 1 },
      ],
      ttl_seconds: 86_400,
      self_approval: false,
      reasons: ['Look at •••', 'orders.refund of 95'],
    },
  });
});

test('policies that share a text but not a closure all constrain', () => {
  const under = (cap: number) => (action: { value?: number }) => (action.value ?? 0) < cap;
  const policies = [500, 5].map((cap) => ({ predicate: under(cap), decision: 'ALLOW' }));
  const verdict = verdictOf(policies);
  expect(verdict).toMatchObject({ decision: 'BLOCK', reasons: [{ code: 'predicate_false' }] });
  expect(verdict.matched).toHaveLength(1);
});

test('an impossible clock blocks', () => {
  expect(verdictOf([{ decision: 'ALLOW' }], {}, { now: new Date(Number.NaN) })).toMatchObject({
    decision: 'BLOCK',
    reasons: [{ code: 'policy_error', message: expect.stringContaining('scoring failed: ') }],
  });
});

describe("a tool's secret", () => {
  const secret = 'tok"en-4242';
  const secretive = (more: object = {}): { tools: ToolCatalog } => ({
    tools: { magento: { 'orders.hold': { risk: 'write', secretArgs: ['card', 'cards.*.code'], ...more } } },
  });
  const line = { args: { card: secret, cards: [{ code: '12' }], note: `paid with ${secret}` } };
  const told = (policies: readonly unknown[], more?: object, args: object = line.args): string =>
    JSON.stringify(verdictOf(policies, { args }, secretive(more)));
  const schema = (validate: (value: never) => unknown) => ({
    args: { '~standard': { version: 1, vendor: 'test', validate } },
  });

  test.each<[string, readonly unknown[], object]>([
    ['what a template shows of another argument', [asking('${args.note} ${args}')], {}],
    ['what a template shows of a list that holds it', [asking('${args.cards} ${args.cards.0.code}')], {}],
    [
      'what a template shows of a derived key',
      [asking('${entity_key}')],
      { entityKey: (a: { card: string }) => a.card },
    ],
    ['what a condition throws', [{ decision: 'ALLOW', when: (a: Line) => JSON.parse(a.args.card) }], {}],
    ['what a condition answers', [{ decision: 'ALLOW', when: (a: Line) => a.args.card }], {}],
    ['what a derived value throws', [], { value: (a: { card: string }) => JSON.parse(a.card) }],
    ['what a schema says', [], schema((a: { card: string }) => ({ issues: [{ message: `no ${a.card}` }] }))],
    ['what a schema throws', [], schema((a: { card: string }) => JSON.parse(a.card))],
  ])('is hidden in %s', (_, policies, more) => {
    const text = told(policies, more);
    expect(text).toContain('•••');
    expect(text).not.toMatch(/4242|"code\\*":\\*"12|\b12\b/);
  });

  test('is hidden before a message is cut, so that no half of it is left', () => {
    const long = `${'x'.repeat(290)}${secret}`;
    const text = told([{ decision: 'ALLOW', when: () => raise(long) }]);
    expect(text).toContain('x•••');
    expect(text).not.toContain('tok');
  });

  test('is hidden as the schema made it as well', () => {
    const upper = schema((a: { card: string }) => ({ value: { card: a.card.toUpperCase() } }));
    const text = told([{ decision: 'ALLOW', when: (a: Line) => raise(a.args.card) }], upper);
    expect(text).toContain('when threw: •••');
    expect(text).not.toMatch(/TOK/);
  });

  test('is hidden whole where the text or the secrets are too many to be searched', () => {
    const many = Array.from({ length: 2_000 }, (_, index) => `secret-${index}`);
    expect(told([{ decision: 'ALLOW', when: () => raise('secret-7 failed') }], {}, { card: many })).not.toMatch(
      /secret-7/,
    );
    expect(told([{ decision: 'ALLOW', when: () => raise(`${secret}${'x'.repeat(20_000)}`) }])).not.toMatch(/4242/);
  });

  interface Line {
    readonly args: { readonly card: string };
  }
  function asking(reason: string): object {
    return { decision: 'ALERT', escalation: { audience: 'desk', reason } };
  }
  function raise(message: string): never {
    throw new Error(message);
  }
});
