import { z } from 'zod';
import type { Tool, ToolCatalog } from '../domain/tool.ts';
import type { ConnectorRunner } from './connector-runner.ts';
import { readDefault } from './files.ts';
import { functionSchema, loadTools } from './tools.ts';
import { allOrIssues, parseValue, WorkspaceError, type WorkspaceIssue } from './workspace-error.ts';

const functionsSchema = z.record(z.string(), functionSchema);

const runnerSchema = z.strictObject({
  init: functionSchema.optional(),
  health: functionSchema.optional(),
  close: functionSchema.optional(),
  run: functionsSchema,
  reconcile: functionsSchema.optional(),
  after: functionsSchema.optional(),
});

/** The code of every connector, by its name. Every tool that `tools.ts` declares has its function, and nothing else has. */
export async function loadRunners(dir: string, tools?: ToolCatalog): Promise<Map<string, ConnectorRunner>> {
  const catalog = tools ?? (await loadTools(dir));
  const entries = Object.entries(catalog).map(async ([connector, declared]) => {
    return [connector, await loadRunner(dir, connector, declared)] as const;
  });
  return new Map(await allOrIssues(entries));
}

async function loadRunner(
  dir: string,
  connector: string,
  declared: Readonly<Record<string, Tool>>,
): Promise<ConnectorRunner> {
  const file = runFile(connector);
  const found = await readDefault(dir, file);
  if (!found) throw new WorkspaceError([{ file, path: '', reason: 'is missing' }]);
  return checkRunner(connector, declared, found.value);
}

/** What a connector's `run.ts` exports, once every declared tool has its function and nothing else has. @throws WorkspaceError */
export function checkRunner(
  connector: string,
  declared: Readonly<Record<string, Tool>>,
  value: unknown,
): ConnectorRunner {
  const file = runFile(connector);
  const { run, reconcile = {}, after = {} } = parseValue(file, runnerSchema, value);
  const issues: WorkspaceIssue[] = [];
  for (const tool of Object.keys(declared)) {
    if (!Object.hasOwn(run, tool))
      issues.push({ file, path: `run.${tool}`, reason: 'is missing; tools.ts declares it' });
  }
  for (const [part, functions] of Object.entries({ run, reconcile, after })) {
    for (const tool of Object.keys(functions)) {
      if (!Object.hasOwn(declared, tool))
        issues.push({ file, path: `${part}.${tool}`, reason: 'tools.ts does not declare it' });
    }
  }
  if (issues.length > 0) throw new WorkspaceError(issues);
  // The author's own object and no copy, so that `init` and `run` may share a `this`.
  return value as ConnectorRunner;
}

const runFile = (connector: string): string => `connectors/${connector}/run.ts`;
