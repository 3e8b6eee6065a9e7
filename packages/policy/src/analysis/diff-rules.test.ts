import type { TrustPolicy } from '@holdpoint/shared/domain/policy';
import type { Grant, ToolCatalog } from '@holdpoint/shared/domain/tool';
import { expect, test } from 'vitest';
import { compilePolicies } from '../compile/compile.ts';
import type { TenantRules } from '../compile/tenant-rules.ts';
import { compileHooks } from '../decide/before-hooks.ts';
import { diffWithProofs } from './diff-rules.ts';

const NOW = new Date('2026-06-01T00:00:00Z');
const hold = { connector: 'shop', tool: 'orders.hold' } as const;
const catalog: ToolCatalog = {
  shop: { 'orders.read': { risk: 'read' }, 'orders.hold': { risk: 'write' }, 'orders.note': { risk: 'write' } },
};

function rulesOf(policies: readonly TrustPolicy[], grants?: readonly Grant[], tools = catalog): TenantRules {
  const defaults = { audience: 'reviewer', quorum: 1, ttlSeconds: 60, mode: 'hold', selfApproval: false } as const;
  const compiled = compilePolicies(policies, { version: 'v', defaults });
  return { policies: compiled, grants, tools, hooks: compileHooks([], {}), defaults };
}

function diff(before: TenantRules, after: TenantRules) {
  const { report, unproven } = diffWithProofs(before, after, NOW);
  expect(unproven).toBe(0);
  expect(report).toMatchObject({ more: 0, complete: true });
  const words = (changes: typeof report.looser) => changes.map(({ message }) => message);
  const { looser, tighter, otherwise } = report;
  return { looser: words(looser), tighter: words(tighter), otherwise: words(otherwise), report };
}

const tiers = (threshold: number): TrustPolicy[] => [
  { id: 'small', ...hold, appliesUpTo: threshold, decision: 'ALLOW' },
  { id: 'large', ...hold, appliesAbove: threshold, decision: 'ALERT' },
];
const ASKED = 'ALERT to reviewer, within 60 s';
const NOTHING = { looser: [], tighter: [], otherwise: [] };

test('a raised threshold is looser between the two, and shows an action of it', () => {
  const { report, ...changes } = diff(rulesOf(tiers(500)), rulesOf(tiers(800)));
  expect(changes).toEqual({ ...NOTHING, looser: [`shop orders.hold over 500 up to 800: ${ASKED} → ALLOW`] });
  expect(report.looser[0]).toMatchObject({
    values: { above: 500, upTo: 800 },
    operators: ['*'],
    witness: {
      before: { line: { value: 800 }, decision: 'ALERT', reasons: [{ code: 'escalated', policy: 'large' }] },
      after: { line: { value: 800 }, decision: 'ALLOW', reasons: [{ code: 'allowed', policy: 'small' }] },
    },
  });
  expect(diff(rulesOf(tiers(800)), rulesOf(tiers(500))).tighter).toEqual([
    `shop orders.hold over 500 up to 800: ALLOW → ${ASKED}`,
  ]);
});

test('the same rules, in another order, under other ids and written otherwise, are no change', () => {
  const other = tiers(500).map((policy) => ({
    ...policy,
    id: `${policy.id}-2`,
    tool: undefined,
    tools: ['orders.hold'],
  }));
  expect(diff(rulesOf(tiers(500)), rulesOf(tiers(500).reverse()))).toMatchObject({
    ...NOTHING,
    report: { unfelt: [] },
  });
  const { report, ...changes } = diff(rulesOf(tiers(500)), rulesOf(other as TrustPolicy[]));
  expect(changes).toEqual(NOTHING);
  expect(report.unfelt).toEqual(['large', 'large-2', 'small', 'small-2']);
});

test('terms of an escalation and of a limit are compared in both directions', () => {
  const ask = (escalation: TrustPolicy['escalation'], limit?: TrustPolicy['limit']) =>
    rulesOf([{ id: 'ask', ...hold, decision: 'ALERT', ...(escalation && { escalation }), ...(limit && { limit }) }]);
  const desk = { audience: 'desk' };
  expect(diff(ask(desk), ask({ ...desk, quorum: 2 })).tighter).toEqual([
    'shop orders.hold: ALERT to desk, within 60 s → ALERT to 2 of desk, within 60 s',
  ]);
  expect(diff(ask(desk), ask({ ...desk, mode: 'alongside' })).looser).toHaveLength(1);
  expect(diff(ask(desk), ask({ audience: 'legal' })).otherwise).toHaveLength(1);
  expect(diff(ask({ ...desk, quorum: 2 }), ask({ ...desk, ttlSeconds: 30 })).otherwise).toHaveLength(1);
  expect(diff(ask(desk), ask({ ...desk, reason: 'in other words' }))).toMatchObject(NOTHING);
  const limit = { count: 10, per: '24h', by: 'entity' } as const;
  expect(diff(ask(desk, limit), ask(desk, { ...limit, count: 20 })).looser).toEqual([
    'shop orders.hold: ALERT to desk, within 60 s, at most 10 times per 24h by entity → ALERT to desk, within 60 s, at most 20 times per 24h by entity',
  ]);
  expect(diff(ask(desk), ask(desk, limit)).tighter).toHaveLength(1);
});

