import type { TrustPolicy } from '@holdpoint/shared/domain/policy';
import type { Grant, ToolCatalog } from '@holdpoint/shared/domain/tool';
import type { TenantPolicies } from '@holdpoint/shared/workspace/tenant-policies';
import { compilePolicies } from './compile.ts';
import type { PolicySet } from './policy-set.ts';
import { approvalRulePolicies, permissionPolicies } from './sugar.ts';

/** One tenant's rules, compiled: all that has a say in its decisions. */
export interface TenantRules {
  readonly policies: PolicySet;
  /** undefined: the tenant declares none, and every operator may propose every tool. */
  readonly grants: readonly Grant[] | undefined;
  readonly tools: ToolCatalog;
  readonly defaults: TenantPolicies['escalations']['defaults'];
}

/** Compiles what a tenant wrote, its sugar included, over the tools of the connectors it has. @throws PolicyCompileError */
export function compileTenant(tenant: TenantPolicies, tools: ToolCatalog): TenantRules {
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
