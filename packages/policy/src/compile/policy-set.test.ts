import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compilePolicies } from './compile.ts';
import type { Selectable } from './policy-set.ts';

const asked: Selectable = {
  connector: 'shop',
  tool: 'orders.hold',
  risk: 'write',
  value: 0,
  operator: 'desk',
  nowMs: 0,
};
const idsOf = (policies: readonly object[], more: Partial<Selectable> = {}) =>
  compilePolicies(policies, { version: 'v' })
    .select({ ...asked, ...more })
    .map(({ id }) => id)
    .sort();

describe('what is grouped together says the same of tools', () => {
  test('globs are compared as lists, whatever stands in them', () => {
    const policies = [
      { id: 'one', tools: ['orders.hold x'], decision: 'ALLOW' },
      { id: 'two', tools: ['orders.hold', 'x'], decision: 'ALLOW' },
      { id: 'turned', tools: ['x', 'orders.hold'], decision: 'ALLOW' },
    ];
    expect(idsOf(policies)).toEqual(['turned', 'two']);
  });

  test('an operator of no name is no wildcard, and finds what is for any once', () => {
    const policies = [
      { id: 'any', decision: 'ALLOW' },
      { id: 'own', operator: 'desk', decision: 'ALLOW' },
    ];
    expect(idsOf(policies, { operator: '' })).toEqual(['any']);
    expect(idsOf(policies, { operator: 'constructor' })).toEqual(['any']);
  });
});

test('more tools than are remembered are found all the same', () => {
  const policies = compilePolicies(
    Array.from({ length: 2_000 }, (_, index) => ({ tools: [`*`, `x-${index}`], decision: 'ALLOW' })),
    { version: 'v' },
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 200 }), (index) => {
      expect(policies.select({ ...asked, tool: `t-${index}` })).toHaveLength(2_000);
    }),
    { numRuns: 300 },
  );
});
