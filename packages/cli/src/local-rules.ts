import type { PolicyCase } from '@holdpoint/policy/cases/policy-case';
import { PolicyCompileError } from '@holdpoint/policy/compile/compile';
import type { TenantRules } from '@holdpoint/policy/compile/tenant-rules';
import { loadCases } from '@holdpoint/rulebook/cases/load-cases';
import { loadCandidate } from '@holdpoint/rulebook/load-candidate';
import { loadRulebook, type Rulebook } from '@holdpoint/rulebook/load-rulebook';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { WorkspaceError } from '@holdpoint/shared/workspace/workspace-error';

interface WhoseRules {
  readonly workspaceDir: string;
  readonly tenant: string;
  /** Stands in for the tenant's policies. */
  readonly candidate?: string | undefined;
}

/** A tenant's rules as its files have them. Runs the workspace's own code. @throws HoldpointError INVALID_REQUEST */
export async function loadLocalRules({ workspaceDir, tenant, candidate }: WhoseRules): Promise<TenantRules> {
  if (candidate !== undefined) return refusing(() => loadCandidate({ workspaceDir, tenant, file: candidate }));
  const book = await loadLocalBook(workspaceDir);
  if (book.tenants.includes(tenant)) return book.rulesOf(tenant);
  throw new HoldpointError('INVALID_REQUEST', `${workspaceDir} has no tenant ${tenant}`);
}

/** The rules of all tenants. @throws HoldpointError INVALID_REQUEST */
export async function loadLocalBook(workspaceDir: string): Promise<Rulebook> {
  return refusing(() => loadRulebook(workspaceDir));
}

/** What a tenant's authors expect of its policies. @throws HoldpointError INVALID_REQUEST */
export async function loadLocalCases(workspaceDir: string, tenant: string): Promise<PolicyCase[]> {
  return refusing(() => loadCases(workspaceDir, tenant));
}

/** What is wrong in the files is the author's to mend, and no failure of ours. */
export async function refusing<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof WorkspaceError) && !(error instanceof PolicyCompileError)) throw error;
    throw new HoldpointError('INVALID_REQUEST', error.message, {}, { cause: error });
  }
}
