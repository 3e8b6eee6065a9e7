import { runCases } from '@holdpoint/policy/cases/run-cases';
import { describeError } from '@holdpoint/policy/decide/printable';
import { loadCases } from '@holdpoint/rulebook/cases/load-cases';
import type { Rulebook } from '@holdpoint/rulebook/load-rulebook';
import { WorkspaceError, type WorkspaceIssue } from '@holdpoint/shared/workspace/workspace-error';

const ISSUES_MAX = 50;
const REASON_MAX_CHARS = 500;

/** Asks the rules what their authors expect of them. Runs their code in this thread. @throws WorkspaceError: one that fails refuses them all */
export async function checkRules(dir: string, book: Rulebook): Promise<void> {
  const issues: WorkspaceIssue[] = [];
  for (const tenant of book.tenants) {
    const { results } = runCases(book.rulesOf(tenant), await loadCases(dir, tenant));
    for (const { at, name, faults } of results) {
      for (const fault of faults) issues.push({ file: at, path: '', reason: `${name}: ${fault}` });
    }
  }
  if (issues.length > 0) throw new WorkspaceError(issues);
}

/** What is wrong with a workspace, within bounds and without the copy's own place. */
export function issuesOf(error: unknown, { dir, origin }: { readonly dir: string; readonly origin: string }) {
  const issues: readonly WorkspaceIssue[] =
    error instanceof WorkspaceError ? error.issues : [{ file: '.', path: '', reason: describeError(error) }];
  const plain = (reason: string) => reason.replaceAll(dir, origin).slice(0, REASON_MAX_CHARS);
  return issues.slice(0, ISSUES_MAX).map(({ file, path, reason }) => ({ file, path, reason: plain(reason) }));
}
