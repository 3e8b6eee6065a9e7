import type { TrustPolicy } from '@holdpoint/shared/domain/policy';
import { expect, test } from 'vitest';
import { compilePolicies } from '../compile/compile.ts';
import type { TenantRules } from '../compile/tenant-rules.ts';
import { LINT_MAX_LOOKS, lintWithProofs } from './lint-rules.ts';

/** By counts, not by time: a look is at one policy in one cell, and a proof is one call of `evaluate`. */

const POLICIES = 2_000;
const TOOLS = 500;
const NOW = new Date('2026-06-01T00:00:00Z');
const tools = {
  shop: Object.fromEntries(Array.from({ length: TOOLS }, (_, i) => [`t.x${i}`, { risk: 'write' as const }])),
};

function lint(policyAt: (index: number) => Partial<TrustPolicy>, maxLooks?: number) {
  const written = Array.from({ length: POLICIES }, (_, index) => ({
    id: `p${index}`,
    decision: 'ALLOW',
    ...policyAt(index),
  }));
  const rules = { policies: compilePolicies(written, { version: 'v' }), grants: undefined, tools, defaults: {} };
  return lintWithProofs(rules as unknown as TenantRules, NOW, maxLooks);
}

test('policies spread over many tools are looked at a few times each', () => {
  const { report, looks, asked } = lint((i) => ({ tool: `t.x${i % TOOLS}`, appliesAbove: i, appliesUpTo: i + 50 }));
  expect(report.complete).toBe(true);
  expect(looks).toBeLessThan(50 * POLICIES);
  expect(asked).toBeLessThan(500);
});

test('tools that no policy tells apart are looked at once', () => {
  const { report, looks } = lint((i) => ({ connector: 'shop', operator: `bot-${i}` }));
  expect(report.complete).toBe(true);
  expect(looks).toBeLessThan(2 * POLICIES * TOOLS);
});

// On a machine that does much else, a second becomes many.
test('rules that are too many to be gone through are left, and what might be of them is not claimed', () => {
  const every = (i: number) => ({
    connector: 'shop',
    maxValue: i,
    expiresAt: new Date(NOW.getTime() + 1e9 + i * 1e6).toISOString(),
  });
  const { report, looks, asked } = lint(every);
  expect(report.complete).toBe(false);
  expect(looks).toBeLessThan(LINT_MAX_LOOKS + 50 * POLICIES);
  expect(asked).toBeLessThan(500);
  expect(report.findings.length).toBeLessThanOrEqual(200);
  expect(JSON.stringify(report).length).toBeLessThan(1_000_000);
  const claims = report.findings.filter(({ code }) => !['max_value_without_value', 'expires_soon'].includes(code));
  expect(claims).toEqual([]);
}, 30_000);

test('with no looks at all nothing but the obvious is said', () => {
  const { report } = lint((i) => ({ connector: i === 0 ? 'gone' : 'shop' }), 0);
  expect(report).toMatchObject({ complete: false, findings: [] });
});
