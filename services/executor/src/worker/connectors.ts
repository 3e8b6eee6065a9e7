import { createConnectorNetwork, type Reach } from '@holdpoint/calls/connector-network';
import { inConnector, STRAY } from '@holdpoint/calls/connector-scope';
import type { Tool, ToolCatalog } from '@holdpoint/shared/domain/tool';
import type { PrivateNetwork } from '@holdpoint/shared/runtime/config';
import type { Logger } from '@holdpoint/shared/runtime/logger';
import type { ConnectorRunner } from '@holdpoint/shared/workspace/connector-runner';
import { loadRunners } from '@holdpoint/shared/workspace/runners';
import type { SecretEnvironment } from '@holdpoint/shared/workspace/secrets';
import {
  loadTenantConnectors,
  type TenantConnector,
  type TenantConnectors,
} from '@holdpoint/shared/workspace/tenant-connectors';
import { loadTools } from '@holdpoint/shared/workspace/tools';
import { allOrIssues, WorkspaceError } from '@holdpoint/shared/workspace/workspace-error';
import type { Dispatcher } from 'undici';
import { type ConnectorHooks, createHooks, type HookLimits } from './connector-hooks.ts';

/** The workspace's connectors: what they declare, their code, and what each tenant gives them. */
export interface Connectors {
  readonly names: readonly string[];
  tool(connector: string, tool: string): Tool | undefined;
  runner(connector: string): ConnectorRunner | undefined;
  given(tenant: string, connector: string): TenantConnector | undefined;
  /** The connections that a connector may use for a tenant. */
  pool(tenant: string, connector: string): Dispatcher;
  /** Where a connector may connect to for a tenant. */
  reach(tenant: string, connector: string): Reach;
  readonly hooks: readonly ConnectorHooks[];
  close(): Promise<void>;
}

export interface ConnectorsOptions {
  readonly dir: string;
  readonly environment: SecretEnvironment;
  readonly privateNetwork: PrivateNetwork;
  readonly limits: HookLimits;
  readonly logger: Logger;
  readonly onStray: (connector: string) => void;
}

/** While files are loaded, nobody knows whose code runs. */
const WORKSPACE = '(workspace)';

/**
 * Loads and initialises every connector. One that cannot be initialised stops the start: it would fail its actions.
 * @throws {WorkspaceError} that names all that are at fault
 */
export async function openConnectors(options: ConnectorsOptions): Promise<Connectors> {
  const { tools, runners, tenants } = await load(options);
  const network = createConnectorNetwork();
  const given = (tenant: string, connector: string) => tenants.get(tenant)?.get(connector);
  const reach = (tenant: string, connector: string): Reach =>
    options.privateNetwork === 'allow' || given(tenant, connector)?.network?.private === true ? 'anywhere' : 'public';
  const pool = (tenant: string, connector: string) => network.pool(connector, reach(tenant, connector));
  const hooks = [...runners].map(([name, runner]) =>
    createHooks({
      name,
      runner,
      given: givenTo(name, tenants),
      pool: (tenant) => pool(tenant, name),
      reach: (tenant) => reach(tenant, name),
      limits: options.limits,
      logger: options.logger,
      onStray: () => options.onStray(name),
    }),
  );
  const close = async () => {
    await closeAll(hooks, options.logger);
    await network.close();
  };
  try {
    await allOrIssues(hooks.map(initialise));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    names: Object.keys(tools),
    tool(connector, tool) {
      const declared = Object.hasOwn(tools, connector) ? tools[connector] : undefined;
      return declared && Object.hasOwn(declared, tool) ? declared[tool] : undefined;
    },
    runner: (connector) => runners.get(connector),
    given,
    pool,
    reach,
    hooks,
    close,
  };
}

async function load({ dir, environment, logger, onStray }: ConnectorsOptions) {
  /** It is trusted with nothing yet. */
  const scope = {
    connector: WORKSPACE,
    onStray(err: unknown) {
      onStray(WORKSPACE);
      logger.error({ err, connector: WORKSPACE }, STRAY);
    },
  };
  const tools: ToolCatalog = await inConnector(scope, () => loadTools(dir));
  const [runners, tenants] = await allOrIssues([
    inConnector(scope, () => loadRunners(dir, tools)),
    loadTenantConnectors(dir, environment),
  ]);
  return { tools, runners, tenants };
}

function givenTo(connector: string, tenants: TenantConnectors): Map<string, TenantConnector> {
  return new Map(
    [...tenants].flatMap(([tenant, own]) => {
      const given = own.get(connector);
      return given ? [[tenant, given] as const] : [];
    }),
  );
}

async function initialise({ name, init }: ConnectorHooks): Promise<void> {
  try {
    await init();
  } catch (error) {
    throw new WorkspaceError([{ file: `connectors/${name}/run.ts`, path: 'init', reason: (error as Error).message }]);
  }
}

async function closeAll(hooks: readonly ConnectorHooks[], logger: Logger): Promise<void> {
  await Promise.all(
    hooks.map(({ name, close }) =>
      close().catch((err: unknown) => logger.warn({ err, connector: name }, 'a connector did not close as it should')),
    ),
  );
}
