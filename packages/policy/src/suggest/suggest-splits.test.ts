import type { DecisionRecord } from '@holdpoint/shared/domain/decision-record';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TenantRules } from '../compile/tenant-rules.ts';
import { courseOf } from '../replay/course.ts';
import { replayRecord } from '../replay/replay-record.ts';
import { AT, answeredBy, recordOf, rulesOf } from '../testing/decision-records.ts';
import { withSplit } from './split-policy.ts';
import { denialRateMax, splitValue } from './split-value.ts';
import { createSuggester, SUGGEST_TERMS, type Suggestions, type SuggestTerms } from './suggest-splits.ts';
import { verifySplits } from './verify-splits.ts';

const ASKS = { id: 'refunds', connector: 'shop', tool: 'refund', decision: 'ALERT' } as const;
const rules = rulesOf([ASKS]);
const FEW: SuggestTerms = { ...SUGGEST_TERMS, grantsMin: 3 };

let minute = 0;
/** Each asked in a minute of its own, so that no batch comes about by chance. */
function answered(value: number | undefined, vote: 'approve' | 'deny', by = 'ann', tookMs = 60_000, of = rules) {
  minute += 1;
  const approvals = [answeredBy(by, vote, tookMs, AT + minute * 600_000)];
  const state = vote === 'approve' ? 'applied' : 'denied';
  return recordOf(of, value === undefined ? {} : { value }, { state, approvals });
}
const byTwo = (values: readonly number[]) =>
  values.map((value, index) => answered(value, 'approve', index % 2 ? 'ann' : 'bob'));

function suggest(records: readonly DecisionRecord[], of: TenantRules = rules, terms = FEW): Suggestions {
  const suggester = createSuggester(of, terms);
  for (const record of records) suggester.add(record);
  return suggester.suggest();
}

const withheld = (records: readonly DecisionRecord[], of = rules, terms = FEW) =>
  suggest(records, of, terms).withheld.map(({ why }) => why);

test('a stretch of grants below every denial is split off at its greatest value', () => {
  const { suggestions } = suggest([...byTwo([10, 80, 40]), answered(500, 'deny'), answered(120, 'deny')]);
  expect(suggestions).toMatchObject([
    {
      policy: 'refunds',
      up_to: 80,
      would_save: 3,
      evidence: { granted: 3, people: 2, denied: 2, lowest_denied: 120, undecided: 0 },
      policies: [
        { id: 'refunds-up-to-80', connector: 'shop', tool: 'refund', appliesUpTo: 80, decision: 'ALLOW' },
        { id: 'refunds', connector: 'shop', tool: 'refund', appliesAbove: 80, decision: 'ALERT' },
      ],
    },
  ]);
  expect(suggestions[0]?.text).toBe(
    `// in place of refunds
{ id: 'refunds-up-to-80', connector: 'shop', tool: 'refund', appliesUpTo: 80, decision: 'ALLOW' },
{ id: 'refunds', connector: 'shop', tool: 'refund', appliesAbove: 80, decision: 'ALERT' },`,
  );
});

test('the bound on denials is that of Clopper and Pearson', () => {
  expect(denialRateMax(59)).toBeCloseTo(0.0495, 4);
  expect(denialRateMax(20)).toBeCloseTo(0.1391, 4);
  expect(denialRateMax(0)).toBe(1);
});