test('operators, grants, tools and dates are told', () => {
  const notes = { id: 'notes', connector: 'shop', tool: 'orders.note', decision: 'ALLOW' } as const;
  expect(diff(rulesOf([]), rulesOf([{ ...notes, operator: 'bot' }])).looser).toEqual([
    'shop orders.note by bot: BLOCK → ALLOW',
  ]);
  const granted = rulesOf([notes], [{ operator: 'bot', tools: ['shop:orders.*'] }]);
  expect(diff(rulesOf([notes]), granted).tighter).toEqual([
    'shop orders.note, shop orders.read by anyone but bot: ALLOW → BLOCK',
  ]);
  const bigger = { shop: { ...catalog.shop, 'orders.ship': { risk: 'write' as const } } };
  const all = { id: 'all', connector: 'shop', decision: 'ALLOW' } as const;
  expect(diff(rulesOf([all]), rulesOf([all], undefined, bigger)).looser).toEqual(['shop orders.ship: BLOCK → ALLOW']);
  const dated = { ...notes, expiresAt: '2026-07-01T00:00:00Z' };
  expect(diff(rulesOf([notes]), rulesOf([dated])).tighter).toEqual([
    'shop orders.note from 2026-07-01T00:00:00.000Z: ALLOW → BLOCK',
  ]);
  expect(diff(rulesOf([notes]), rulesOf([{ ...notes, id: 'all', tool: undefined } as TrustPolicy])).looser).toEqual([
    'shop orders.hold: BLOCK → ALLOW',
  ]);
});

test('tools that change alike are one change', () => {
  const { looser } = diff(rulesOf([]), rulesOf([{ id: 'all', connector: 'shop', decision: 'ALLOW' }]));
  expect(looser).toEqual(['shop orders.hold, shop orders.note: BLOCK → ALLOW']);
});

test('a condition is the same where its text is; another is told as what it may answer', () => {
  const when = (text: TrustPolicy['when']) => rulesOf([{ id: 'vip', ...hold, when: text, decision: 'ALLOW' }]);
  const under = (limit: number) => (action: { value?: number | undefined }) => (action.value ?? 0) < limit;
  expect(diff(when('action.args.vip'), when('action.args.vip'))).toMatchObject({ ...NOTHING, report: { open: [] } });
  expect(diff(when(under(5)), when(under(5)))).toMatchObject(NOTHING);
  const { report, ...changes } = diff(when('action.args.vip'), when('action.args.vip == true'));
  expect(changes.looser).toEqual([
    'shop orders.hold where the when of "vip" is not true, the when of "vip" is true: BLOCK → ALLOW',
  ]);
  expect(changes.tighter).toHaveLength(1);
  expect(report.open).toMatchObject([
    { policy: 'vip', field: 'when', side: 'before' },
    { policy: 'vip', field: 'when', side: 'after' },
  ]);
});

test('two functions of one text in one set are not taken for one', () => {
  const under = (limit: number) => (action: { value?: number | undefined }) => (action.value ?? 0) < limit;
  const both = (a: number, b: number) =>
    rulesOf([
      { id: 'a', ...hold, when: under(a), decision: 'ALLOW' },
      { id: 'b', ...hold, when: under(b), decision: 'BLOCK' },
    ]);
  expect(diff(both(5, 8), both(5, 8))).toMatchObject(NOTHING);
  const onlyA = rulesOf([{ id: 'a', ...hold, when: under(5), decision: 'ALLOW' }]);
  expect(diff(both(5, 8), onlyA).looser).toEqual([
    'shop orders.hold where the when of "a" is true, the when of "b" is true: BLOCK → ALLOW',
  ]);
});

test('functions of one text under other ids are not guessed to be each other', () => {
  const under = (limit: number) => (action: { value?: number | undefined }) => (action.value ?? 0) < limit;
  const both = (first: string, second: string) =>
    rulesOf([
      { id: first, ...hold, when: under(5), decision: 'ALLOW' },
      { id: second, ...hold, when: under(8), decision: 'BLOCK' },
    ]);
  expect(diff(both('a', 'b'), both('c', 'd')).report.open).toHaveLength(4);
});

test('a change at two times is two changes where between them there is none', () => {
  const [soon, later] = ['2026-07-01T00:00:00Z', '2026-08-01T00:00:00Z'];
  const allow = { id: 'holds', ...hold, decision: 'ALLOW' } as const;
  const before = rulesOf([
    { id: 'pause', ...hold, expiresAt: soon, decision: 'BLOCK' },
    { ...allow, expiresAt: later },
  ]);
  expect(diff(before, rulesOf([allow])).looser).toEqual([
    'shop orders.hold until 2026-07-01T00:00:00.000Z: BLOCK → ALLOW',
    'shop orders.hold from 2026-08-01T00:00:00.000Z: BLOCK → ALLOW',
  ]);
});

test('a change that nothing feels is named', () => {
  const veto = { id: 'stop', connector: 'shop', decision: 'BLOCK' } as const;
  const { report, ...changes } = diff(rulesOf([veto]), rulesOf([veto, { id: 'holds', ...hold, decision: 'ALLOW' }]));
  expect(changes).toEqual(NOTHING);
  expect(report.unfelt).toEqual(['holds']);
});

test('rules that are too many to be gone through are left, and said to be', () => {
  const many = (shift: number) =>
    rulesOf(Array.from({ length: 1000 }, (_, i) => ({ id: `p${i}`, ...hold, maxValue: i + shift, decision: 'ALLOW' })));
  const { report, looks } = diffWithProofs(many(0), many(0.5), NOW, 100_000);
  expect(report).toMatchObject({ complete: false, unfelt: [] });
  expect(looks).toBeLessThan(110_000);
  const asking = (limit: string) =>
    rulesOf(
      Array.from({ length: 300 }, (_, i) => ({
        id: `p${i}`,
        ...hold,
        when: `action.value > ${i}.${limit}`,
        decision: 'ALLOW',
      })),
    );
  const told = diffWithProofs(asking('0'), asking('5'), NOW, 100_000).report;
  expect(told.open).toHaveLength(200);
  expect(told.more).toBeGreaterThanOrEqual(400);
});
