import { PolicyCompileError } from '@holdpoint/policy/compile';
import type { TenantRules } from '@holdpoint/policy/tenant-rules';
import { loadCandidate } from '@holdpoint/rulebook/load-candidate';
import { loadRulebook } from '@holdpoint/rulebook/load-rulebook';
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
  try {
    if (candidate !== undefined) return await loadCandidate({ workspaceDir, tenant, file: candidate });
    const book = await loadRulebook(workspaceDir);
    if (book.tenants.includes(tenant)) return book.rulesOf(tenant);
  } catch (error) {
    if (!(error instanceof WorkspaceError) && !(error instanceof PolicyCompileError)) throw error;
    throw new HoldpointError('INVALID_REQUEST', error.message, {}, { cause: error });
  }
  throw new HoldpointError('INVALID_REQUEST', `${workspaceDir} has no tenant ${tenant}`);
}
