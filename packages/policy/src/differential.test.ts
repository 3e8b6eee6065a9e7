import fc from 'fast-check';
import { expect, test } from 'vitest';
import { evaluated, naive, written } from './testing/both-verdicts.ts';
import { randomCase } from './testing/random-case.ts';

test('it decides as a naive reading of the rules does', { timeout: 60_000 }, () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(randomCase, (given) => {
      const verdicts = evaluated(written(given));
      expect(verdicts).toEqual(naive(given));
      for (const { reasons } of verdicts)
        for (const reason of reasons) seen.add(String(reason).split(' ')[0] as string);
    }),
    { numRuns: 8_000 },
  );
  // What never came up was not compared.
  expect([...seen].sort()).toEqual([
    'allowed',
    'entity_mismatch',
    'escalated',
    'invalid_action',
    'max_value',
    'no_policy',
    'not_granted',
    'policy_error',
    'predicate_false',
    'read',
    'unknown_tool',
    'value_mismatch',
    'veto',
  ]);
});
