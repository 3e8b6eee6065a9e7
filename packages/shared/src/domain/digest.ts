import { createHmac, hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Digest } from './ids.ts';
import { replaceSecrets } from './secret-args.ts';

/** SHA-256 of raw bytes (or of a string's UTF-8), lower-case hex. */
export function sha256(bytes: Uint8Array | string): Digest {
  return hash('sha256', bytes, 'hex') as Digest;
}

/** SHA-256 of a value's RFC 8785 JSON: the same for every order of keys. */
export function digestOf(value: unknown): Digest {
  return sha256(canonicalize(value) ?? 'null');
}

/** What an approval binds to and what makes two proposals "the same". Semantics §3, Idempotency. */
export interface DigestedAction {
  readonly tenant: string;
  readonly connector: string;
  readonly tool: string;
  readonly args: unknown;
  readonly value: number | null;
  readonly entity_key: string | null;
}

export function actionDigest(action: DigestedAction): Digest {
  const { tenant, connector, tool, args, value, entity_key } = action;
  return digestOf({ tenant, connector, tool, args, value, entity_key });
}

/**
 * The arguments with a commitment in place of each secret: the same secret gives the same one, and without the salt nobody can
 * try values until one fits. A digest is shown to people and kept in receipts, so a secret may stand in it only so.
 */
export function commitSecrets(args: unknown, paths: readonly string[], salt: string): unknown {
  return replaceSecrets(args, paths, (secret) => ({
    commitment: createHmac('sha256', salt)
      .update(canonicalize(secret) ?? 'null')
      .digest('hex'),
  }));
}