describe('nothing is suggested', () => {
  test('for too few grants', () => expect(withheld(byTwo([1, 2]))).toEqual(['too_few']));
  test('where a denial is as small as any grant', () =>
    expect(withheld([...byTwo([10, 20, 30]), answered(10, 'deny')])).toEqual(['denied_low']));
  test('where somebody said no and was outvoted: it takes several to deny, and one to be heard here', () => {
    const outvoted = byTwo([10]).map((record) => ({
      ...record,
      approvals: [...record.approvals, { ...answeredBy('carol', 'deny'), status: 'granted' as const }],
    }));
    expect(withheld([...byTwo([10, 20, 30]), ...outvoted])).toEqual(['denied_low']);
  });
  test('where a denied line had no value, which counts as 0', () =>
    expect(withheld([...byTwo([10, 20, 30]), answered(undefined, 'deny')])).toEqual(['denied_low']));
  test('for what standing grants let through: nobody looked at it', () => {
    const reason = { code: 'standing_grant' as const, message: 'granted in advance by ann' };
    const unseen = byTwo([10, 80, 40]).map(({ verdict, ...record }) => ({
      ...record,
      verdict: { ...verdict, reasons: [...verdict.reasons, reason] },
    }));
    expect(suggest(unseen)).toMatchObject({ suggestions: [], withheld: [] });
  });
  test('for lines without a value', () =>
    expect(withheld([1, 2, 3, 4].map((n) => answered(undefined, 'approve', `p${n}`)))).toEqual(['no_value']));
  test('on the word of one person who never denied anything; one who did counts', () => {
    const alone = [10, 20, 30].map((value) => answered(value, 'approve'));
    expect(withheld(alone)).toEqual(['one_person']);
    expect(suggest([...alone, answered(99, 'deny')]).suggestions).toMatchObject([{ up_to: 30 }]);
  });
  test('where other policies escalate the same lines', () => {
    const both = rulesOf([ASKS, { id: 'also', tool: 'refund', decision: 'ALERT' }]);
    const records = [1, 2, 3, 4].map((n) => answered(n, 'approve', `p${n}`, 60_000, both));
    expect(suggest(records, both).withheld).toMatchObject([
      { policy: 'also', why: 'several_tools' },
      { policy: 'refunds', why: 'several_alerts' },
    ]);
  });
  test('for what is no evidence: expired, withdrawn or open questions', () => {
    const open = byTwo([1, 2, 3]).map((record) => ({
      ...record,
      state: 'expired' as const,
      approvals: record.approvals.map((one) => ({ ...one, status: 'expired' as const })),
    }));
    expect(suggest(open).withheld).toMatchObject([{ why: 'too_few', evidence: { undecided: 3, granted: 0 } }]);
  });
  test('for a policy that is gone, that holds nothing back, that rules made, or that keeps a limit', () => {
    const records = byTwo([1, 2, 3, 4]);
    expect(withheld(records, rulesOf([]))).toEqual(['gone']);
    expect(withheld(records, rulesOf([{ ...ASKS, decision: 'ALLOW' }]))).toEqual(['not_hold']);
    const rule = rulesOf([{ ...ASKS, id: 'approvalRules.0.shop.refund', when: () => true }]);
    const ruled = [1, 2, 3, 4].map((n) => answered(n, 'approve', `p${n}`, 60_000, rule));
    expect(withheld(ruled, rule)).toEqual(['of_rules']);
    expect(withheld(records, rulesOf([{ ...ASKS, limit: { count: 3, per: '1h', by: 'tool' } }]))).toEqual([
      'has_limit',
    ]);
  });
  test('where more was asked than can be weighed, for a denial may be in the rest', () =>
    expect(withheld(byTwo([1, 2, 3, 4]), rules, { ...FEW, evidenceMax: 3 })).toEqual(['too_much']));
});

describe('a rubber stamp is no evidence', () => {
  test('a yes faster than anybody reads', () => {
    const fast = [10, 20, 30, 90].map((value, n) => answered(value, 'approve', `p${n}`, 4_999));
    expect(suggest([...fast, ...byTwo([5, 6, 7])]).suggestions).toMatchObject([
      { up_to: 7, evidence: { granted: 3, set_aside: { too_fast: 4, batch: 0 } }, would_save: 3 },
    ]);
  });
  test('many yeses in one moment, over whatever tools', () => {
    const asked = AT + 9e9;
    const batch = Array.from({ length: 11 }, (_, n) =>
      recordOf(
        rules,
        { value: 100 + n },
        { state: 'applied', approvals: [answeredBy('eve', 'approve', 60_000, asked + n)] },
      ),
    );
    expect(suggest([...batch, ...byTwo([5, 6, 7])]).suggestions).toMatchObject([
      { up_to: 7, evidence: { granted: 3, set_aside: { batch: 11 } } },
    ]);
    expect(suggest([...batch.slice(1), ...byTwo([5, 6, 7])]).suggestions).toMatchObject([{ up_to: 110 }]);
  });
});

