import { fileURLToPath } from 'node:url';
import { lintWithProofs } from '@holdpoint/policy/analysis/lint-rules';
import { expect, test } from 'vitest';
import { loadRulebook } from './load-rulebook.ts';

const workspace = fileURLToPath(new URL('../../../workspace', import.meta.url));

test('the example workspace has nothing that its lint finds wrong', async () => {
  const book = await loadRulebook(workspace);
  expect(book.tenants.length).toBeGreaterThan(0);
  for (const tenant of book.tenants) {
    const { report, unproven } = lintWithProofs(book.rulesOf(tenant), new Date());
    expect(unproven).toEqual([]);
    expect(report.complete).toBe(true);
    expect(report.findings.filter(({ severity }) => severity !== 'info')).toEqual([]);
  }
});
