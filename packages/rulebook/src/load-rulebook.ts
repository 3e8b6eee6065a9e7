import { compilePolicies, PolicyCompileError } from '@holdpoint/policy/compile/compile';
import { compileTenant, type TenantRules } from '@holdpoint/policy/compile/tenant-rules';
import { compileHooks } from '@holdpoint/policy/decide/before-hooks';
import type { ToolCatalog } from '@holdpoint/shared/domain/tool';
import { hooksFile } from '@holdpoint/shared/workspace/tenant-hooks';
import {
  ESCALATION_DEFAULTS,
  loadTenantPolicies,
  type TenantPolicies,
} from '@holdpoint/shared/workspace/tenant-policies';
import { loadTools } from '@holdpoint/shared/workspace/tools';
import { allOrIssues, WorkspaceError } from '@holdpoint/shared/workspace/workspace-error';

/** The rules of every tenant of a workspace, compiled. */
export interface Rulebook {
  readonly tenants: readonly string[];
  /** A tenant that the workspace does not know has no policies and no tools: everything is blocked. */
  rulesOf(tenant: string): TenantRules;
}

/**
 * Loads and compiles all that decides. Runs the workspace's own code in this thread, which keeps what it imported: a change of
 * the files is seen by another thread or process only.
 * @throws WorkspaceError with what every file does wrong: nothing is decided by a part of it
 */
export async function loadRulebook(workspaceDir: string): Promise<Rulebook> {
  const [tenants, tools] = await Promise.all([loadTenantPolicies(workspaceDir), loadTools(workspaceDir)]);
  const compiled = await allOrIssues([...tenants.values()].map(async (tenant) => compile(tenant, tools)));
  const rules = new Map([...tenants.keys()].map((name, index) => [name, compiled[index] as TenantRules]));
  return { tenants: [...rules.keys()], rulesOf: (tenant) => rules.get(tenant) ?? NO_RULES };
}

function compile(tenant: TenantPolicies, tools: ToolCatalog): TenantRules {
  try {
    return compileTenant(tenant, tools);
  } catch (error) {
    if (!(error instanceof PolicyCompileError)) throw error;
    const issues = error.issues.map(({ path, policy, reason }) => ({
      file: path.startsWith('hooks') ? hooksFile(tenant.tenant) : `tenants/${tenant.tenant}/policies.ts`,
      path,
      reason: policy ? `${policy}: ${reason}` : reason,
    }));
    throw new WorkspaceError(issues, { cause: error });
  }
}

const NO_RULES: TenantRules = {
  policies: compilePolicies([], { version: 'none' }),
  grants: undefined,
  tools: {},
  hooks: compileHooks([], {}),
  defaults: ESCALATION_DEFAULTS,
};
