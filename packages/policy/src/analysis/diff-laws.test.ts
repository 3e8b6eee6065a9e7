import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compiled, type Deed, decideDeed, deed, NOW, rulesOfSmallWorld, type Written } from '../testing/small-world.ts';
import type { Change } from './change.ts';
import { diffWithProofs } from './diff-rules.ts';
import { directionOf, verdictEffect } from './effect.ts';
import { contains } from './value-range.ts';

/** On a machine that does much else. */
const MAX_MS = 60_000;

/** Mostly the same rules with something else in them, for what is all different meets seldom. */
function pairs(conditionPercent: number): fc.Arbitrary<readonly [Written, Written]> {
  const world = rulesOfSmallWorld(conditionPercent);
  return fc
    .tuple(world, world, fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), fc.boolean())
    .map(([a, b, kept, sameGrants]) => {
      const policies = Array.from({ length: 6 }, (_, index) => (kept[index] ? a : b).policies[index]);
      const after = { policies: policies.filter((one) => one !== undefined), grants: sameGrants ? a.grants : b.grants };
      return [a, after] as const;
    });
}

describe('diff', () => {
  test(
    'of rules and themselves is empty, also compiled anew and in another order',
    () => {
      fc.assert(
        fc.property(rulesOfSmallWorld(30), (written) => {
          const again = { ...written, policies: [...written.policies].reverse() };
          const { report } = diffWithProofs(compiled(written), compiled(again), NOW);
          expect(report).toEqual({
            looser: [],
            tighter: [],
            otherwise: [],
            open: [],
            unfelt: [],
            more: 0,
            complete: true,
          });
        }),
        { numRuns: 300 },
      );
    },
    MAX_MS,
  );

  // Of few conditions every combination is looked at, of many only those that can matter.
  test.each([25, 80])(
    'with conditions in %s of 100 places it knows of every action that is decided otherwise, and which way; and each change is borne out',
    (conditionPercent) => {
      let differing = 0;
      fc.assert(
        fc.property(
          pairs(conditionPercent),
          fc.array(deed, { minLength: 40, maxLength: 40 }),
          ([written, other], deeds) => {
            const [before, after] = [compiled(written), compiled(other)];
            const { report, unproven } = diffWithProofs(before, after, NOW);
            expect(unproven).toBe(0);
            expect(report).toMatchObject({ more: 0, complete: true });
            for (const one of deeds) {
              const [was, is] = [before, after].map((rules) => verdictEffect(decideDeed(rules, one).verdict));
              const direction = was && is && directionOf(was, is);
              if (direction === undefined) continue;
              differing += 1;
              const covering = report[direction].filter((change) => covers(change, one));
              expect(covering.length, JSON.stringify({ one, direction, report })).toBeGreaterThan(0);
            }
          },
        ),
        { numRuns: 300 },
      );
      expect(differing).toBeGreaterThan(200);
    },
    MAX_MS,
  );

  test(
    'without conditions it claims nothing of actions that are decided the same',
    () => {
      fc.assert(
        fc.property(pairs(0), fc.array(deed, { minLength: 40, maxLength: 40 }), ([written, other], deeds) => {
          const [before, after] = [compiled(written), compiled(other)];
          const { report } = diffWithProofs(before, after, NOW);
          for (const one of deeds) {
            const [was, is] = [before, after].map((rules) => verdictEffect(decideDeed(rules, one).verdict));
            const direction = was && is && directionOf(was, is);
            for (const way of ['looser', 'tighter', 'otherwise'] as const) {
              const covering = report[way].filter((change) => covers(change, one));
              expect(covering.length, JSON.stringify({ one, direction, way, report })).toBe(way === direction ? 1 : 0);
            }
          }
        }),
        { numRuns: 300 },
      );
    },
    MAX_MS,
  );

  test(
    'the other way round it is the same with its directions exchanged',
    () => {
      fc.assert(
        fc.property(pairs(25), ([written, other]) => {
          const [before, after] = [compiled(written), compiled(other)];
          const there = diffWithProofs(before, after, NOW).report;
          const back = diffWithProofs(after, before, NOW).report;
          expect(there.looser.length > 0).toBe(back.tighter.length > 0);
          expect(there.tighter.length > 0).toBe(back.looser.length > 0);
          expect(there.unfelt).toEqual(back.unfelt);
        }),
        { numRuns: 200 },
      );
    },
    MAX_MS,
  );
});

function covers(change: Change, one: Deed): boolean {
  return (
    change.tools.some(({ connector, tool }) => connector === one.connector && tool === one.tool) &&
    (change.operators.includes(one.operator) ||
      (change.operators.includes('*') && !change.except.includes(one.operator))) &&
    contains(change.values, one.value ?? 0) &&
    one.atMs >= Date.parse(change.from) &&
    (change.until === null || one.atMs < Date.parse(change.until))
  );
}
