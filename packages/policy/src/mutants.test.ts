import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { evaluated, type InShort, naive, type Written, written } from './testing/both-verdicts.ts';
import { MUTANTS } from './testing/mutants.ts';
import { randomCase } from './testing/random-case.ts';

/** Enough that the rarest mutant (an edge, met exactly) shows; always the same, so that one that hides once hides always. */
const CASES = { numRuns: 4_000, seed: 1 };

describe('an evaluator that does not hear a field, or hears it wrong, is found out', () => {
  const corpus: { readonly given: Written; readonly due: readonly InShort[] }[] = [];

  beforeAll(() => {
    for (const drawn of fc.sample(randomCase, CASES)) corpus.push({ given: written(drawn), due: naive(drawn) });
  });

  test('the right one is not', () => {
    for (const { given, due } of corpus.slice(0, 500)) expect(evaluated(given)).toEqual(due);
  });

  test.each(MUTANTS)('$name', { timeout: 30_000 }, ({ mutate }) => {
    const found = corpus.some(({ given, due }) => !isDeepStrictEqual(evaluated(mutate(given)), due));
    expect(found).toBe(true);
  });
});
