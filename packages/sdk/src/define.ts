import type { TrustPolicy } from '@holdpoint/shared/domain/policy';
import type { Grant, Tool } from '@holdpoint/shared/domain/tool';
import type { ConnectorLimits } from '@holdpoint/shared/workspace/connector-limits';
import type { ConnectorContext, ConnectorRunner, Reconciled } from '@holdpoint/shared/workspace/connector-runner';
import type { HooksInput } from '@holdpoint/shared/workspace/hooks-input';
import type { SourceInput } from '@holdpoint/shared/workspace/sources';
import type { TenantConnectorsInput } from '@holdpoint/shared/workspace/tenant-connectors';
import type { TenantLimits } from '@holdpoint/shared/workspace/tenant-limits';
import type { EscalationsInput } from '@holdpoint/shared/workspace/tenant-policies';
import type { StandardSchemaV1 } from '@standard-schema/spec';

export type { ActionAnswer, ActionOutcome, HookedAction } from '@holdpoint/shared/workspace/action-hook';
export type { ConnectorContext, ConnectorRunner } from '@holdpoint/shared/workspace/connector-runner';
export { secret } from '@holdpoint/shared/workspace/secrets';
export type {
  AcceptedEvent,
  AfterHookContext,
  BeforeAnswer,
  HookContext,
  HookEvent,
} from '@holdpoint/shared/workspace/webhook-hook';

// All of these give back what they are given: they add types for the author's editor, and a workspace works without them.

/** Any arguments, for a tool that declares no schema. */
type AnyArgs = StandardSchemaV1<Record<string, unknown>, Record<string, unknown>>;
type ArgsOf<Schema> = Schema extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<Schema> : Record<string, unknown>;

/** A tool whose functions take the arguments that its schema gives. */
export type ToolInput<Schema extends StandardSchemaV1 = AnyArgs> = Omit<
  Tool,
  'args' | 'value' | 'entityKey' | 'command'
> & {
  readonly args?: Schema;
  readonly value?: (args: ArgsOf<Schema>) => number;
  readonly entityKey?: (args: ArgsOf<Schema>) => string;
  readonly command?: (args: ArgsOf<Schema>) => string;
};

/** One tool of `connectors/<name>/tools.ts`: `defineTool({ risk: 'write', args: z.object({ … }), … })`. */
export function defineTool<Schema extends StandardSchemaV1 = AnyArgs>(tool: ToolInput<Schema>): ToolInput<Schema> {
  return tool;
}

export interface ToolsFile {
  readonly name: string;
  readonly tools: Readonly<Record<string, Tool>>;
  readonly limits?: ConnectorLimits;
}

/** `connectors/<name>/tools.ts`. */
export function defineTools<const File extends ToolsFile>(file: File): File {
  return file;
}

type RunOf<File extends ToolsFile> = {
  readonly [Name in keyof File['tools']]: (
    args: ArgsOf<NonNullable<File['tools'][Name]['args']>>,
    ctx: ConnectorContext,
  ) => unknown;
};
type ReconcileOf<File extends ToolsFile> = {
  readonly [Name in keyof File['tools']]?: (
    args: ArgsOf<NonNullable<File['tools'][Name]['args']>>,
    ctx: ConnectorContext,
  ) => Reconciled | Promise<Reconciled>;
};

/** `connectors/<name>/run.ts`: `defineConnector<typeof tools>({ run: { … } })` knows every tool and its arguments. */
export function defineConnector<File extends ToolsFile = ToolsFile>(
  runner: Omit<ConnectorRunner, 'run' | 'reconcile'> & { run: RunOf<File>; reconcile?: ReconcileOf<File> },
): ConnectorRunner {
  return runner as ConnectorRunner;
}

/** `tenants/<tenant>/policies.ts`. */
export function definePolicies(policies: readonly TrustPolicy[]): readonly TrustPolicy[] {
  return policies;
}

/** `tenants/<tenant>/sources.ts`. */
export function defineSources(sources: readonly SourceInput[]): readonly SourceInput[] {
  return sources;
}

/** `tenants/<tenant>/limits.ts`. */
export function defineLimits(limits: TenantLimits): TenantLimits {
  return limits;
}

/** `tenants/<tenant>/connectors.ts`. */
export function defineConnectors(connectors: TenantConnectorsInput): TenantConnectorsInput {
  return connectors;
}

/** `tenants/<tenant>/grants.ts`. */
export function defineGrants(grants: readonly Grant[]): readonly Grant[] {
  return grants;
}

/** `tenants/<tenant>/escalations.ts`. */
export function defineEscalations(escalations: EscalationsInput): EscalationsInput {
  return escalations;
}

/**
 * `tenants/<tenant>/hooks.ts`. A hook may name what it is given: `before: (event: HookEvent<Charge>) => …` on webhooks,
 * `before: (action: HookedAction<Refund>) => …` on actions.
 */
export function defineHooks(hooks: HooksInput): HooksInput {
  return hooks;
}
