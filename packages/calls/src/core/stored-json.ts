import { plainText } from '@holdpoint/shared/domain/plain-text';
import type { CallSecrets } from './call-secrets.ts';

export const RESULT_MAX_BYTES = 256 * 1024;
/** Of a larger one its beginning is kept: inside JSON every quote of it takes two bytes. */
const BEGINNING_MAX_BYTES = RESULT_MAX_BYTES / 2 - 1024;
/** Too large to be looked through for secrets. */
const READ_MAX_BYTES = 16 * 1024 * 1024;
const DEPTH_MAX = 64;

/**
 * What of a connector's answer is stored: JSON that Postgres takes, bounded. Of a larger one `{ truncated: true, bytes,
 * beginning }`, where `beginning` is the first of its JSON. The effect has happened whatever the answer looks like, so
 * nothing here throws.
 */
export function storedResult(value: unknown, secrets: CallSecrets): unknown {
  if (value === undefined) return null;
  let plain: unknown;
  let bytes = 0;
  try {
    const text = JSON.stringify(value);
    if (text === undefined) return { unserialisable: typeof value };
    bytes = Buffer.byteLength(text);
    if (bytes > READ_MAX_BYTES) return { truncated: true, bytes };
    plain = JSON.parse(text);
  } catch {
    return { unserialisable: typeof value };
  }
  if (depthOf(plain) > DEPTH_MAX) return { truncated: true, depth: 'too deep' };
  const safe = hideIn(plain, secrets);
  return bytes > RESULT_MAX_BYTES ? { truncated: true, bytes, beginning: beginningOf(safe) } : safe;
}

/** Cut after its secrets were hidden: half a secret is found by nobody. */
function beginningOf(value: unknown): string {
  const cut = Buffer.from(JSON.stringify(value)).subarray(0, BEGINNING_MAX_BYTES);
  // A character that was cut in two is left out.
  return plainText(cut.toString().replace(/\ufffd$/, ''));
}

const TEXT_MAX_LENGTH = 512;

/** An error's text as it is stored and told. */
export function storedError(message: string, secrets: CallSecrets): string {
  return plainText(secrets.text(message)).slice(0, TEXT_MAX_LENGTH).toWellFormed();
}

function hideIn(value: unknown, secrets: CallSecrets): unknown {
  if (typeof value === 'string') return plainText(secrets.text(value));
  if (typeof value === 'number') return secrets.number(value);
  if (Array.isArray(value)) return value.map((inner) => hideIn(inner, secrets));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [plainText(secrets.text(key)), hideIn(inner, secrets)]),
  );
}

function depthOf(value: unknown): number {
  let depth = 0;
  for (let level: unknown[] = [value]; level.length > 0 && depth <= DEPTH_MAX; depth += 1) {
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
  return depth;
}
