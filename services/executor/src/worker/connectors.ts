import type { Tool, ToolCatalog } from '@holdpoint/shared/domain/tool';
import type { Logger } from '@holdpoint/shared/runtime/logger';
import type { ConnectorRunner } from '@holdpoint/shared/workspace/connector-runner';
import { loadRunners } from '@holdpoint/shared/workspace/runners';
import type { SecretEnvironment } from '@holdpoint/shared/workspace/secrets';
import { loadTenantConnectors, type TenantConnector } from '@holdpoint/shared/workspace/tenant-connectors';
import { loadTools } from '@holdpoint/shared/workspace/tools';
import { type ConnectorScope, inConnector, STRAY } from '../call/connector-scope.ts';

/** The workspace's connectors: what they declare, their code, and what each tenant gives them. */
export interface Connectors {
  readonly names: readonly string[];
  tool(connector: string, tool: string): Tool | undefined;
  runner(connector: string): ConnectorRunner | undefined;
  given(tenant: string, connector: string): TenantConnector | undefined;
  close(): Promise<void>;
}

const INIT_MAX_MS = 20_000;
const CLOSE_MAX_MS = 2_000;
/** While files are loaded, nobody knows whose code runs. */
const WORKSPACE = '(workspace)';

/** Loads and initialises every connector. One that cannot be initialised stops the start: it would fail its actions. */
export async function openConnectors(options: {
  readonly dir: string;
  readonly environment: SecretEnvironment;
  readonly logger: Logger;
  readonly onStray: (connector: string) => void;
}): Promise<Connectors> {
  const { dir, environment, logger } = options;
  /** Outside of a call it is trusted with nothing. */
  const scopeOf = (connector: string): ConnectorScope => ({
    connector,
    onStray(err) {
      options.onStray(connector);
      logger.error({ err, connector }, STRAY);
    },
  });
  const tools: ToolCatalog = await inConnector(scopeOf(WORKSPACE), () => loadTools(dir));
  const [runners, tenants] = await Promise.all([
    inConnector(scopeOf(WORKSPACE), () => loadRunners(dir, tools)),
    loadTenantConnectors(dir, environment),
  ]);
  for (const [name, runner] of runners) {
    await within(INIT_MAX_MS, `connector ${name}: init`, () => inConnector(scopeOf(name), () => runner.init?.()));
  }
  return {
    names: Object.keys(tools),
    tool(connector, tool) {
      const declared = Object.hasOwn(tools, connector) ? tools[connector] : undefined;
      return declared && Object.hasOwn(declared, tool) ? declared[tool] : undefined;
    },
    runner: (connector) => runners.get(connector),
    given: (tenant, connector) => tenants.get(tenant)?.get(connector),
    async close() {
      await Promise.all(
        [...runners].map(([name, runner]) =>
          within(CLOSE_MAX_MS, `connector ${name}: close`, () =>
            inConnector(scopeOf(name), () => runner.close?.()),
          ).catch((err: unknown) => logger.warn({ err, connector: name }, 'a connector did not close as it should')),
        ),
      );
    },
  };
}

async function within(limitMs: number, what: string, run: () => unknown): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${limitMs} ms`)), limitMs);
  });
  try {
    await Promise.race([(async () => run())(), late]);
  } finally {
    clearTimeout(timer);
  }
}
