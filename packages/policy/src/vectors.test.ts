import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { caseFileSchema, toCases } from './cases/policy-case.ts';
import { runCases } from './cases/run-cases.ts';
import { compileTenant } from './compile/tenant-rules.ts';

const file = new URL('../../../test/vectors/decisions.json', import.meta.url);
const written = caseFileSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
const cases = toCases({ ...written, operator: 'order-risk' }, (index) => `decisions.json, case ${index}`);
const rules = compileTenant(
  {
    tenant: 'acme',
    policies: [],
    escalations: {
      defaults: { audience: 'reviewer', quorum: 1, ttlSeconds: 24 * 3600, mode: 'hold', selfApproval: false },
      audiences: {},
      approvalRules: [],
    },
    permissions: {},
    connectors: [],
    hooks: [],
    version: 'v1',
  },
  {},
);

describe('the golden decisions', () => {
  test('there are some', () => expect(cases.length).toBeGreaterThan(30));

  test.each(cases.map((one) => [one.name, one] as const))('%s', (_, one) => {
    expect(one.expect.codes).toBeDefined();
    const [result] = runCases(rules, [one]).results;
    expect(result?.faults).toEqual([]);
    expect(result?.verdict?.escalation === undefined).toBe(one.expect.decision !== 'ALERT');
  });
});
