import { access, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { loadOperators } from '@holdpoint/sdk/start-operators';
import type { SecretEnvironment } from '@holdpoint/shared/workspace/secrets';
import { loadSources, type SourceDefinition } from '@holdpoint/shared/workspace/sources';
import { loadTenantConnectors } from '@holdpoint/shared/workspace/tenant-connectors';
import { loadTenantPolicies } from '@holdpoint/shared/workspace/tenant-policies';
import { loadTools } from '@holdpoint/shared/workspace/tools';
import { WorkspaceError } from '@holdpoint/shared/workspace/workspace-error';

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
  /** The remote system that its connectors talk to in development, where it brings one. */
  readonly shopFile?: string;
  /** Sample webhooks, where it brings some. */
  readonly samplesFile?: string;
}

/** Loads all of a workspace that start needs, so that what is wrong with it is told here and not in some service's log. */
export async function loadWorkspace(folder: string, env: SecretEnvironment): Promise<LoadedWorkspace> {
  const dir = await realpath(folder).catch(() => {
    throw new WorkspaceError([{ file: folder, path: '', reason: 'there is no such folder' }]);
  });
  const [forSources, forConnectors] = [observed(env), observed(env)];
  await loadTools(dir);
  const policies = await loadTenantPolicies(dir);
  const sources = await loadSources(dir, forSources.env);
  await loadTenantConnectors(dir, forConnectors.env);
  const operators = await loadOperators(dir);
  const [firstTenant = 'default'] = [...policies]
    .filter(([, { policies }]) => policies.length > 0)
    .map(([name]) => name);
  const [shopFile, samplesFile] = await Promise.all(
    ['shop/server.ts', 'samples/send.ts'].map((name) => existing(join(dir, name))),
  );
  return {
    dir,
    firstTenant,
    tenants: [...policies.keys()],
    sources: [...sources].flatMap(([tenant, list]) => list.map((source) => ({ ...source, tenant }))),
    operators: operators.map(({ name }) => name),
    sourceSecrets: forSources.used(),
    connectorSecrets: forConnectors.used(),
    ...(shopFile && { shopFile }),
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

async function existing(file: string): Promise<string | undefined> {
  return access(file).then(
    () => file,
    () => undefined,
  );
}
