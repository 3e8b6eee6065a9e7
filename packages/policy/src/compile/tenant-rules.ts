import type { Grant, ToolCatalog } from '@holdpoint/shared/domain/tool';
import type { TenantPolicies } from '@holdpoint/shared/workspace/tenant-policies';
import { type BeforeHooks, compileHooks } from '../decide/before-hooks.ts';
import { compilePolicies } from './compile.ts';
import type { StandingTerms } from './escalation.ts';
import type { PolicySet } from './policy-set.ts';
import { approvalRulePolicies, permissionPolicies } from './sugar.ts';

/** One tenant's rules, compiled: all that has a say in its decisions. */
export interface TenantRules {
  readonly policies: PolicySet;
  /** undefined: the tenant declares none, and every operator may propose every tool. */
  readonly grants: readonly Grant[] | undefined;
  readonly tools: ToolCatalog;
  readonly hooks: BeforeHooks;
  readonly defaults: TenantPolicies['escalations']['defaults'];
  /** Over the defaults, for the audience that is asked. */
  readonly audiences?: StandingTerms['audiences'];
}

/** Compiles what a tenant wrote, its sugar included, over the tools of the connectors it has. @throws PolicyCompileError */
export function compileTenant(tenant: TenantPolicies, tools: ToolCatalog): TenantRules {
  const { approvalRules, defaults, audiences } = tenant.escalations;
  const own = Object.fromEntries(Object.entries(tools).filter(([connector]) => tenant.connectors.includes(connector)));
  const written = [
    ...tenant.policies,
    ...permissionPolicies(tenant.permissions, own),
    ...approvalRulePolicies(approvalRules, own),
  ];
  return {
    policies: compilePolicies(written, { version: tenant.version, defaults, audiences }),
    grants: tenant.grants,
    tools: own,
    hooks: compileHooks(tenant.hooks, own),
    defaults,
    audiences,
  };
}
