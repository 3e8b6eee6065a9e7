import { describe, expect, test } from 'vitest';
import { compilePolicies, PolicyCompileError } from './compile.ts';

const options = { version: 'v1' };
const ids = (policies: readonly unknown[]) => compilePolicies(policies, options).policies.map(({ id }) => id);

function issuesOf(policies: readonly unknown[], defaults?: object) {
  try {
    compilePolicies(policies, { ...options, ...(defaults && { defaults }) });
  } catch (error) {
    if (error instanceof PolicyCompileError) return error.issues;
    throw error;
  }
  return [];
}

describe('ids', () => {
  test('a policy without an id gets one from its content, whatever the order of its fields', () => {
    const [a] = ids([{ connector: 'magento', maxValue: 5, decision: 'ALLOW' }]);
    const [b] = ids([{ decision: 'ALLOW', maxValue: 5, connector: 'magento' }]);
    const [c] = ids([{ decision: 'ALLOW', maxValue: 6, connector: 'magento' }]);
    expect(a).toMatch(/^policy-[0-9a-f]{16}$/);
    expect(b).toBe(a);
    expect(c).not.toBe(a);
  });

  test('a function counts by its source, and not as the CEL text that looks like it', () => {
    const [a] = ids([{ predicate: () => true, decision: 'ALLOW' }]);
    const [b] = ids([{ predicate: () => true, decision: 'ALLOW' }]);
    const [c] = ids([{ predicate: () => false, decision: 'ALLOW' }]);
    const [d] = ids([{ predicate: 'true', decision: 'ALLOW' }]);
    const [e] = ids([{ when: 'true', decision: 'ALLOW' }]);
    expect(b).toBe(a);
    expect(new Set([a, c, d, e]).size).toBe(4);
  });

  test('the compiled list is sorted by id', () => {
    expect(ids(['c', 'a', 'b'].map((id) => ({ id, decision: 'ALLOW' })))).toEqual(['a', 'b', 'c']);
  });

  test('exact duplicates are one policy', () => {
    const check = () => true;
    expect(ids([{ decision: 'ALLOW' }, { decision: 'ALLOW' }])).toHaveLength(1);
    expect(
      ids([
        { id: 'x', when: check, decision: 'ALLOW' },
        { id: 'x', when: check, decision: 'ALLOW' },
      ]),
    ).toEqual(['x']);
  });

  test('functions of the same text that close over different things are both kept', () => {
    const under = (cap: number) => (action: { value?: number }) => (action.value ?? 0) < cap;
    const policies = [10, 500].map((cap) => ({ connector: 'magento', predicate: under(cap), decision: 'ALLOW' }));
    const compiled = ids(policies);
    expect(compiled).toHaveLength(2);
    expect(compiled[0]).toBe(compiled[1]);
  });

  test('the same id over other content is refused', () => {
    expect(
      issuesOf([
        { id: 'holds', decision: 'ALLOW' },
        { id: 'holds', decision: 'BLOCK' },
      ]),
    ).toEqual([
      { path: 'policies.1.id', policy: 'holds', reason: 'another policy is called holds and says something else' },
    ]);
  });
});

describe('refusals', () => {
  test('CEL that does not parse names the policy and the field', () => {
    expect(issuesOf([{ decision: 'ALLOW' }, { id: 'holds', predicate: 'action.value >', decision: 'ALLOW' }])).toEqual([
      { path: 'policies.1.predicate', policy: 'holds', reason: 'does not compile as CEL: Unexpected token: EOF' },
    ]);
  });

  test('every issue is reported, not only the first', () => {
    const issues = issuesOf([
      { when: 'nonsense', predicate: '1 +', decision: 'ALLOW' },
      { decision: 'MAYBE' },
      { id: 'capped', maxvalue: 5, decision: 'ALLOW' },
      { maxValue: -1, decision: 'ALLOW' },
      null,
      'ALLOW',
    ]);
    expect(issues.map(({ path }) => path)).toEqual([
      'policies.0.when',
      'policies.0.predicate',
      'policies.1.decision',
      'policies.2',
      'policies.3.maxValue',
      'policies.4',
      'policies.5',
    ]);
    expect(issues[3]).toMatchObject({ policy: 'capped', reason: expect.stringContaining('maxvalue') });
  });

  test('a limit that bounds nothing, or in no known time, is refused', () => {
    expect(
      issuesOf([
        { limit: { per: '24h', by: 'entity' }, decision: 'ALLOW' },
        { limit: { count: 1, per: '1w', by: 'entity' }, decision: 'ALLOW' },
        { limit: { count: 1, per: '1h', by: 'customer' }, decision: 'ALLOW' },
      ]),
    ).toMatchObject([
      { path: 'policies.0.limit', reason: 'must bound a count or a total' },
      { path: 'policies.1.limit.per', reason: 'must be a number of s, m, h or d, such as 24h' },
      { path: 'policies.2.limit.by' },
    ]);
  });

  test('a policy that throws when it is read is an issue', () => {
    const policy = {
      get decision(): string {
        throw new Error('no');
      },
    };
    expect(issuesOf([policy])).toEqual([{ path: 'policies.0', reason: 'cannot be read: no' }]);
  });

  test('defaults that make no sense are refused', () => {
    expect(issuesOf([], { quorum: 0 })).toMatchObject([{ path: 'defaults.quorum' }]);
    expect(issuesOf([], { audiences: 'x' })).toMatchObject([{ path: 'defaults' }]);
  });

  test('the message lists them all', () => {
    expect(() => compilePolicies([{ id: 'a', when: 'x', decision: 'ALLOW' }], options)).toThrow(
      'the policies do not compile\npolicies.0.when (a): does not compile as CEL: Unknown variable: x',
    );
  });
});

test('a decision looks only at the policies that may speak for its tool', () => {
  const set = compilePolicies(
    [
      { id: 'exact', connector: 'magento', tool: 'orders.hold', decision: 'ALLOW' },
      { id: 'connector', connector: 'magento', decision: 'ALLOW' },
      { id: 'tool', tool: 'orders.hold', decision: 'ALLOW' },
      { id: 'any', decision: 'ALLOW' },
      { id: 'glob', tools: ['notes.*', 'orders.*'], decision: 'ALLOW' },
      { id: 'other-glob', tools: 'notes.*', decision: 'ALLOW' },
      { id: 'other-tool', connector: 'magento', tool: 'orders.refund', decision: 'ALLOW' },
      { id: 'other-connector', connector: 'slack', tool: 'orders.hold', decision: 'ALLOW' },
      { id: 'operator', connector: 'magento', operator: 'order-risk', decision: 'ALLOW' },
    ],
    options,
  );
  const asked = { connector: 'magento', tool: 'orders.hold', risk: 'write', value: 0, nowMs: 0 } as const;
  const selected = (operator: string) =>
    set
      .select({ ...asked, operator })
      .map(({ id }) => id)
      .sort();
  expect(selected('another')).toEqual(['any', 'connector', 'exact', 'glob', 'tool']);
  expect(selected('order-risk')).toEqual(['any', 'connector', 'exact', 'glob', 'operator', 'tool']);
});
