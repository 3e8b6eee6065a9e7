import type { TrustPolicy } from '@holdpoint/shared/domain/policy';
import type { Grant, ToolCatalog } from '@holdpoint/shared/domain/tool';
import { describe, expect, test } from 'vitest';
import { compilePolicies } from '../compile/compile.ts';
import { approvalRulePolicies, permissionPolicies } from '../compile/sugar.ts';
import type { TenantRules } from '../compile/tenant-rules.ts';
import { compileHooks } from '../decide/before-hooks.ts';
import { FINDING_CODES, type Finding } from './finding.ts';
import { lintWithProofs } from './lint-rules.ts';

/** Each code by example: policies, and what is found of them. Infos that are not the example's are left out. */

const NOW = new Date('2026-06-01T00:00:00Z');
const tools: ToolCatalog = {
  shop: {
    'orders.read': { risk: 'read' },
    'orders.hold': { risk: 'write', value: ({ amount }: { amount: number }) => amount },
    'orders.note': { risk: 'write', value: () => 0 },
    'orders.cancel': { risk: 'destructive' },
  },
  desk: { 'issues.label': { risk: 'write' } },
};
const hold = { connector: 'shop', tool: 'orders.hold' } as const;
const when = 'action.args.vip == true';
const opaque = () => true;

const asking = (more: TrustPolicy['escalation'] extends infer E ? Partial<NonNullable<E>> : never) => ({
  audience: 'reviewer',
  ttlSeconds: 60,
  ...more,
});

interface Example {
  readonly policies: readonly TrustPolicy[];
  readonly grants?: readonly Grant[];
  /** `code: policies`, all of errors and warnings and of the codes under test. */
  readonly finds: readonly string[];
}

