import { describe, expect, test } from 'vitest';
import { compilePolicies } from '../compile/compile.ts';
import type { TenantRules } from '../compile/tenant-rules.ts';
import { compileHooks } from '../decide/before-hooks.ts';
import { caseFileSchema, toCases, type WrittenCases } from './policy-case.ts';
import { type CaseReport, runCases } from './run-cases.ts';

const rules: TenantRules = {
  policies: compilePolicies(
    [
      { id: 'small', tool: 'hold', appliesUpTo: 500, decision: 'ALLOW' },
      {
        id: 'large',
        tool: 'hold',
        appliesAbove: 500,
        decision: 'ALERT',
        escalation: { audience: 'desk', quorum: 2, mode: 'hold' },
      },
      { id: 'never', tool: 'wipe', decision: 'BLOCK' },
    ],
    { version: 'v' },
  ),
  grants: [{ operator: 'risk', tools: ['shop:*'] }],
  tools: { shop: { hold: { risk: 'write' }, wipe: { risk: 'destructive' } } },
  hooks: compileHooks([], {}),
  defaults: { audience: 'reviewer', quorum: 1, ttlSeconds: 60, mode: 'hold', selfApproval: false },
};
const hold = (value?: number) => ({
  connector: 'shop',
  tool: 'hold',
  args: {},
  entity_key: 'e',
  idempotency_key: 'k',
  ...(value !== undefined && { value }),
});
type WrittenCase = WrittenCases['cases'][number];
const run = (one: Partial<WrittenCase> & Pick<WrittenCase, 'expect'>, more: object = {}): CaseReport => {
  const written = { operator: 'risk', ...more, cases: [{ name: 'a case', action: hold(1), ...one }] };
  return runCases(
    rules,
    toCases(caseFileSchema.parse(written), (index) => `a.cases.yaml:${index}`),
  );
};
const faults = (...asked: Parameters<typeof run>): readonly string[] | undefined => run(...asked).results[0]?.faults;

describe('a case', () => {
  test('holds where the tenant decides as expected, in every part that it names', () => {
    const report = run({
      action: hold(501),
      expect: {
        decision: 'ALERT',
        codes: ['escalated'],
        matched: ['large'],
        escalation: { mode: 'hold', requirements: [{ audience: 'desk', quorum: 2 }] },
        reservations: [],
      },
    });
    expect(report).toMatchObject({ failed: 0, results: [{ at: 'a.cases.yaml:0', name: 'a case', faults: [] }] });
  });

  test.each<[string, WrittenCase['expect'], string]>([
    ['decision', { decision: 'BLOCK' }, 'decision: expected BLOCK, got ALLOW: small: shop hold is permitted'],
    ['codes', { decision: 'ALLOW', codes: ['read'] }, 'codes: expected read, got allowed'],
    ['matched', { decision: 'ALLOW', matched: ['small', 'large'] }, 'matched: expected large, small, got small'],
    [
      'escalation',
      { decision: 'ALLOW', escalation: { mode: 'hold' } },
      'escalation: expected {"mode":"hold"}, got none',
    ],
    ['reservations', { decision: 'ALLOW', reservations: [{}] }, 'reservations: expected [{}], got []'],
  ])('fails by its %s, and says what came instead', (_, wanted, said) => {
    expect(faults({ expect: wanted })).toEqual([said]);
  });

  test('an escalation that asks for more people than expected fails', () => {
    const wanted = { requirements: [{ audience: 'desk', quorum: 1 }] };
    expect(faults({ action: hold(501), expect: { decision: 'ALERT', escalation: wanted } })).toHaveLength(1);
  });

  test('is asked of its own policies and tools where it has some, under the tenant’s grants', () => {
    const policies = [{ when: 'action.value > 3', decision: 'BLOCK' }];
    expect(faults({ policies, action: hold(4), expect: { decision: 'BLOCK', codes: ['veto'] } })).toEqual([]);
    const tools = { shop: { hold: 'read' } };
    expect(faults({ expect: { decision: 'ALLOW', codes: ['read'] } }, { tools })).toEqual([]);
    expect(faults({ operator: 'other', expect: { decision: 'BLOCK', codes: ['not_granted'] } })).toEqual([]);
  });

  test('whose policies do not compile fails with the reason, and takes no other with it', () => {
    const bad = {
      name: 'bad',
      action: hold(),
      policies: [{ decision: 'MAYBE' }],
      expect: { decision: 'BLOCK' as const },
    };
    const good = { name: 'good', action: hold(), expect: { decision: 'ALLOW' as const } };
    const report = runCases(rules, toCases({ operator: 'risk', cases: [bad, good] }, String));
    expect(report.failed).toBe(1);
    expect(report.results[0]?.faults.join()).toContain('policies.0.decision');
  });

  test('says what is known of the entity; which one it is follows from the action', () => {
    const tools = { shop: { hold: { risk: 'write' as const, entity: { name: 'orders', id: 'order' } } } };
    const policies = [
      { when: 'env.entity != null && env.entity.data.paid && env.entity.id == "7"', decision: 'ALLOW' },
    ];
    const ask = (entity: NonNullable<WrittenCase['env']>['entity'], args: object, more: object = {}) => {
      const env = { source: 'desk', type: 't', ...(entity !== undefined && { entity }) };
      const expects = { decision: 'ALLOW' as const };
      const cases = [{ name: 'a case', policies, action: { ...hold(1), args }, env, expect: expects }];
      const written = caseFileSchema.parse({ operator: 'risk', ...more, cases });
      const [result] = runCases({ ...rules, tools }, toCases(written, String)).results;
      return result?.verdict?.reasons.map(({ code }) => code);
    };
    expect(ask({ data: { paid: true } }, { order: 7 })).toEqual(['allowed']);
    expect(ask({ data: { paid: true }, id: '7' }, { order: 8 })).toEqual(['entity_mismatch']);
    expect(ask(null, { order: 7 })).toEqual(['no_policy']);
    expect(ask(undefined, { order: 7 })).toEqual(['no_policy']);
    // Tools that stand in declare nothing: what is said is shown as it is.
    const standIns = { tools: { shop: { hold: 'write' } } };
    expect(ask({ data: { paid: true }, id: '7' }, {}, standIns)).toEqual(['allowed']);
    expect(ask(undefined, {}, standIns)).toEqual(['policy_error']);
  });

  test('is asked at the time and about the event that it names', () => {
    const policies = [{ when: 'env.source == "desk"', expiresAt: '2026-01-01T00:00:00Z', decision: 'ALLOW' }];
    const env = { source: 'desk', type: 't' };
    expect(faults({ policies, env, now: '2025-12-31T00:00:00Z', expect: { decision: 'ALLOW' } })).toEqual([]);
    expect(faults({ policies, env, expect: { decision: 'BLOCK', codes: ['no_policy'] } })).toEqual([]);
    expect(faults({ policies, now: '2025-12-31T00:00:00Z', expect: { decision: 'BLOCK' } })).toEqual([]);
  });
});

test('policies that no case matched are told, and a case of other policies matches none of them', () => {
  expect(run({ expect: { decision: 'ALLOW' } }).unmatched).toEqual(['large', 'never']);
  const policies = [{ id: 'small', decision: 'ALLOW' }];
  expect(run({ policies, expect: { decision: 'ALLOW' } }).unmatched).toEqual(['large', 'never', 'small']);
});
