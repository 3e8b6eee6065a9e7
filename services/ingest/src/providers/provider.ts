import type { KeyFrom, Signed } from '@holdpoint/shared/domain/event';

/** Lower-case names, every occurrence of a header kept apart (Node's `headersDistinct`): a doubled one must be seen to be refused. */
export type DeliveryHeaders = Readonly<Record<string, readonly string[] | undefined>>;

/** A request as it came. `method` and `url` are there for the schemes that sign them; `url` is the public one. */
export interface Delivery {
  readonly rawBody: Buffer;
  readonly headers: DeliveryHeaders;
  readonly method: string;
  readonly url: string;
}

export interface SignedDelivery extends Delivery {
  /** All active secrets; during a rotation more than one. */
  readonly secrets: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Overrides the scheme's own; ignored where the scheme signs no time. */
  readonly toleranceSeconds: number | undefined;
}

/** Why a delivery is not believed. For logs and metrics; the sender is told no more than 401. */
export type Refusal =
  | 'secret_invalid'
  | 'header_missing'
  | 'header_doubled'
  | 'header_malformed'
  | 'signature_mismatch'
  | 'timestamp_stale'
  | 'timestamp_future';

export type Verdict = { readonly ok: true; readonly signed: Signed } | { readonly ok: false; readonly reason: Refusal };

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
}

/** One webhook scheme. Pure: no clock, no I/O. `describe` is only ever called with what `verify` accepted, and never throws. */
export interface Provider {
  /** What is wrong with a configured secret, or undefined. Asked when the sources are loaded, and again by `verify`. */
  secretFault(secret: string): string | undefined;
  verify(delivery: SignedDelivery): Verdict;
  describe(delivery: Delivery): Description;
}