describe('a split', () => {
  test('keeps what the policy says of values, conditions and people', () => {
    const written = {
      ...ASKS,
      appliesAbove: 5,
      appliesUpTo: 100,
      maxValue: 90,
      when: 'has(action.value)',
      escalation: { audience: 'desk', reason: "it's ${value}" },
    };
    const of = rulesOf([written]);
    const records = [3, 10, 50, 80, 200].map((value, n) => answered(value, 'approve', `p${n}`, 60_000, of));
    const [suggestion] = suggest(records, of).suggestions;
    expect(suggestion?.policies).toEqual([
      {
        id: 'refunds-up-to-80',
        connector: 'shop',
        tool: 'refund',
        maxValue: 90,
        when: 'has(action.value)',
        appliesAbove: 5,
        appliesUpTo: 80,
        decision: 'ALLOW',
      },
      { ...written, appliesAbove: 80 },
    ]);
    expect(suggestion?.text).toContain("reason: 'it\\'s ${value}'");
  });

  test('at the policy’s own end leaves nothing of it', () => {
    const of = rulesOf([{ ...ASKS, appliesUpTo: 80 }]);
    const records = [10, 50, 80].map((value, n) => answered(value, 'approve', `p${n}`, 60_000, of));
    expect(suggest(records, of).suggestions[0]?.policies).toMatchObject([{ appliesUpTo: 80, decision: 'ALLOW' }]);
  });

  test('of a permission opens the tool and asks above', () => {
    const id = 'permissions.shop.refund';
    const of = rulesOf([{ ...ASKS, id }]);
    const records = [10, 50, 80].map((value, n) => answered(value, 'approve', `p${n}`, 60_000, of));
    const [suggestion] = suggest(records, of).suggestions;
    expect(suggestion?.text).toContain("overrides: { 'refund': 'allow' }");
    expect(suggestion?.policies).toMatchObject([
      { id, decision: 'ALLOW' },
      { id: 'refund-above-80', appliesAbove: 80 },
    ]);
  });
});

/** A history of one tool: values, who decided, how. */
const history = fc.array(
  fc.record({
    value: fc.oneof({ weight: 9, arbitrary: fc.nat(12) }, fc.constant(undefined)),
    vote: fc.constantFrom<'approve' | 'deny'>('approve', 'approve', 'approve', 'approve', 'deny'),
    by: fc.constantFrom('ann', 'bob', 'eve'),
    tookMs: fc.constantFrom(1_000, 60_000),
  }),
  { maxLength: 40 },
);
const recordsOf = (
  past: readonly { value: number | undefined; vote: 'approve' | 'deny'; by: string; tookMs: number }[],
) => past.map(({ value, vote, by, tookMs }) => answered(value, vote, by, tookMs));

describe('always', () => {
  test('no denied line runs by a suggestion, its value was granted, and replay saves what it claims', () => {
    let seen = 0;
    fc.assert(
      fc.property(history, (past) => {
        const records = recordsOf(past);
        const found = suggest(records);
        const check = verifySplits(found);
        const splits = found.suggestions.map((one) => withSplit(rules, one));
        for (const record of records) {
          const afters = splits.map((split) => replayRecord(record, split));
          check.add(record, replayRecord(record, rules), afters);
        }
        const verified = check.verified();
        expect(verified.suggestions).toHaveLength(found.suggestions.length);
        for (const suggestion of verified.suggestions) {
          seen += 1;
          expect(suggestion.saves).toBe(suggestion.would_save);
          expect(records.some(({ value, state }) => value === suggestion.up_to && state === 'applied')).toBe(true);
          const split = withSplit(rules, suggestion);
          for (const record of records.filter(({ state }) => state === 'denied')) {
            const replayed = replayRecord(record, split);
            expect(replayed.ok && courseOf(replayed.verdict)).toBe('hold');
          }
        }
      }),
      { numRuns: 150 },
    );
    expect(seen).toBeGreaterThan(10);
  });

  test('another denial never raises a split; it may only show that a person who granted alone does read', () => {
    fc.assert(
      fc.property(history, fc.nat(60), fc.constantFrom('ann', 'bob', 'eve'), (past, value, by) => {
        const records = recordsOf(past);
        const [before] = suggest(records).suggestions;
        const [after] = suggest([...records, answered(value, 'deny', by)]).suggestions;
        const alone = suggest(records).withheld.some(({ why }) => why === 'one_person');
        if (after) expect(before !== undefined || alone).toBe(true);
        if (after) expect(after.up_to).toBeLessThan(value);
        if (after && before) expect(after.up_to).toBeLessThanOrEqual(before.up_to);
      }),
      { numRuns: 150 },
    );
  });

  test('the order of records makes no difference', () => {
    fc.assert(
      fc.property(
        history.chain((past) =>
          fc.tuple(fc.constant(past), fc.shuffledSubarray([...past.keys()], { minLength: past.length })),
        ),
        ([past, order]) => {
          const records = recordsOf(past);
          expect(suggest(order.map((at) => records[at] as DecisionRecord))).toEqual(suggest(records));
        },
      ),
      { numRuns: 100 },
    );
  });

  test('a split value is granted and below every denial', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), fc.array(fc.nat(20)), (granted, denied) => {
        const split = splitValue(granted, denied);
        if (split === undefined) return;
        expect(granted).toContain(split);
        expect(denied.every((value) => value > split)).toBe(true);
      }),
    );
  });
});
