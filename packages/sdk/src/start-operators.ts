import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { nameSchema } from '@holdpoint/shared/domain/names';
import { createLogger, type Logger } from '@holdpoint/shared/runtime/logger';
import { connectNats } from '@holdpoint/shared/runtime/nats';
import { isAbsent, readDefault } from '@holdpoint/shared/workspace/files';
import { allOrIssues, parseValue, WorkspaceError } from '@holdpoint/shared/workspace/workspace-error';
import { z } from 'zod';
import type { OperatorDefinition } from './operator.ts';
import { type RunningOperator, runOperator } from './run-operator.ts';

const OPERATORS_MAX = 200;

export interface StartOperatorsOptions {
  readonly natsUrl: string;
  readonly natsCreds?: string;
  /** `holdpoint`, where their login has an account of its own: see `holdpoint nats-config`. */
  readonly natsDomain?: string;
  /** For the operators whose definition names no tenant. */
  readonly tenant: string;
  readonly logger?: Logger;
}

export interface RunningOperators {
  readonly operators: readonly RunningOperator[];
  stop(): Promise<void>;
}

/** Runs every operator of a workspace's `operators/` over one connection. A workspace without any runs none. */
export async function startOperators(dir: string, options: StartOperatorsOptions): Promise<RunningOperators> {
  const definitions = await loadOperators(dir);
  const logger = options.logger ?? createLogger({ service: 'operators', level: 'info', instance: 'workspace' });
  const nats = await connectNats({
    url: options.natsUrl,
    name: 'operators',
    logger,
    ...(options.natsCreds !== undefined && { creds: options.natsCreds }),
    ...(options.natsDomain !== undefined && { jetstreamDomain: options.natsDomain }),
  });
  const operators = definitions.map((operator) => runOperator({ operator, tenant: options.tenant, nats, logger }));
  return {
    operators,
    stop: async () => {
      await Promise.all(operators.map((operator) => operator.stop()));
      await nats.close();
    },
  };
}

const operatorSchema = z.looseObject({
  name: nameSchema,
  tenant: nameSchema.optional(),
  events: z
    .array(z.strictObject({ source: nameSchema, type: z.string().min(1).max(255).optional() }))
    .max(100)
    .default([]),
  plan: z.custom<OperatorDefinition['plan']>((value) => typeof value === 'function', { message: 'must be a function' }),
});

/** What every file directly in `operators/` exports, in the order of their names. */
export async function loadOperators(dir: string): Promise<OperatorDefinition[]> {
  const files = (await readFolder(join(dir, 'operators')))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.endsWith('.d.ts'))
    .map((name) => `operators/${name}`)
    .sort();
  if (files.length > OPERATORS_MAX) {
    throw new WorkspaceError([
      { file: 'operators', path: '', reason: `${files.length} files; at most ${OPERATORS_MAX}` },
    ]);
  }
  const operators = await allOrIssues(files.map((file) => loadOperator(dir, file)));
  refuseSharedNames(files, operators);
  return operators;
}

async function loadOperator(dir: string, file: string): Promise<OperatorDefinition> {
  const { value } = (await readDefault(dir, file)) ?? { value: undefined };
  return parseValue(file, operatorSchema, value) as OperatorDefinition;
}

/** Two operators of one name would take each other's events: they would share one durable consumer. */
function refuseSharedNames(files: readonly string[], operators: readonly OperatorDefinition[]): void {
  const issues = operators.flatMap(({ name, tenant }, index) =>
    operators.findIndex((other) => other.name === name && other.tenant === tenant) === index
      ? []
      : [{ file: files[index] ?? 'operators', path: 'name', reason: `another file has the operator ${name}` }],
  );
  if (issues.length > 0) throw new WorkspaceError(issues);
}

async function readFolder(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}
