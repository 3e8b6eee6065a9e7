import type { TrustPolicy } from '@holdpoint/shared/domain/policy';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TenantRules } from '../compile/tenant-rules.ts';
import {
  compiled,
  type Deed,
  decideDeed,
  deed,
  everyDeed,
  NOW,
  rulesOfSmallWorld,
  type Written,
} from '../testing/small-world.ts';
import { nameConditions } from './conditions.ts';
import { verdictEffect } from './effect.ts';
import type { Finding, Witness } from './finding.ts';
import { lintWithProofs } from './lint-rules.ts';
import { createLookBudget } from './look-budget.ts';
import { factsOf } from './policy-facts.ts';
import { survey } from './survey.ts';
import { toolClasses } from './tool-classes.ts';

/** On a machine that does much else. */
const MAX_MS = 60_000;
const NEVER_FIRES = ['unreachable', 'shadowed_tier', 'always_alert_over_allow', 'contradiction'];

describe('lint', () => {
  test(
    'claims nothing that the rules do not bear out, and each witness stands by what it assumes',
    () => {
      const seen = new Set<string>();
      fc.assert(
        fc.property(rulesOfSmallWorld(25), (written) => {
          const { report, unproven } = lintWithProofs(compiled(written), NOW);
          expect(unproven).toEqual([]);
          expect(report.complete).toBe(true);
          for (const { code, witnesses } of report.findings) {
            seen.add(code);
            for (const witness of witnesses) expectWitnessStands(written, witness);
          }
        }),
        { numRuns: 600 },
      );
      expect(seen.size).toBeGreaterThan(9);
    },
    MAX_MS,
  );

  test(
    'what it finds holds of whatever is done',
    () => {
      fc.assert(
        fc.property(rulesOfSmallWorld(25), fc.array(deed, { minLength: 30, maxLength: 30 }), (written, deeds) => {
          const rules = compiled(written);
          const { report } = lintWithProofs(rules, NOW);
          const verdicts = deeds.map((one) => ({ one, verdict: decideDeed(rules, one).verdict }));
          for (const finding of report.findings) {
            const without = compiled(omitting(written, finding.policies[0] ?? ''));
            for (const { one, verdict } of verdicts) expectHolds(finding, written, { one, verdict, without });
          }
        }),
        { numRuns: 300 },
      );
    },
    MAX_MS,
  );

  test(
    'without conditions it knows of every policy whether it decides, and whether anything would be decided otherwise',
    () => {
      fc.assert(
        fc.property(rulesOfSmallWorld(0), (written) => {
          const rules = compiled(written);
          const facts = factsOf(rules.policies, nameConditions([rules.policies]), { byPolicy: true });
          const budget = createLookBudget(1e6);
          const { records } = survey(facts, toolClasses({ ...rules, facts }, budget).classes, NOW.getTime(), budget);
          const deeds = [...everyDeed()].map((one) => ({ one, verdict: decideDeed(rules, one).verdict }));
          for (const { facts: own, fires, matters } of records.values()) {
            const without = compiled(omitting(written, own.id));
            const touched = deeds.filter(({ verdict }) => verdict.matched.includes(own.id));
            const firing = touched.some(({ verdict }) => verdict.decision === own.compiled.policy.decision);
            const changing = touched.some(({ one, verdict }) => {
              const after = decideDeed(without, one).verdict;
              return ownEffect(verdict) !== ownEffect(after);
            });
            expect(matters).toBe(changing);
            expect(fires).toBe(own.compiled.policy.decision === 'BLOCK' ? changing : firing);
          }
        }),
        { numRuns: 40 },
      );
    },
    MAX_MS,
  );
});

function ownEffect(verdict: ReturnType<typeof decideDeed>['verdict']): string {
  // Whose a limit is matters here: two that count the same count it twice.
  const { key } = verdictEffect({ ...verdict, reservations: [] });
  return JSON.stringify([key, verdict.reservations?.map((one) => one.key) ?? []]);
}

const omitting = ({ policies, grants }: Written, id: string): Written => ({
  policies: policies.filter((policy) => policy.id !== id),
  grants,
});

interface Done {
  readonly one: Deed;
  readonly verdict: ReturnType<typeof decideDeed>['verdict'];
  /** The rules but for the policy that the finding is about. */
  readonly without: TenantRules;
}

function expectHolds(finding: Finding, written: Written, { one, verdict, without }: Done): void {
  const [id = ''] = finding.policies;
  const own = written.policies.find((policy) => policy.id === id);
  if (NEVER_FIRES.includes(finding.code) && own?.decision !== 'BLOCK') {
    if (verdict.matched.includes(id)) expect(verdict.decision).not.toBe(own?.decision);
  } else if (finding.code === 'duplicate' || finding.code === 'unreachable') {
    const after = decideDeed(without, one).verdict;
    expect(ownEffect(after)).toBe(ownEffect(verdict));
  } else if (
    finding.code === 'expired' ||
    (finding.code === 'matches_nothing' && !finding.message.startsWith('the glob'))
  ) {
    expect(verdict.matched).not.toContain(id);
  } else if (finding.code === 'kills_everything') {
    expect(verdict.decision === 'BLOCK' || verdict.reasons[0]?.code === 'read').toBe(true);
  } else if (finding.code === 'never_permitted') {
    const named = new RegExp(`ever permits ${one.connector} (.*, )?${one.tool.replace('.', '\\.')}(,|$)`);
    if (named.test(finding.message)) expect(verdict.decision).toBe('BLOCK');
  }
}

/** By the rules as written, but that what is assumed answers so, and that nothing else may be asked. */
function expectWitnessStands({ policies, grants }: Written, witness: Witness): void {
  const assumed = (condition: TrustPolicy['when']): TrustPolicy['when'] => {
    if (condition === undefined) return undefined;
    const found = witness.assumes?.find(
      ({ policy: id, field }) => policies.find((one) => one.id === id)?.[field] === condition,
    );
    return () => {
      if (found === undefined) throw new Error('nothing was assumed of this');
      return found.is;
    };
  };
  const staged = policies.map(({ when, predicate, ...policy }) => ({
    ...policy,
    ...(when && { when: assumed(when) }),
    ...(predicate && { predicate: assumed(predicate) }),
  })) as TrustPolicy[];
  const { line, operator, at } = witness;
  const asked = { ...line, value: line.value ?? null, operator, source: 'other', atMs: Date.parse(at) };
  const { verdict } = decideDeed(compiled({ policies: staged, grants }), asked);
  expect(verdict.decision).toBe(witness.decision);
  expect(verdict.reasons).toEqual(witness.reasons);
}