const examples: Record<string, Example> = {
  'shadowed_tier: a capped ALLOW beside an ALERT of everything': {
    policies: [
      { id: 'small', ...hold, maxValue: 500, decision: 'ALLOW' },
      { id: 'review', ...hold, decision: 'ALERT' },
    ],
    finds: ['shadowed_tier: small review'],
  },
  'no shadowed_tier: the tiers that selectors make': {
    policies: [
      { id: 'small', ...hold, appliesUpTo: 500, decision: 'ALLOW' },
      { id: 'review', ...hold, appliesAbove: 500, decision: 'ALERT' },
    ],
    finds: [],
  },
  'no shadowed_tier: an ALERT that a condition may keep away': {
    policies: [
      { id: 'small', ...hold, maxValue: 500, decision: 'ALLOW' },
      { id: 'review', ...hold, when, decision: 'ALERT' },
    ],
    finds: [],
  },
  'always_alert_over_allow: a narrow ALLOW under a broad ALERT': {
    policies: [
      { id: 'notes', connector: 'shop', tool: 'orders.note', decision: 'ALLOW' },
      { id: 'ask', connector: 'shop', decision: 'ALERT' },
    ],
    finds: ['always_alert_over_allow: notes ask'],
  },
  'no always_alert_over_allow: it permits for another operator': {
    policies: [
      { id: 'notes', connector: 'shop', tool: 'orders.note', decision: 'ALLOW' },
      { id: 'ask', connector: 'shop', operator: 'new-bot', decision: 'ALERT' },
    ],
    finds: [],
  },
  'unreachable: all of it is vetoed': {
    policies: [
      { id: 'cancel', connector: 'shop', tool: 'orders.cancel', decision: 'ALERT' },
      { id: 'label', connector: 'desk', decision: 'ALLOW' },
      { id: 'nothing-destructive', risk: 'destructive', decision: 'BLOCK' },
    ],
    finds: ['unreachable: cancel nothing-destructive'],
  },
  'unreachable, by the way: a veto of what nothing permits': {
    policies: [
      { id: 'label', connector: 'desk', decision: 'ALLOW' },
      { id: 'nothing-destructive', risk: 'destructive', decision: 'BLOCK' },
    ],
    finds: ['unreachable: nothing-destructive'],
  },
  'no unreachable: the veto ends one day': {
    policies: [
      { id: 'label', connector: 'desk', decision: 'ALLOW' },
      { id: 'holds', ...hold, decision: 'ALLOW' },
      { id: 'pause', connector: 'desk', expiresAt: '2026-12-01T00:00:00Z', decision: 'BLOCK' },
    ],
    finds: [],
  },
  'contradiction: a maxValue under what is selected': {
    policies: [{ id: 'odd', ...hold, appliesAbove: 500, maxValue: 500, decision: 'ALERT' }],
    finds: ['contradiction: odd'],
  },
  'contradiction: a range without amounts': {
    policies: [
      { id: 'odd', ...hold, appliesAbove: 500, appliesUpTo: 500, decision: 'ALERT' },
      { id: 'holds', ...hold, decision: 'ALLOW' },
    ],
    finds: ['contradiction: odd'],
  },
  'contradiction: one cap over another policy’s whole range': {
    policies: [
      { id: 'capped', connector: 'shop', maxValue: 100, decision: 'ALLOW' },
      { id: 'large', ...hold, appliesAbove: 100, decision: 'ALERT' },
    ],
    finds: ['contradiction: large capped'],
  },
  'kills_everything: a veto of all that is permitted': {
    policies: [
      { id: 'holds', ...hold, decision: 'ALLOW' },
      { id: 'stop', risk: 'write', decision: 'BLOCK' },
    ],
    finds: ['kills_everything: stop'],
  },
  'no kills_everything: one condition is left': {
    policies: [
      { id: 'holds', ...hold, decision: 'ALLOW' },
      { id: 'stop', risk: 'write', when, decision: 'BLOCK' },
    ],
    finds: [],
  },
  'duplicate: the same under another id': {
    policies: [
      { id: 'a', ...hold, decision: 'ALLOW' },
      { id: 'b', ...hold, decision: 'ALLOW' },
    ],
    finds: ['duplicate: b a'],
  },
  'duplicate: a narrow one inside a broad one': {
    policies: [
      { id: 'holds', ...hold, decision: 'ALLOW' },
      { id: 'shop', connector: 'shop', decision: 'ALLOW' },
    ],
    finds: ['duplicate: holds shop'],
  },
  'duplicate: an ALERT that asks no more than another': {
    policies: [
      { id: 'a', ...hold, escalation: { audience: 'desk', quorum: 2 }, decision: 'ALERT' },
      {
        id: 'b',
        connector: 'shop',
        tools: 'orders.*',
        when: opaque,
        escalation: { audience: 'desk' },
        decision: 'ALERT',
      },
      { id: 'c', ...hold, escalation: { audience: 'desk' }, decision: 'ALERT' },
    ],
    finds: ['duplicate: c a'],
  },
  'no duplicate: what is counted apart, or may answer differently': {
    policies: [
      { id: 'a', ...hold, limit: { count: 1, per: '1h', by: 'tenant' }, decision: 'ALLOW' },
      { id: 'b', connector: 'shop', limit: { count: 1, per: '1h', by: 'tenant' }, decision: 'ALLOW' },
      { id: 'c', ...hold, predicate: when, decision: 'ALLOW' },
    ],
    finds: [],
  },
  'matches_nothing: connector, tool, glob, risk, reads': {
    policies: [
      { id: 'a', connector: 'crm', decision: 'ALLOW' },
      { id: 'b', connector: 'shop', tool: 'orders.ship', decision: 'ALLOW' },
      { id: 'c', tools: 'orders_*', decision: 'ALERT' },
      { id: 'd', connector: 'desk', risk: 'destructive', decision: 'BLOCK' },
      { id: 'e', tools: ['orders.read', 'issues.label', 'gone.*'], decision: 'ALERT' },
      { id: 'f', tool: 'orders.read', decision: 'ALLOW' },
    ],
    finds: ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => `matches_nothing: ${id}`),
  },
  'matches_nothing: an operator without a grant': {
    policies: [
      { id: 'a', connector: 'shop', operator: 'desk-bot', decision: 'ALLOW' },
      { id: 'b', connector: 'desk', decision: 'ALLOW' },
    ],
    grants: [{ operator: 'desk-bot', tools: ['desk:*'] }],
    finds: ['matches_nothing: a'],
  },
  'expired, and expires_soon': {
    policies: [
      { id: 'a', ...hold, expiresAt: '2026-06-01T00:00:00Z', decision: 'ALLOW' },
      { id: 'b', ...hold, expiresAt: '2026-06-15T00:00:00Z', decision: 'ALLOW' },
      { id: 'c', ...hold, expiresAt: '2026-06-15T00:00:01Z', operator: 'bot', decision: 'ALERT' },
    ],
    finds: ['expired: a', 'expires_soon: b'],
  },
  'broad_allow: neither connector nor tools': {
    policies: [{ id: 'all', risk: 'write', decision: 'ALLOW' }],
    finds: ['broad_allow: all'],
  },
  'max_value_without_value: the tool does not tell the amount': {
    policies: [
      { id: 'a', connector: 'shop', tool: 'orders.cancel', maxValue: 5, decision: 'ALLOW' },
      { id: 'b', ...hold, maxValue: 5, decision: 'ALLOW' },
      { id: 'c', connector: 'desk', limit: { total: 5, per: '1h', by: 'tenant' }, decision: 'ALLOW' },
    ],
    finds: ['max_value_without_value: a', 'max_value_without_value: c'],
  },
  'after_its_time: what would come when people are asked no more': {
    policies: [
      { id: 'a', ...hold, decision: 'ALERT', escalation: asking({ escalateTo: { audience: 'b', afterSeconds: 60 } }) },
      {
        id: 'b',
        connector: 'shop',
        tool: 'orders.note',
        decision: 'ALERT',
        escalation: asking({ remindEverySeconds: 61 }),
      },
      {
        id: 'c',
        connector: 'desk',
        decision: 'ALERT',
        escalation: asking({ escalateTo: { audience: 'b', afterSeconds: 59 } }),
      },
      {
        id: 'd',
        ...hold,
        decision: 'BLOCK',
        expiresAt: '2026-01-01T00:00:00Z',
        escalation: asking({ remindEverySeconds: 61 }),
      },
    ],
    finds: ['after_its_time: a', 'after_its_time: b', 'expired: d'],
  },
  'never_permitted: what no policy speaks for, in words of one connector each': {
    policies: [{ id: 'a', connector: 'desk', decision: 'ALLOW' }],
    finds: ['never_permitted:'],
  },
  'grant_matches_nothing and grant_without_policy': {
    policies: [{ id: 'a', ...hold, decision: 'ALLOW' }],
    grants: [
      { operator: 'bot', tools: ['shop:orders.*', 'shop:refunds.*', 'desk:*'] },
      { operator: 'reader', tools: ['shop:orders.read'] },
    ],
    finds: ['grant_matches_nothing:', 'grant_without_policy:'],
  },
};

