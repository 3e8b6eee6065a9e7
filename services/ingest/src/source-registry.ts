import type { KeyFrom } from '@holdpoint/shared/domain/event';
import type { SourceDefinition } from '@holdpoint/shared/workspace/sources';
import { WorkspaceError, type WorkspaceIssue } from '@holdpoint/shared/workspace/workspace-error';
import { isProviderId, PROVIDERS, type ProviderId } from './providers/index.ts';

const BODY_DEFAULT_BYTES = 1024 * 1024;

/** One webhook endpoint, ready to verify for. */
export interface Source {
  readonly tenant: string;
  readonly id: string;
  readonly provider: ProviderId;
  readonly secrets: readonly string[];
  readonly toleranceSeconds: number | undefined;
  readonly bodyMaxBytes: number;
  /** Undefined: as the provider's scheme allows. */
  readonly dedupe: KeyFrom | undefined;
  readonly publicUrl: string | undefined;
  readonly subscription: { readonly agent: string; readonly id: string } | undefined;
}

export interface SourceRegistry {
  find(tenant: string, id: string): Source | undefined;
  /** `/agents/<agent>/subscriptions/<id>` names no tenant; the workspace's loader lets no two sources share one. */
  findSubscription(agent: string, id: string): Source | undefined;
  ofTenant(tenant: string): readonly Source[];
}

/** Throws a WorkspaceError that names everything no delivery could be verified with. */
export function sourceRegistry(loaded: ReadonlyMap<string, readonly SourceDefinition[]>): SourceRegistry {
  const issues = [...loaded].flatMap(([tenant, list]) => list.flatMap((source, at) => faults(tenant, source, at)));
  if (issues.length > 0) throw new WorkspaceError(issues);

  const byTenant = new Map(
    [...loaded].map(([tenant, list]) => [tenant, list.map((source) => prepare(tenant, source))]),
  );
  const all = [...byTenant.values()].flat();
  const byName = new Map(all.map((source) => [`${source.tenant}/${source.id}`, source]));
  const bySubscription = new Map(
    all.flatMap((source) =>
      source.subscription ? [[`${source.subscription.agent}/${source.subscription.id}`, source] as const] : [],
    ),
  );
  return {
    // A name holds no slash, so that no two pairs run together.
    find: (tenant, id) => (id.includes('/') ? undefined : byName.get(`${tenant}/${id}`)),
    findSubscription: (agent, id) => (id.includes('/') ? undefined : bySubscription.get(`${agent}/${id}`)),
    ofTenant: (tenant) => byTenant.get(tenant) ?? [],
  };
}

function faults(tenant: string, source: SourceDefinition, at: number): WorkspaceIssue[] {
  const file = `tenants/${tenant}/sources.ts`;
  const { provider } = source;
  if (!isProviderId(provider)) {
    const known = Object.keys(PROVIDERS).join(', ');
    return [{ file, path: `${at}.provider`, reason: `${provider} is no provider; known are ${known}` }];
  }
  const issues = source.secrets.flatMap((secret, index): WorkspaceIssue[] => {
    const fault = PROVIDERS[provider].secretFault(secret);
    return fault === undefined ? [] : [{ file, path: `${at}.secrets.${index}`, reason: `${provider} secret ${fault}` }];
  });
  if (source.options !== undefined) {
    issues.push({ file, path: `${at}.options`, reason: `${provider} takes no options` });
  }
  if (source.subscription !== undefined && provider !== 'fabric') {
    issues.push({ file, path: `${at}.subscription`, reason: 'subscriptions are of provider fabric' });
  }
  return issues;
}

function prepare(tenant: string, source: SourceDefinition): Source {
  const { agent, subscription } = source;
  return {
    tenant,
    id: source.id,
    provider: source.provider as ProviderId,
    secrets: source.secrets,
    toleranceSeconds: source.toleranceSeconds,
    bodyMaxBytes: source.bodyMaxBytes ?? BODY_DEFAULT_BYTES,
    dedupe: source.dedupe,
    publicUrl: source.publicUrl,
    subscription: agent !== undefined && subscription !== undefined ? { agent, id: subscription } : undefined,
  };
}
