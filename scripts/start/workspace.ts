import { access, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadOperators } from '@holdpoint/sdk/start-operators';
import { loadNotifications } from '@holdpoint/shared/workspace/notifications';
import type { SecretEnvironment } from '@holdpoint/shared/workspace/secrets';
import { loadSources, type SourceDefinition } from '@holdpoint/shared/workspace/sources';
import { loadTenantConnectors } from '@holdpoint/shared/workspace/tenant-connectors';
import { loadTenantPolicies } from '@holdpoint/shared/workspace/tenant-policies';
import { loadTools } from '@holdpoint/shared/workspace/tools';
import { WorkspaceError } from '@holdpoint/shared/workspace/workspace-error';
import { portFor } from './ports.ts';

export interface LoadedWorkspace {
  readonly dir: string;
  /** Whose keys and people are made. */
  readonly firstTenant: string;
  readonly tenants: readonly string[];
  readonly sources: readonly (SourceDefinition & { readonly tenant: string })[];
  readonly operators: readonly string[];
  /** The variables that sources refer to: for ingest alone. */
  readonly sourceSecrets: Readonly<Record<string, string>>;
  /** The variables that connectors refer to: for the executor alone. */
  readonly connectorSecrets: Readonly<Record<string, string>>;
  /** The variables that notifications refer to: for approvals alone. */
  readonly notificationSecrets: Readonly<Record<string, string>>;
  /** The remote system that its connectors talk to in development, where it brings one. */
  readonly shopFile?: string;
  /** The vendors' systems that its connectors call, where it brings stand-ins of them. */
  readonly vendorsFile?: string;
  /** Sample webhooks, where it brings some. */
  readonly samplesFile?: string;
}

/** Loads all of a workspace that start needs, so that what is wrong with it is told here and not in some service's log. */
export async function loadWorkspace(folder: string, env: SecretEnvironment): Promise<LoadedWorkspace> {
  const dir = await realpath(folder).catch(() => {
    throw new WorkspaceError([{ file: folder, path: '', reason: 'there is no such folder' }]);
  });
  const [forSources, forConnectors, forNotifications] = [observed(env), observed(env), observed(env)];
  await loadTools(dir);
  const policies = await loadTenantPolicies(dir);
  const sources = await loadSources(dir, forSources.env);
  await loadTenantConnectors(dir, forConnectors.env);
  await loadNotifications(dir, forNotifications.env);
  const operators = await loadOperators(dir);
  const [firstTenant = 'default'] = [...policies]
    .filter(([, { policies }]) => policies.length > 0)
    .map(([name]) => name);
  const [shopFile, vendorsFile, samplesFile] = await Promise.all(
    ['shop/server.ts', 'vendors/server.ts', 'samples/send.ts'].map((name) => existing(join(dir, name))),
  );
  return {
    dir,
    firstTenant,
    tenants: [...policies.keys()],
    sources: [...sources].flatMap(([tenant, list]) => list.map((source) => ({ ...source, tenant }))),
    operators: operators.map(({ name }) => name),
    sourceSecrets: forSources.used(),
    connectorSecrets: forConnectors.used(),
    notificationSecrets: forNotifications.used(),
    ...(shopFile && { shopFile }),
    ...(vendorsFile && { vendorsFile }),
    ...(samplesFile && { samplesFile }),
  };
}

/** An environment that remembers what was asked of it, so that a service is given that and no more. */
function observed(env: SecretEnvironment): { env: SecretEnvironment; used(): Record<string, string> } {
  const used: Record<string, string> = {};
  return {
    env: new Proxy(env, {
      get(target, name: string) {
        const value = target[name];
        if (value !== undefined) used[name] = value;
        return value;
      },
    }),
    used: () => used,
  };
}

/** Where the stand-ins of a workspace's vendors are to listen, and what its tenants' connectors are told of it. */
export async function placeVendors(folder: string, firstPort: number): Promise<PlacedVendors> {
  const file = await existing(join(folder, 'vendors', 'vendors.ts'));
  if (!file) return { ports: {}, urls: {} };
  const { VENDORS, vendorUrls } = (await import(
    pathToFileURL(file).href
  )) as typeof import('@holdpoint/workspace/vendors/vendors');
  const ports: Record<string, number> = {};
  for (const [index, name] of VENDORS.entries()) ports[name] = await portFor(firstPort + index);
  return { ports, urls: vendorUrls(ports) };
}

export interface PlacedVendors {
  readonly ports: Readonly<Record<string, number>>;
  readonly urls: Readonly<Record<string, string>>;
}

async function existing(file: string): Promise<string | undefined> {
  return access(file).then(
    () => file,
    () => undefined,
  );
}
