import { compilePolicies } from '@holdpoint/policy/compile';
import type { PolicySet } from '@holdpoint/policy/policy-set';
import { approvalRulePolicies, permissionPolicies } from '@holdpoint/policy/sugar';
import type { TrustPolicy } from '@holdpoint/shared/domain/policy';
import type { Grant, ToolCatalog } from '@holdpoint/shared/domain/tool';
import { loadTenantPolicies, type TenantPolicies } from '@holdpoint/shared/workspace/tenant-policies';
import { loadTools } from '@holdpoint/shared/workspace/tools';
import type { TenantSummary } from './protocol.ts';

/** One tenant's rules, compiled. */
export interface TenantRules {
  readonly policies: PolicySet;
  readonly grants: readonly Grant[] | undefined;
  readonly tools: ToolCatalog;
  readonly defaults: TenantPolicies['escalations']['defaults'];
}

export interface PolicyBook {
  /** A tenant that the workspace does not know has no policies and no tools: everything is blocked. */
  rulesOf(tenant: string): TenantRules;
  summaries(): TenantSummary[];
}

/** Loads and compiles all that decides. @throws WorkspaceError or PolicyCompileError: nothing is decided by a part of it */
export async function loadPolicyBook(workspaceDir: string): Promise<PolicyBook> {
  const [tenants, tools] = await Promise.all([loadTenantPolicies(workspaceDir), loadTools(workspaceDir)]);
  const rules = new Map([...tenants].map(([name, tenant]) => [name, compileTenant(tenant, tools)]));
  return {
    rulesOf: (tenant) => rules.get(tenant) ?? NO_RULES,
    summaries: () => [...rules].map(([tenant, own]) => summarise(tenant, own)),
  };
}

const NO_RULES: TenantRules = {
  policies: compilePolicies([], { version: 'none' }),
  grants: undefined,
  tools: {},
  defaults: { audience: 'reviewer', quorum: 1, ttlSeconds: 24 * 3600, mode: 'hold', selfApproval: false },
};

function compileTenant(tenant: TenantPolicies, tools: ToolCatalog): TenantRules {
  const { defaults, approvalRules, audiences } = tenant.escalations;
  const own = Object.fromEntries(Object.entries(tools).filter(([connector]) => tenant.connectors.includes(connector)));
  const written = [
    ...tenant.policies,
    ...permissionPolicies(tenant.permissions, own),
    ...approvalRulePolicies(approvalRules, own),
  ].map((policy) => withAudienceTerms(policy, audiences));
  return {
    policies: compilePolicies(written, { version: tenant.version, defaults }),
    grants: tenant.grants,
    tools: own,
    defaults,
  };
}

/** What the tenant asks for of an audience stands where the policy that names it does not say. */
function withAudienceTerms(policy: TrustPolicy, audiences: TenantPolicies['escalations']['audiences']): TrustPolicy {
  const { escalation } = policy;
  if (!escalation || !Object.hasOwn(audiences, escalation.audience)) return policy;
  return { ...policy, escalation: { ...audiences[escalation.audience], ...escalation } };
}

function summarise(tenant: string, { policies, grants }: TenantRules): TenantSummary {
  return {
    tenant,
    version: policies.version,
    policies: policies.policies.map(({ id, policy }) => ({ ...policy, id, ...sourceText(policy) })),
    ...(grants && { sources: sourcesByOperator(grants) }),
  };
}

/** Functions cannot leave the thread; people read their text. */
function sourceText(policy: { readonly when?: unknown; readonly predicate?: unknown }): Record<string, string> {
  return Object.fromEntries(
    (['when', 'predicate'] as const).flatMap((field) =>
      typeof policy[field] === 'function' ? [[field, String(policy[field])]] : [],
    ),
  );
}

function sourcesByOperator(grants: readonly Grant[]): Record<string, string[] | null> {
  const sources = new Map<string, string[] | null>();
  for (const grant of grants) {
    const known = sources.get(grant.operator);
    const all = known === null || grant.sources === undefined || grant.sources.includes('*');
    sources.set(grant.operator, all ? null : [...(known ?? []), ...(grant.sources ?? [])]);
  }
  return Object.fromEntries(sources);
}
