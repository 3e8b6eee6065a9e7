import { createHmac } from 'node:crypto';
import type { Signed } from '@holdpoint/shared/domain/event';

/** What a provider would put into one delivery. */
export interface ToSign {
  /** What the provider signs with: the configured secret, but where the scheme has a private key to it. */
  readonly signing: string;
  readonly body: Buffer;
  /** Where the scheme carries it outside the body. */
  readonly id: string;
  readonly type: string;
  /** Seconds since the epoch, where the scheme signs a time. */
  readonly timestamp: number;
  /** The endpoint as the provider calls it, without a query. */
  readonly url: string;
}

/**
 * How to play a provider: for samples and tests. Written from its documentation and apart from the verifier, so that a mistake
 * in one is not repeated in the other.
 */
export interface ProviderSample {
  readonly signed: Signed;
  /** The header that holds the signature. */
  readonly signature: string;
  /** The other headers that the signature covers. */
  readonly signedHeaders: readonly string[];
  /** Undefined where no time is signed. */
  readonly toleranceSeconds: number | undefined;
  /** The headers it reads besides, where they come: nobody signed them. */
  readonly alsoReads?: readonly string[];
  /** Several signatures may stand in the header, divided by this; the last of its parts is one. */
  readonly listSeparator?: string;
  /** The signature covers the method too. */
  readonly signsMethod?: boolean;
  /** Of the source, where the scheme takes any. */
  readonly options?: unknown;
  /** The scheme reads the body to verify, so that not every body can be believed. */
  readonly readsBody?: boolean;
  /** A key by that name: what is configured, and what the provider signs with. */
  keys(name: string): { readonly configured: string; readonly signing: string };
  /** What a delivery holds where none is given; it may have to hold the time. */
  body?(timestamp: number): string;
  headers(delivery: ToSign): Record<string, string>;
  /** What stands behind the `?`. */
  query?(delivery: ToSign): string;
}

/** A scheme with a secret that both sides have; `whsec_` and base64, so that every such scheme takes it. */
export function sharedKeys(name: string): { configured: string; signing: string } {
  const secret = `whsec_${Buffer.from(`${name} of twenty-four bytes`).toString('base64')}`;
  return { configured: secret, signing: secret };
}

export const hmac = (key: string | Buffer, ...parts: (string | Buffer)[]): Buffer => {
  const mac = createHmac('sha256', key);
  for (const part of parts) mac.update(part);
  return mac.digest();
};
