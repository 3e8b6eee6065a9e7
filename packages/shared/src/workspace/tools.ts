import type { StandardSchemaV1 } from '@standard-schema/spec';
import { z } from 'zod';
import type { EntityCatalog, EntityDeclaration } from '../domain/entity.ts';
import { nameSchema, toolNameSchema } from '../domain/names.ts';
import { RISKS } from '../domain/policy.ts';
import { type Tool, type ToolCatalog, WHEN_INDETERMINATE } from '../domain/tool.ts';
import { type ConnectorLimits, limitsSchema } from './connector-limits.ts';
import { listFolders, readDefault } from './files.ts';
import { allOrIssues, parseValue, WorkspaceError } from './workspace-error.ts';

export const CONNECTORS_MAX = 200;
export const TOOLS_MAX = 500;
export const ENTITIES_MAX = 50;
const TIMEOUT_MAX_MS = 10 * 60_000;
const DELAY_MAX_MS = 24 * 3600_000;

/** A function of the workspace's author. What it takes and gives is only known when it is called. */
export const functionSchema = z.custom<(...args: never[]) => unknown>((value) => typeof value === 'function', {
  message: 'must be a function',
});

const argsSchema = z.custom<StandardSchemaV1>(isStandardSchema, {
  message: 'must be a Standard Schema (zod, valibot, arktype, …)',
});

const retrySchema = z
  .strictObject({
    attempts: z.number().int().min(1).max(100).optional(),
    minDelayMs: z.number().int().min(0).max(DELAY_MAX_MS).optional(),
    maxDelayMs: z.number().int().min(0).max(DELAY_MAX_MS).optional(),
  })
  .refine(({ minDelayMs = 0, maxDelayMs = DELAY_MAX_MS }) => minDelayMs <= maxDelayMs, {
    path: ['minDelayMs'],
    message: 'must not be over maxDelayMs',
  });

const fieldSchema = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, 'must be a plain name of a field');

const entitySchema = z.strictObject({
  schema: argsSchema,
  key: fieldSchema.optional(),
  version: fieldSchema.optional(),
  indexes: z
    .array(z.union([fieldSchema, z.array(fieldSchema).min(1).max(3)]))
    .max(10)
    .optional(),
  keepDays: z.number().int().min(1).max(3650).optional(),
});

const toolSchema = z.strictObject({
  risk: z.enum(RISKS),
  args: argsSchema.optional(),
  value: functionSchema.optional(),
  entityKey: functionSchema.optional(),
  entity: z
    .strictObject({ name: nameSchema, id: z.string().min(1).max(255), lowerCase: z.boolean().optional() })
    .optional(),
  idempotent: z.boolean().optional(),
  command: functionSchema.optional(),
  secretArgs: z.array(z.string().min(1).max(255)).max(100).optional(),
  timeoutMs: z.number().int().min(1).max(TIMEOUT_MAX_MS).optional(),
  retry: retrySchema.optional(),
  settleDelayMs: z.number().int().min(0).max(DELAY_MAX_MS).optional(),
  whenIndeterminate: z.enum(WHEN_INDETERMINATE).optional(),
});

const toolsFileSchema = z
  .strictObject({
    name: nameSchema,
    tools: z
      .record(toolNameSchema, toolSchema)
      .refine((tools) => Object.keys(tools).length <= TOOLS_MAX, { message: `at most ${TOOLS_MAX} tools` }),
    entities: z
      .record(nameSchema, entitySchema)
      .refine((entities) => Object.keys(entities).length <= ENTITIES_MAX, {
        message: `at most ${ENTITIES_MAX} entities`,
      })
      .optional(),
    limits: limitsSchema.optional(),
  })
  .superRefine(({ tools, entities = {} }, { addIssue }) => {
    for (const [tool, { entity }] of Object.entries(tools)) {
      if (!entity || Object.hasOwn(entities, entity.name)) continue;
      addIssue({ code: 'custom', path: ['tools', tool, 'entity', 'name'], message: `entities has no ${entity.name}` });
    }
  });

export const toolsFile = (connector: string): string => `connectors/${connector}/tools.ts`;

/** The connectors of a workspace, sorted: one folder each under `connectors/`. */
export async function listConnectors(dir: string): Promise<string[]> {
  return listFolders(dir, 'connectors', CONNECTORS_MAX);
}

/** What every connector declares of its tools. Loads no `run.ts`, so that every service may call it. */
export async function loadTools(dir: string): Promise<ToolCatalog> {
  const connectors = await listConnectors(dir);
  if (connectors.length === 0) {
    throw new WorkspaceError([{ file: 'connectors', path: '', reason: 'there is no connector' }]);
  }
  const tools = await allOrIssues(connectors.map((connector) => loadConnectorTools(dir, connector)));
  return Object.fromEntries(connectors.map((connector, index) => [connector, tools[index] ?? {}]));
}

/** What every connector asks to be held to; empty where it asks nothing. */
export async function loadLimits(dir: string): Promise<ReadonlyMap<string, ConnectorLimits>> {
  const files = (await listConnectors(dir)).map(async (connector) => {
    const { limits = {} } = await loadToolsFile(dir, connector);
    return [connector, limits] as const;
  });
  return new Map(await allOrIssues(files));
}

/** The entities that every connector keeps; empty where it keeps none. */
export async function loadEntities(dir: string): Promise<EntityCatalog> {
  const files = (await listConnectors(dir)).map(async (connector) => {
    const { entities = {} } = await loadToolsFile(dir, connector);
    return [connector, entities as Record<string, EntityDeclaration>] as const;
  });
  return new Map(await allOrIssues(files));
}

async function loadConnectorTools(dir: string, connector: string): Promise<Record<string, Tool>> {
  return (await loadToolsFile(dir, connector)).tools as Record<string, Tool>;
}

async function loadToolsFile(dir: string, connector: string): Promise<z.infer<typeof toolsFileSchema>> {
  const file = toolsFile(connector);
  const found = await readDefault(dir, file);
  if (!found) throw new WorkspaceError([{ file, path: '', reason: 'is missing' }]);
  return parseTools(connector, found.value);
}

/** What a connector's `tools.ts` exports, checked. @throws WorkspaceError */
export function parseTools(connector: string, value: unknown): z.infer<typeof toolsFileSchema> {
  const file = toolsFile(connector);
  const parsed = parseValue(file, toolsFileSchema, value);
  if (parsed.name !== connector) {
    throw new WorkspaceError([{ file, path: 'name', reason: `must be ${connector}, as its folder is called` }]);
  }
  return parsed;
}

function isStandardSchema(value: unknown): boolean {
  const holder = (typeof value === 'object' && value !== null) || typeof value === 'function' ? value : undefined;
  const standard = (holder as { '~standard'?: { version?: unknown; validate?: unknown } } | undefined)?.['~standard'];
  return standard?.version === 1 && typeof standard.validate === 'function';
}
