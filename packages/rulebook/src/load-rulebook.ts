import { compileHooks } from '@holdpoint/policy/before-hooks';
import { compilePolicies } from '@holdpoint/policy/compile';
import { compileTenant, type TenantRules } from '@holdpoint/policy/tenant-rules';
import { ESCALATION_DEFAULTS, loadTenantPolicies } from '@holdpoint/shared/workspace/tenant-policies';
import { loadTools } from '@holdpoint/shared/workspace/tools';

/** The rules of every tenant of a workspace, compiled. */
export interface Rulebook {
  readonly tenants: readonly string[];
  /** A tenant that the workspace does not know has no policies and no tools: everything is blocked. */
  rulesOf(tenant: string): TenantRules;
}

/**
 * Loads and compiles all that decides. Runs the workspace's own code in this thread, which keeps what it imported: a change of
 * the files is seen by another thread or process only.
 * @throws WorkspaceError or PolicyCompileError: nothing is decided by a part of it
 */
export async function loadRulebook(workspaceDir: string): Promise<Rulebook> {
  const [tenants, tools] = await Promise.all([loadTenantPolicies(workspaceDir), loadTools(workspaceDir)]);
  const rules = new Map([...tenants].map(([name, tenant]) => [name, compileTenant(tenant, tools)]));
  return { tenants: [...rules.keys()], rulesOf: (tenant) => rules.get(tenant) ?? NO_RULES };
}

const NO_RULES: TenantRules = {
  policies: compilePolicies([], { version: 'none' }),
  grants: undefined,
  tools: {},
  hooks: compileHooks([], {}),
  defaults: ESCALATION_DEFAULTS,
};
