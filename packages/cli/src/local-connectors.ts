import { type ConformanceSpec, FAULTS } from '@holdpoint/conformance/spec';
import type { ToolsFile } from '@holdpoint/sdk/define';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { ConnectorRunner } from '@holdpoint/shared/workspace/connector-runner';
import { readDefault } from '@holdpoint/shared/workspace/files';
import { checkRunner } from '@holdpoint/shared/workspace/runners';
import { listConnectors, parseTools } from '@holdpoint/shared/workspace/tools';
import { allOrIssues, parseValue, WorkspaceError } from '@holdpoint/shared/workspace/workspace-error';
import { z } from 'zod';
import { refusing } from './local-rules.ts';

/** A connector as its files have it. */
export interface LocalConnector {
  readonly name: string;
  readonly tools: ToolsFile;
  readonly runner: ConnectorRunner;
  /** Undefined: it has no `conformance.ts`. */
  readonly spec: ConformanceSpec | undefined;
}

/** Those that are named, or all. Runs the workspace's own code. @throws HoldpointError INVALID_REQUEST */
export async function loadLocalConnectors(dir: string, names: readonly string[]): Promise<LocalConnector[]> {
  return refusing(async () => {
    const known = await listConnectors(dir);
    const stranger = names.find((name) => !known.includes(name));
    if (stranger !== undefined) throw new HoldpointError('INVALID_REQUEST', `${dir} has no connectors/${stranger}`);
    return allOrIssues((names.length > 0 ? names : known).map((name) => loadOne(dir, name)));
  });
}

async function loadOne(dir: string, name: string): Promise<LocalConnector> {
  const tools = await needDefault(dir, `connectors/${name}/tools.ts`);
  const declared = parseTools(name, tools) as ToolsFile;
  const runner = checkRunner(name, declared.tools, await needDefault(dir, `connectors/${name}/run.ts`));
  const file = `connectors/${name}/conformance.ts`;
  const found = await readDefault(dir, file);
  const spec = found && parseValue(file, specSchema, found.value);
  return { name, tools: declared, runner, spec };
}

async function needDefault(dir: string, file: string): Promise<unknown> {
  const found = await readDefault(dir, file);
  if (!found) throw new WorkspaceError([{ file, path: '', reason: 'is missing' }]);
  return found.value;
}

const argsSchema = z.record(z.string(), z.unknown());

const specSchema: z.ZodType<ConformanceSpec> = z.strictObject({
  start: z.custom<ConformanceSpec['start']>((value) => typeof value === 'function', 'must be a function'),
  tools: z.record(
    z.string(),
    z.strictObject({
      args: argsSchema,
      invalid: z.array(argsSchema),
      rejected: argsSchema.exactOptional(),
      setsState: z.literal(true).exactOptional(),
    }),
  ),
  without: z.partialRecord(z.enum(FAULTS), z.string()).exactOptional(),
});
