import type { KeyFrom } from '@holdpoint/shared/domain/event';
import type { Rate } from '@holdpoint/shared/runtime/token-bucket';
import type { SourceDefinition } from '@holdpoint/shared/workspace/sources';
import { WorkspaceError, type WorkspaceIssue } from '@holdpoint/shared/workspace/workspace-error';
import { type AllowList, allowList } from './protection/allow-list.ts';
import { configureProvider, isProviderId, PROVIDERS, type ProviderId } from './providers/index.ts';
import type { Provider, Reply } from './providers/provider.ts';

const BODY_DEFAULT_BYTES = 1024 * 1024;
/**
 * A bus sends a delivery again under the same key with the same body, and may well wake an agent twice with equal bodies under
 * two keys. The key is not signed, so by itself it would let a captured body suppress what comes under that key later.
 */
const SUBSCRIPTION_DEDUPE: KeyFrom = 'id+body';

/** One webhook endpoint, ready to verify for. */
export interface Source {
  readonly tenant: string;
  readonly id: string;
  readonly provider: ProviderId;
  /** The provider's scheme under this source's options. */
  readonly scheme: Provider;
  readonly secrets: readonly string[];
  readonly toleranceSeconds: number | undefined;
  readonly bodyMaxBytes: number;
  /** Undefined: as the provider's scheme allows. */
  readonly dedupe: KeyFrom | undefined;
  readonly publicUrl: string | undefined;
  /** Undefined: as the provider's scheme asks. */
  readonly response: Reply | undefined;
  /** Undefined: anyone may deliver. */
  readonly allows: AllowList | undefined;
  readonly rateLimit: Rate | undefined;
  readonly subscription: { readonly agent: string; readonly id: string } | undefined;
}

export interface SourceRegistry {
  find(tenant: string, id: string): Source | undefined;
  /** `/agents/<agent>/subscriptions/<id>` names no tenant; the workspace's loader lets no two sources share one. */
  findSubscription(agent: string, id: string): Source | undefined;
  ofTenant(tenant: string): readonly Source[];
  /** How many tenants there are: what none of them may fill alone is shared by so many. */
  readonly tenants: number;
}

/** Throws a WorkspaceError that names everything no delivery could be verified with. */
export function sourceRegistry(loaded: ReadonlyMap<string, readonly SourceDefinition[]>): SourceRegistry {
  const issues: WorkspaceIssue[] = [];
  const byTenant = new Map(
    [...loaded].map(([tenant, list]) => {
      const file = `tenants/${tenant}/sources.ts`;
      const report = (path: string, reason: string) => issues.push({ file, path, reason });
      return [tenant, list.flatMap((source, at) => prepare(tenant, source, at, report) ?? [])];
    }),
  );
  if (issues.length > 0) throw new WorkspaceError(issues);

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
    tenants: byTenant.size,
  };
}

/** A source whose deliveries can be verified, or reports why there is none. */
function prepare(
  tenant: string,
  source: SourceDefinition,
  at: number,
  report: (path: string, reason: string) => void,
): Source | undefined {
  const { agent, provider, subscription } = source;
  if (!isProviderId(provider)) {
    const known = Object.keys(PROVIDERS).join(', ');
    report(`${at}.provider`, `${provider} is no provider; known are ${known}`);
    return undefined;
  }
  const scheme = configureProvider(provider, source.options);
  if (!isScheme(scheme)) {
    for (const { path, reason } of scheme) report(path ? `${at}.options.${path}` : `${at}.options`, reason);
    return undefined;
  }
  for (const [index, secret] of source.secrets.entries()) {
    const fault = scheme.secretFault(secret);
    if (fault !== undefined) report(`${at}.secrets.${index}`, `${provider} secret ${fault}`);
  }
  if (subscription !== undefined && provider !== 'fabric') {
    report(`${at}.subscription`, 'subscriptions are of provider fabric');
  }
  return {
    tenant,
    id: source.id,
    provider,
    scheme,
    secrets: source.secrets,
    toleranceSeconds: source.toleranceSeconds,
    bodyMaxBytes: source.bodyMaxBytes ?? BODY_DEFAULT_BYTES,
    dedupe: source.dedupe ?? (subscription === undefined ? undefined : SUBSCRIPTION_DEDUPE),
    publicUrl: source.publicUrl,
    response: source.response,
    allows: source.allowFrom && allowList(source.allowFrom),
    rateLimit: source.rateLimit,
    subscription: agent !== undefined && subscription !== undefined ? { agent, id: subscription } : undefined,
  };
}

const isScheme = (configured: ReturnType<typeof configureProvider>): configured is Provider =>
  !Array.isArray(configured);
