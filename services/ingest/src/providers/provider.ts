import type { FieldIssue } from '@holdpoint/shared/domain/errors';
import type { KeyFrom, Signed } from '@holdpoint/shared/domain/event';

/** Lower-case names, every occurrence of a header kept apart (Node's `headersDistinct`): a doubled one must be seen to be refused. */
export type DeliveryHeaders = Readonly<Record<string, readonly string[] | undefined>>;

/** A request as it came. */
export interface Delivery {
  readonly rawBody: Buffer;
  readonly headers: DeliveryHeaders;
  readonly method: string;
  /** As the provider called it, for the schemes that sign it: the source's `publicUrl` where it has one. Without the query. */
  readonly url: string;
  /** What stands behind the `?`, as it came; empty where there is none. */
  readonly query: string;
}

export interface SignedDelivery extends Delivery {
  /** All active secrets; during a rotation more than one. */
  readonly secrets: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Overrides the scheme's own; ignored where the scheme signs no time. */
  readonly toleranceSeconds: number | undefined;
}

/** Why a delivery is not believed. For logs, metrics and `/v1/sources`; the sender is told no more than 401. */
export type Refusal =
  | 'secret_invalid'
  | 'header_missing'
  | 'header_doubled'
  | 'header_malformed'
  | 'body_malformed'
  | 'signature_mismatch'
  | 'type_mismatch'
  | 'timestamp_stale'
  | 'timestamp_future';

export interface Refused {
  readonly ok: false;
  readonly reason: Refusal;
  /** The header it is about, where it is one. */
  readonly header?: string;
  /** How old the signed time is, where that is the reason; negative where it lies ahead. */
  readonly ageSeconds?: number;
}

export type Verdict = { readonly ok: true; readonly signed: Signed } | Refused;

/** What a verified delivery says it is. */
export interface Description {
  readonly deliveryId: string | undefined;
  /** Whether the signature covered the id. An unsigned one proves nothing and is never the dedupe key by itself. */
  readonly idSigned: boolean;
  readonly type: string | undefined;
  readonly typeSigned: boolean;
  /** When it happened, where the provider says so: RFC 3339. */
  readonly time: string | undefined;
  readonly subject: string | undefined;
  /** What the dedupe key is made from, unless the source says otherwise. */
  readonly keyFrom: KeyFrom;
  /** What stands for the body in the dedupe key, where the same event may come in other bytes (a counter of attempts, an order that nothing signs). */
  readonly keyBody?: Buffer;
}

/** One event of a batch. */
export interface BatchItem {
  /** The item's own bytes: a part of the delivery's body, not a copy. */
  readonly body: Buffer;
  readonly description: Description;
}

/** An item that is no event; its neighbours are taken all the same. */
export interface BadItem {
  readonly body: Buffer;
  readonly fault: string;
}

/** An answer in the provider's own terms. */
export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** A GET of the endpoint: how some providers ask whether they may deliver there. Nothing signs it. */
export interface Challenge {
  readonly query: URLSearchParams;
  readonly headers: DeliveryHeaders;
  readonly secrets: readonly string[];
}

/** One webhook scheme. Pure: no clock, no I/O. Only `verify` meets what nobody vouches for; what comes after it never throws. */
export interface Provider {
  /** What is wrong with a configured secret, or undefined. Asked when the sources are loaded, and again by `verify`. */
  secretFault(secret: string): string | undefined;
  verify(delivery: SignedDelivery): Verdict;
  /** The answer to a verified delivery that is no event but a question of the provider's. */
  handshake?(delivery: SignedDelivery): Reply | undefined;
  /** The answer to a GET; undefined where it does not ask rightly. */
  challenge?(challenge: Challenge): Reply | undefined;
  /** `signed` is what `verify` said of this delivery. */
  describe(delivery: Delivery, signed?: Signed): Description;
  /** The events of a delivery that holds several, each with bytes of its own; undefined where it is one event after all. */
  items?(delivery: Delivery): readonly (BatchItem | BadItem)[] | undefined;
  /** What an accepted delivery is answered, where the provider takes anything else for a failure. */
  reply?(delivery: Delivery): Reply | undefined;
  /** The status of our own answer to what is accepted, where the provider takes 202 for a failure. */
  readonly acceptedStatus?: 200;
  /** What a refused delivery is answered, where the provider minds what stands in it; its status is 401. */
  readonly refusal?: Reply;
  /** The signature covers the URL, so that a source is better off with a `publicUrl`. */
  readonly signsUrl?: boolean;
}

/** A scheme that a source's `options` complete. */
export interface ConfigurableProvider {
  /** The scheme under these options, or what is wrong with them. */
  configure(options: unknown): Provider | readonly FieldIssue[];
}
