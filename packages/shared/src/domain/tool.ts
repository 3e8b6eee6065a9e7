import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { EntityReference } from './entity.ts';
import type { Risk } from './policy.ts';

/** What a tool declares about itself in `connectors/<name>/tools.ts`. */
export interface Tool {
  readonly risk: Risk;
  /** Refuses arguments before they are scored; the parsed ones are stored, digested, shown and executed. Synchronous. */
  readonly args?: StandardSchemaV1;
  readonly value?: (args: never) => number;
  readonly entityKey?: (args: never) => string;
  /** What it acts on, of the entities that its connector declares: policies see what is known of it as `env.entity`. */
  readonly entity?: EntityReference;
  /** The idempotency key reaches the remote API, so a call may be repeated with the same key. */
  readonly idempotent?: boolean;
  /** The command line that this tool runs, for rules by command. */
  readonly command?: (args: never) => string;
  /** Paths in the arguments that hold secrets: `token`, `auth.password`. */
  readonly secretArgs?: readonly string[];
  readonly timeoutMs?: number;
  readonly retry?: RetryPolicy;
  /**
   * How long after a call without an answer `reconcile` is asked, where the remote system takes long to show what it did.
   * Never shorter than the call's time and a worker's lease.
   */
  readonly settleDelayMs?: number;
  /** What the entity's next actions do while this one's outcome is unknown. Default: wait. */
  readonly whenIndeterminate?: WhenIndeterminate;
}

export const WHEN_INDETERMINATE = ['wait', 'go_on'] as const;
export type WhenIndeterminate = (typeof WHEN_INDETERMINATE)[number];

export interface RetryPolicy {
  readonly attempts?: number;
  readonly minDelayMs?: number;
  readonly maxDelayMs?: number;
}

/** connector → tool → what it declares. Looked up by own properties only. */
export type ToolCatalog = Readonly<Record<string, Readonly<Record<string, Tool>>>>;

/** The tools an operator holds in a tenant: `magento:orders.*`; and the sources whose events it may act on. */
export interface Grant {
  readonly operator: string;
  readonly tools: readonly string[];
  readonly sources?: readonly string[];
}
