import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { EntityDb } from './entity-db.ts';

/** What a connector's functions are given beside their arguments. `Db` is what its entities are called: `defineConnector` knows. */
export interface ConnectorContext<Db = EntityDb> {
  readonly tenant: string;
  /** Null for a tool that only reads. */
  readonly entityKey: string | null;
  /** To be sent along where the remote API honours one: the same for every attempt of an action. */
  readonly idempotencyKey: string | null;
  readonly actionId: string;
  /** Counts from 1. */
  readonly attempt: number;
  /** Aborted when the call's time is up or the worker may no longer send. */
  readonly signal: AbortSignal;
  readonly log: ConnectorLog;
  /** The `config` that the tenant's `connectors.ts` gives this connector; empty where it gives none. */
  readonly config: Readonly<Record<string, unknown>>;
  /** One of the `credentials` that the tenant's `connectors.ts` gives this connector; throws for a name it has not. */
  secret(name: string): string;
  /** The platform's, within the call's time and 10 MiB an answer, to public addresses unless the tenant allows others. */
  readonly fetch: typeof fetch;
  /**
   * A connection for a protocol other than HTTP, to the same addresses as `fetch`, made within 10 s. Ends with the call. One that
   * was not made has sent nothing; from one that was on, anything thrown but a definite error counts as `Unknown`.
   */
  connect(to: ConnectTo): Promise<Socket | TLSSocket>;
  /** The connector's own small memory in this tenant: cursors, tokens; nothing that must not be lost. */
  readonly kv: ConnectorKv;
  /** What is known of its own entities in this tenant: `ctx.db.shop.orders`. Others' are not there. */
  readonly db: Db;
  /**
   * The remote system's headers say that its allowance is used up: this tenant's calls of the connector wait so many seconds.
   * Changes nothing of this call. The longest of several counts.
   */
  rest(seconds: number): void;
}

export interface ConnectTo {
  readonly host: string;
  readonly port: number;
  /** Encrypted from its first byte; false unless told. */
  readonly tls?: boolean;
  /** The name that the other side's certificate is for; the host unless told. */
  readonly servername?: string;
  /** The PEM certificates to trust in place of the well-known ones. */
  readonly ca?: string;
}

export interface ConnectorLog {
  debug(fields: object, message?: string): void;
  info(fields: object, message?: string): void;
  warn(fields: object, message?: string): void;
  error(fields: object, message?: string): void;
}

export interface ConnectorKv {
  get(key: string): Promise<string | null>;
  set(key: string, value: string, options?: { readonly ttlSeconds?: number }): Promise<void>;
  delete(key: string): Promise<void>;
  /**
   * Sets the key if it holds `expected` (null: if it is not there), and says whether it did. Of any number that ask at once
   * with the same expectation one is told true.
   */
  compareAndSet(
    key: string,
    expected: string | null,
    value: string,
    options?: { readonly ttlSeconds?: number },
  ): Promise<boolean>;
}

/** What a connector is given outside of a call: what every tenant gives it. */
export interface ConnectorStart {
  /** Those whose `connectors.ts` has this connector. Own properties only. */
  readonly tenants: Readonly<Record<string, TenantStart>>;
  readonly log: ConnectorLog;
  /** Aborted when the time for it is up. */
  readonly signal: AbortSignal;
}

export interface TenantStart {
  readonly config: Readonly<Record<string, unknown>>;
  /** As in a call: throws for a name that this tenant does not give. */
  secret(name: string): string;
  readonly fetch: typeof fetch;
  connect(to: ConnectTo): Promise<Socket | TLSSocket>;
}

/** Did an earlier attempt happen? `applied` may carry the result that was lost with the worker. */
export type Reconciled = 'applied' | 'not_applied' | 'unknown' | { readonly applied: unknown };

export type RunTool = (args: never, ctx: ConnectorContext) => unknown;
/** What it gives back is recorded in the result's place; undefined: the result stands as it is. */
export type AfterTool = (result: never, args: never, ctx: ConnectorContext) => unknown;
export type ReconcileTool = (args: never, ctx: ConnectorContext) => Reconciled | Promise<Reconciled>;

/** What `connectors/<name>/run.ts` exports. Only the executor loads it. */
export interface ConnectorRunner {
  /** Once, before any call. What it throws stops the start: the place to find out that a credential is missing. */
  init?(start: ConnectorStart): unknown;
  /** Every 10 s. Throwing, or answering false, shows as failing in `/readyz` and stops nothing. */
  health?(start: ConnectorStart): unknown;
  /** When the process drains, after the last call. */
  close?(): unknown;
  readonly run: Readonly<Record<string, RunTool>>;
  readonly reconcile?: Readonly<Record<string, ReconcileTool>>;
  /**
   * After a tool's call was answered, or `reconcile` found its result: 5 s to make another result of it, or to do what follows
   * from it. The action is applied whatever becomes of this.
   */
  readonly after?: Readonly<Record<string, AfterTool>>;
}
