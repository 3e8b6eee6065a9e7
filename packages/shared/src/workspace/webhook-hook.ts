import type { Signed } from '../domain/event.ts';
import type { ConnectorLog } from './connector-runner.ts';
import type { EntityDb } from './entity-db.ts';

/** An event as hooks see it, frozen. What the provider did not say is null. */
export interface HookEvent<Data = unknown> {
  readonly id: string;
  readonly tenant: string;
  readonly source: string;
  readonly type: string;
  /** RFC 3339. */
  readonly time: string;
  readonly subject: string | null;
  /** What the signature covered, and whether the type was part of it. */
  readonly signed: Signed;
  readonly typeSigned: boolean;
  readonly deliveryId: string | null;
  /** The parsed payload; null where it is not JSON, larger than 256 KiB, or nested deeper than a thousand. */
  readonly data: Data;
  /** SHA-256 of the payload's bytes. */
  readonly digest: string;
  /** Of the payload, in bytes. */
  readonly size: number;
}

/** An accepted event. */
export interface AcceptedEvent<Data = unknown> extends HookEvent<Data> {
  /** The first original's id: another one than `id` where this is a replay. */
  readonly rootId: string;
  /** What `before` hooks have added. */
  readonly annotations: Readonly<Record<string, string>>;
}

export interface HookContext {
  /** Into the service's log, at most 20 lines a call. */
  readonly log: ConnectorLog;
  /** Aborted when the call's time is up. */
  readonly signal: AbortSignal;
}

/** An author may name the entities: `AfterHookContext<EntityDbOf<{ shop: typeof shop }>>`. */
export interface AfterHookContext<Db = EntityDb> extends HookContext {
  /** Counts from 1. */
  readonly attempt: number;
  /** What is known of all connectors' entities in this tenant. At most 100 questions and changes a call; none after its end. */
  readonly db: Db;
}

/** By name: 1–20 of a–z and 0–9, none of the names that an event has already; as text 1–256 characters. */
export type Annotations = Readonly<Record<string, string | number | boolean>>;

/** What a `before` hook says of an event. Anything else, nothing included, counts as a failure. */
export type BeforeAnswer =
  | 'pass'
  | { readonly pass: true; readonly annotations?: Annotations }
  /** It is answered as taken, and not published. */
  | { readonly filter: string }
  /** The sender is told so, and the reason. */
  | { readonly reject: string }
  /** False is a filter. */
  | { readonly continue: boolean };

/** Deliveries in all (5 unless told) and the first pause (1 s), which doubles each time up to the longest (60 s). */
export interface RetryInput {
  readonly attempts?: number;
  readonly delayMs?: number;
  readonly maxDelayMs?: number;
}

/** One webhook hook of `tenants/<tenant>/hooks.ts`. Its functions run in a thread of the tenant's own. */
export interface WebhookHookInput {
  readonly id: string;
  /** Only events of this source of the tenant. */
  readonly source?: string;
  /** Only events of these types; `*` stands for anything within one dotted segment: `charge.*`. */
  readonly types?: readonly string[];
  /** 0–100, lower first, then by id; 50 unless told. 0–10 critical validation, 11–50 business rules, 51–100 enrichment. */
  readonly priority?: number;
  /** Whether an event waits outside (503) when `before` fails; true unless told. False: it passes, and the failure is counted. */
  readonly critical?: boolean;
  /** Of one call of `before`; 250 unless told, at most 2000. */
  readonly timeoutMs?: number;
  /** Before the event is published. May be called again for the same event. */
  before?(event: HookEvent, ctx: HookContext): BeforeAnswer | Promise<BeforeAnswer>;
  /** Of one call of `after`; 10 s unless told, at most 60 s. */
  readonly afterTimeoutMs?: number;
  /** Of `after`. */
  readonly retry?: RetryInput;
  /** After the event is accepted, at least once, in no promised order. */
  after?(event: AcceptedEvent, ctx: AfterHookContext): unknown;
}
