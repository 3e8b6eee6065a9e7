import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Requirement } from './decision.ts';
import { missingRequirements } from './quorum.ts';
import { type AdvanceConsent, chooseConsents } from './standing-consent.ts';

const grant = (id: string, principal: string, audiences: string[], until = '2027-01-01'): AdvanceConsent => ({
  id,
  principal,
  audiences,
  until,
});
const idsOf = (requirements: readonly Requirement[], grants: readonly AdvanceConsent[]) =>
  chooseConsents(requirements, grants)?.map(({ id }) => id);

const AUDIENCES = ['a', 'b', 'c'];
const audiences = fc.subarray(AUDIENCES);
const requirements: fc.Arbitrary<Requirement[]> = fc
  .uniqueArray(fc.record({ audience: fc.constantFrom(...AUDIENCES), quorum: fc.integer({ min: 1, max: 2 }) }), {
    selector: ({ audience }) => audience,
    minLength: 1,
  })
  .map((some) => some.sort((one, other) => (one.audience < other.audience ? -1 : 1)));
const grants: fc.Arbitrary<AdvanceConsent[]> = fc.uniqueArray(
  fc.record({
    id: fc.constantFrom('1', '2', '3', '4', '5', '6', '7'),
    principal: fc.constantFrom('ann', 'bob', 'cho', 'dee'),
    audiences,
    until: fc.constantFrom('2027-01', '2027-02', '2027-03'),
  }),
  { selector: ({ id }) => id, maxLength: 7 },
);
const RUNS = { numRuns: 3000 };

/** Every way to take some of them. */
function subsets<T>(items: readonly T[]): T[][] {
  return Array.from({ length: 2 ** items.length }, (_, mask) => items.filter((_one, index) => (mask >> index) & 1));
}

const meets = (asked: readonly Requirement[], some: readonly AdvanceConsent[]) =>
  new Set(some.map(({ principal }) => principal)).size === some.length && missingRequirements(asked, some).length === 0;

describe('of what several people granted in advance', () => {
  test('never is taken what votes of the same people would not have met, and nobody fills two places', () => {
    fc.assert(
      fc.property(requirements, grants, (asked, all) => {
        const chosen = chooseConsents(asked, all);
        if (chosen) expect(meets(asked, chosen)).toBe(true);
      }),
      RUNS,
    );
  });

  test('something is taken wherever it would do, and no more than it takes', () => {
    fc.assert(
      fc.property(requirements, grants, (asked, all) => {
        const ways = subsets(all).filter((some) => meets(asked, some));
        const fewest = Math.min(...ways.map(({ length }) => length));
        expect(chooseConsents(asked, all)?.length).toBe(ways.length === 0 ? undefined : fewest);
      }),
      RUNS,
    );
  });

  test('the order in which they are found makes no difference', () => {
    fc.assert(
      fc.property(requirements, grants, (asked, all) => {
        expect(idsOf(asked, [...all].reverse())).toEqual(idsOf(asked, all));
      }),
      RUNS,
    );
  });
});

test('what ends first is spent first; of two that end together, the older', () => {
  const one = [{ audience: 'a', quorum: 1 }];
  const all = [grant('3', 'ann', ['a']), grant('2', 'bob', ['a']), grant('1', 'ann', ['a'], '2027-02-01')];
  expect(idsOf(one, all)).toEqual(['2']);
});

test('a person who granted twice gives the place that another cannot: G1 alone would leave it unmet', () => {
  const both = [
    { audience: 'a', quorum: 1 },
    { audience: 'b', quorum: 1 },
  ];
  const all = [grant('1', 'ann', ['a']), grant('2', 'ann', ['b']), grant('3', 'bob', ['a'])];
  expect(idsOf(both, all)).toEqual(['2', '3']);
});
