import type { LintReport } from '@holdpoint/policy/analysis/finding';
import type { TenantRules } from '@holdpoint/policy/compile/tenant-rules';
import { type SourceGrants, sourcesByOperator } from '@holdpoint/policy/decide/grants';
import type { EntityReference } from '@holdpoint/shared/domain/entity';
import type { ToolCatalog } from '@holdpoint/shared/domain/tool';
import type { ActionHook } from '@holdpoint/shared/workspace/tenant-hooks';

/** What the main thread must know of a tenant's policies: they themselves hold functions and stay in the thread. */
export interface TenantSummary {
  readonly tenant: string;
  readonly version: string;
  readonly policies: readonly Readonly<Record<string, unknown>>[];
  /** Those that run `before`, in the order in which they are asked. */
  readonly hooks: readonly ShownHook[];
  readonly hasAfterHooks: boolean;
  readonly sources?: SourceGrants;
  /** Whose code may get stuck: each policy and hook. A mark names one by its place here, from 1 on. */
  readonly subjects: readonly string[];
  /** `<connector> <tool>` → the paths of its arguments that are secret, for every tool that the tenant has. */
  readonly secretArgs: ReadonlyMap<string, readonly string[]>;
  /** `<connector> <tool>` → the entity that it declares, for those that do. */
  readonly entities: ReadonlyMap<string, EntityReference>;
  /** As of the load; from the thread that was asked for it. */
  readonly lint?: LintReport;
}

/** A hook on actions, its function as text. */
export type ShownHook = Readonly<Record<string, unknown>> & { readonly id: string };

export function summarise(tenant: string, { policies, grants, hooks, tools }: TenantRules): TenantSummary {
  return {
    tenant,
    version: policies.version,
    policies: policies.policies.map(({ id, policy }) => ({ ...policy, id, ...sourceText(policy) })),
    subjects: [...policies.policies.map(({ id }) => id), ...hooks.subjects],
    hooks: hooks.hooks.map(shownHook),
    hasAfterHooks: hooks.anyAfter,
    ...(grants && { sources: sourcesByOperator(grants) }),
    secretArgs: secretsOf(tools),
    entities: entitiesOf(tools),
  };
}

function secretsOf(tools: ToolCatalog): Map<string, readonly string[]> {
  return new Map(
    Object.entries(tools).flatMap(([connector, own]) =>
      Object.entries(own).map(([tool, { secretArgs = [] }]) => [`${connector} ${tool}`, [...secretArgs]] as const),
    ),
  );
}

function entitiesOf(tools: ToolCatalog): Map<string, EntityReference> {
  return new Map(
    Object.entries(tools).flatMap(([connector, own]) =>
      Object.entries(own).flatMap(([tool, { entity }]) => (entity ? [[`${connector} ${tool}`, entity] as const] : [])),
    ),
  );
}

function shownHook({ id, connector, tools, operator, priority, critical, before }: ActionHook): ShownHook {
  return {
    id,
    ...(connector !== undefined && { connector }),
    ...(tools !== undefined && { tools }),
    ...(operator !== undefined && { operator }),
    priority,
    critical,
    before: String(before),
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