function rulesOf(policies: readonly TrustPolicy[], grants?: readonly Grant[]): TenantRules {
  const defaults = { audience: 'reviewer', quorum: 1, ttlSeconds: 60, mode: 'hold', selfApproval: false } as const;
  return {
    policies: compilePolicies(policies, { version: 'v' }),
    grants,
    tools,
    hooks: compileHooks([], {}),
    defaults,
  };
}

const nameOf = ({ code, policies }: Finding): string => `${code}: ${policies.join(' ')}`.trim();

function found(policies: readonly TrustPolicy[], grants?: readonly Grant[]): Finding[] {
  const { report, unproven } = lintWithProofs(rulesOf(policies, grants), NOW);
  expect(unproven).toEqual([]);
  expect(report).toMatchObject({ more: 0, complete: true });
  return [...report.findings];
}

describe('lint', () => {
  test.each(Object.entries(examples))('finds %s', (name, { policies, grants, finds }) => {
    const findings = found(policies, grants);
    const relevant = findings.filter(
      ({ code, severity }) => severity !== 'info' || name.startsWith(code) || finds.some((one) => one.startsWith(code)),
    );
    expect(relevant.map(nameOf).sort()).toEqual([...finds].sort());
  });

  test('has an example of every code', () => {
    const shown = Object.values(examples).flatMap(({ finds }) => finds.map((one) => one.split(':')[0]));
    expect(FINDING_CODES.filter((code) => !shown.includes(code))).toEqual([]);
  });

  test('shows the broken recipe by numbers, on both sides of the cap, and says what to write', () => {
    const [finding] = found(examples['shadowed_tier: a capped ALLOW beside an ALERT of everything']?.policies ?? []);
    expect(finding).toMatchObject({
      severity: 'error',
      message:
        '"small" never permits, for "review" asks about all of it; and over 500 its maxValue blocks what "review" would ask about',
      witnesses: [
        { line: { connector: 'shop', tool: 'orders.hold', value: 500 }, decision: 'ALERT' },
        { line: { connector: 'shop', tool: 'orders.hold', value: 501 }, decision: 'BLOCK' },
      ],
      fix: {
        text: '"small": appliesUpTo 500 in place of maxValue; "review": appliesAbove 500',
        edits: [
          { policy: 'small', set: { appliesUpTo: 500, maxValue: null } },
          { policy: 'review', set: { appliesAbove: 500 } },
        ],
      },
    });
  });

  test('offers no edit of the broken recipe that would narrow a policy where its ALLOW says nothing', () => {
    const [finding] = found([
      { id: 'small', ...hold, maxValue: 500, decision: 'ALLOW' },
      { id: 'review', connector: 'shop', decision: 'ALERT' },
    ]);
    expect(finding?.code).toBe('shadowed_tier');
    expect(finding?.fix?.edits).toBeUndefined();
  });

  test('every fix that is data makes its finding go away, and no graver one come', () => {
    let applied = 0;
    for (const { policies, grants } of Object.values(examples)) {
      for (const finding of found(policies, grants)) {
        if (!finding.fix?.edits) continue;
        const after = found(edited(policies, finding.fix.edits), grants);
        expect(after.map(nameOf)).not.toContain(nameOf(finding));
        expect(after.filter(({ severity }) => severity === 'error').length).toBeLessThanOrEqual(
          found(policies, grants).filter(({ severity }) => severity === 'error').length,
        );
        applied += 1;
      }
    }
    expect(applied).toBeGreaterThan(4);
  });

  test('says what it takes a condition to answer', () => {
    const [finding] = found([
      { id: 'vip', ...hold, when, maxValue: 500, decision: 'ALLOW' },
      { id: 'review', ...hold, decision: 'ALERT' },
    ]);
    expect(finding).toMatchObject({
      code: 'shadowed_tier',
      witnesses: [
        { assumes: [{ policy: 'vip', field: 'when', is: true }] },
        { assumes: [{ policy: 'vip', is: true }] },
      ],
    });
  });

  test('takes a condition that stands in two policies to answer the same in both', () => {
    const guarded = (condition: TrustPolicy['when']) =>
      found([
        { id: 'vip', ...hold, when: condition, decision: 'ALLOW' },
        { id: 'no-vip', ...hold, when, decision: 'BLOCK' },
        { id: 'label', connector: 'desk', decision: 'ALLOW' },
      ]);
    expect(guarded(when).map(nameOf)).toContain('unreachable: vip no-vip');
    expect(guarded('action.args.vip').map(nameOf)).not.toContain('unreachable: vip no-vip');
  });

  test('says of sugar only what its author can change there', () => {
    const sugar = [
      ...permissionPolicies({ shop: { mode: 'open' } }, tools),
      ...approvalRulePolicies([{ pattern: 'git push *', audience: 'ops' }], {
        ...tools,
        box: { run: { risk: 'write', command: () => 'ls' } },
      }),
    ];
    const own: TrustPolicy[] = [
      { id: 'ask', ...hold, decision: 'ALERT' },
      { id: 'label', connector: 'desk', decision: 'ALLOW' },
    ];
    const findings = found([...sugar, ...own]).filter(({ severity }) => severity !== 'info');
    expect(findings.map(nameOf)).toEqual(['matches_nothing: approvalRules.0.box.run']);
  });

  test('does not depend on the order of policies', () => {
    for (const { policies, grants } of Object.values(examples)) {
      expect(found([...policies].reverse(), grants)).toEqual(found(policies, grants));
    }
  });
});

function edited(
  policies: readonly TrustPolicy[],
  edits: NonNullable<NonNullable<Finding['fix']>['edits']>,
): TrustPolicy[] {
  return policies.flatMap((policy) => {
    const edit = edits.find((one) => one.policy === policy.id);
    if (edit === undefined) return [policy];
    if ('remove' in edit) return [];
    const members = Object.entries({ ...policy, ...edit.set }).filter(([, value]) => value !== null);
    return [Object.fromEntries(members) as TrustPolicy];
  });
}
