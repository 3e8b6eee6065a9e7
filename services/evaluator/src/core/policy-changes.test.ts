import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NO_SET, policyChanges, type ShownSet } from './policy-changes.ts';

const set = (version: string, ...policies: Record<string, unknown>[]): ShownSet => ({ version, policies });

test('says what is new, gone and different, by id and field', () => {
  const before = set('p-1', { id: 'a', maxValue: 1 }, { id: 'b', tool: 'x' }, { id: 'c' });
  const after = set('p-2', { id: 'c' }, { id: 'b', tool: 'y', risk: 'write' }, { id: 'd' });
  expect(policyChanges(before, after)).toEqual([
    { code: 'policies_changed', message: 'p-2 takes the place of p-1' },
    { code: 'policy_removed', policy: 'a', message: 'a is gone' },
    { code: 'policy_changed', policy: 'b', message: 'b has another risk, tool' },
    { code: 'policy_added', policy: 'd', message: 'd is new' },
  ]);
});

test('says of a version whose policies read the same that something beneath them changed', () => {
  const [only, ...others] = policyChanges(set('p-1', { id: 'a' }), set('p-2', { id: 'a' }));
  expect(others).toEqual([]);
  expect(only?.message).toMatch(/^p-2 takes the place of p-1; no policy reads otherwise/);
});

test('says which is the first, and that a tenant is gone', () => {
  expect(policyChanges(undefined, set('p-1', { id: 'a' }))[0]?.message).toBe('p-1 is the first: 1 policy');
  expect(policyChanges(set('p-1', { id: 'a' }), NO_SET)[0]?.message).toMatch(/^p-1 is withdrawn/);
});

const shownSet = fc.record({
  version: fc.constantFrom('p-1', 'p-2', 'p-3'),
  policies: fc
    .uniqueArray(fc.tuple(fc.nat(400), fc.nat(3)), { selector: ([id]) => id, maxLength: 400, size: 'max' })
    .map((ids) => ids.map(([id, maxValue]) => ({ id: `p${id}`, maxValue }))),
});

test('nothing is said of the same version; else there and back says the opposite, within bounds', () => {
  fc.assert(
    fc.property(shownSet, shownSet, (a, b) => {
      const [there, back] = [policyChanges(a, b), policyChanges(b, a)];
      expect(there.length === 0).toBe(a.version === b.version);
      expect(there.length).toBe(back.length);
      expect(there.length).toBeLessThanOrEqual(202);
      const of = (changes: typeof there, code: string) =>
        changes.filter((change) => change.code === code).map(({ policy }) => policy);
      if (there.length > 200) return;
      expect(of(there, 'policy_added')).toEqual(of(back, 'policy_removed'));
      expect(of(there, 'policy_changed')).toEqual(of(back, 'policy_changed'));
    }),
  );
});
