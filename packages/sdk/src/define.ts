import type { EntityDeclaration } from '@holdpoint/shared/domain/entity';
import type { TrustPolicy } from '@holdpoint/shared/domain/policy';
import type { Grant, Tool } from '@holdpoint/shared/domain/tool';
import type { ConnectorLimits } from '@holdpoint/shared/workspace/connector-limits';
import type { ConnectorContext, ConnectorRunner, Reconciled } from '@holdpoint/shared/workspace/connector-runner';
import type { HooksInput } from '@holdpoint/shared/workspace/hooks-input';
import type { ChannelInput } from '@holdpoint/shared/workspace/notifications';
import type { PeopleInput } from '@holdpoint/shared/workspace/people';
import type { SourceInput } from '@holdpoint/shared/workspace/sources';
import type { TenantConnectorsInput } from '@holdpoint/shared/workspace/tenant-connectors';
import type { TenantLimits } from '@holdpoint/shared/workspace/tenant-limits';
import type { EscalationsInput } from '@holdpoint/shared/workspace/tenant-policies';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { EntitiesOf } from './entity-db.ts';

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
  readonly entities?: Readonly<Record<string, EntityDeclaration>>;
  readonly limits?: ConnectorLimits;
}

/** `connectors/<name>/tools.ts`. */
export function defineTools<const File extends ToolsFile>(file: File): File {
  return file;
}

/** A call's context, in which `ctx.db.<connector>` has the entities that its own file declares. */
type ContextOf<File extends ToolsFile> = ConnectorContext<{ readonly [Name in File['name']]: EntitiesOf<File> }>;
type RunOf<File extends ToolsFile> = {
  readonly [Name in keyof File['tools']]: (
    args: ArgsOf<NonNullable<File['tools'][Name]['args']>>,
    ctx: ContextOf<File>,
  ) => unknown;
};
type ReconcileOf<File extends ToolsFile> = {
  readonly [Name in keyof File['tools']]?: (
    args: ArgsOf<NonNullable<File['tools'][Name]['args']>>,
    ctx: ContextOf<File>,
  ) => Reconciled | Promise<Reconciled>;
};
type AfterOf<File extends ToolsFile> = {
  readonly [Name in keyof File['tools']]?: (
    // biome-ignore lint/suspicious/noExplicitAny: what its own `run` answers, which an author may name
    result: any,
    args: ArgsOf<NonNullable<File['tools'][Name]['args']>>,
    ctx: ContextOf<File>,
  ) => unknown;
};

type RunnerOf<File extends ToolsFile> = Omit<ConnectorRunner, 'run' | 'reconcile' | 'after'> & {
  run: RunOf<File>;
  reconcile?: ReconcileOf<File>;
  after?: AfterOf<File>;
};

/** `connectors/<name>/run.ts`: `defineConnector<typeof tools>({ run: { … } })` knows every tool, its arguments and the entities. */
export function defineConnector<File extends ToolsFile = ToolsFile>(runner: RunnerOf<File>): ConnectorRunner;
export function defineConnector(runner: unknown): ConnectorRunner {
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

/** `tenants/<tenant>/notifications.ts`. */
export function defineNotifications(channels: readonly ChannelInput[]): readonly ChannelInput[] {
  return channels;
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

/** `tenants/<tenant>/people.ts`: `{ tokens: ['<value of the tenant claim>'], audiences: { reviewer: ['<group id>'] } }`. */
export function definePeople(people: PeopleInput): PeopleInput {
  return people;
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
