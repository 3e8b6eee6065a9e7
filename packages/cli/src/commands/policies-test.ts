import type { PolicyCase } from '@holdpoint/policy/cases/policy-case';
import { type CaseResult, questionOfCase, runCases } from '@holdpoint/policy/cases/run-cases';
import type { TenantRules } from '@holdpoint/policy/compile/tenant-rules';
import { explain } from '@holdpoint/policy/explain/explain';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { LocalCommand } from '../command.ts';
import { workspaceDir } from '../connection.ts';
import { loadLocalBook, loadLocalCases } from '../local-rules.ts';

interface Tested extends CaseResult {
  readonly tenant: string;
  /** Of a case that fails: what decided instead. */
  readonly explanation?: string;
}

/** Every case of every tenant, or of one, asked of the policies as the files have them. */
export const policiesTest: LocalCommand = {
  options: ['workspace', 'tenant'],
  words: [],
  async runLocally({ values, typedIn }) {
    const dir = workspaceDir(values, typedIn);
    const book = await loadLocalBook(dir);
    const tenants = values.tenant === undefined ? book.tenants : [values.tenant];
    const tested: Tested[] = [];
    const unmatched: string[] = [];
    for (const tenant of tenants) {
      if (!book.tenants.includes(tenant)) throw new HoldpointError('INVALID_REQUEST', `${dir} has no tenant ${tenant}`);
      const cases = await loadLocalCases(dir, tenant);
      if (cases.length === 0) continue;
      const rules = book.rulesOf(tenant);
      const report = runCases(rules, cases);
      tested.push(...report.results.map((result, index) => told(result, tenant, rules, cases[index])));
      unmatched.push(...report.unmatched.map((policy) => `${tenant}: ${policy}`));
    }
    if (tested.length === 0) {
      throw new HoldpointError('INVALID_REQUEST', `${dir} has no cases: they stand in tenants/<tenant>/*.cases.yaml`);
    }
    const failed = tested.filter(({ faults }) => faults.length > 0).length;
    const count = tested.length === 1 ? '1 case' : `${tested.length} cases`;
    return {
      data: { cases: tested, failed, unmatched },
      table: { head: ['', 'CASE', 'WHERE', 'WHAT IS WRONG'], rows: tested.map(rowOf), none: 'no case' },
      note: [
        failed === 0 ? `${count}, all hold` : `${count}, ${failed} fail`,
        ...(unmatched.length > 0 ? [`matched by no case: ${unmatched.join(', ')}`] : []),
      ].join('; '),
      failed: failed > 0,
    };
  },
};

function told(result: CaseResult, tenant: string, rules: TenantRules, one: PolicyCase | undefined): Tested {
  if (result.faults.length === 0 || result.verdict === undefined || one === undefined) return { ...result, tenant };
  const { sentence, nearest } = explain(questionOfCase(rules, one));
  return { ...result, tenant, explanation: nearest ? `${sentence}; ${nearest.sentence}` : sentence };
}

function rowOf({ name, at, faults, explanation }: Tested): string[] {
  const why = [...faults, ...(explanation === undefined ? [] : [`(${explanation})`])].join('; ');
  return [faults.length === 0 ? 'holds' : 'FAILS', name, at, why];
}
