import { type SourceGrants, sourcesByOperator } from '@holdpoint/policy/grants';
import type { TenantRules } from '@holdpoint/policy/tenant-rules';

/** What the main thread must know of a tenant's policies: they themselves hold functions and stay in the thread. */
export interface TenantSummary {
  readonly tenant: string;
  readonly version: string;
  readonly policies: readonly Readonly<Record<string, unknown>>[];
  readonly sources?: SourceGrants;
}

export function summarise(tenant: string, { policies, grants }: TenantRules): TenantSummary {
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
