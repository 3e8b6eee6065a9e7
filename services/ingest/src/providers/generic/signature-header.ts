import type { GenericOptions } from './generic-options.ts';

/** More is no rotation; a flood is not looked through. */
const PARTS_MAX = 16;

/** What a signature header holds: the signatures without their prefix, and the timestamp where it stands there. */
export interface SignatureHeader {
  readonly signatures: readonly string[];
  readonly timestamp: string | undefined;
}

/** Undefined where the header is not spelled as the options say, or holds more than a sender would write. */
export function parseSignatureHeader(header: string, options: GenericOptions): SignatureHeader | undefined {
  const { field, prefix, separator, timestamp } = options;
  const parts = separator === undefined ? [header] : header.split(separator, PARTS_MAX + 1);
  if (parts.length > PARTS_MAX) return undefined;
  const values = field === undefined ? parts : valuesOf(parts, field);
  const signatures = values.filter((value) => value.startsWith(prefix)).map((value) => value.slice(prefix.length));
  if (signatures.length === 0) return undefined;
  if (timestamp?.field === undefined) return { signatures, timestamp: undefined };
  const timestamps = valuesOf(parts, timestamp.field);
  return timestamps.length === 1 ? { signatures, timestamp: timestamps[0] } : undefined;
}

function valuesOf(pairs: readonly string[], name: string): string[] {
  return pairs.flatMap((pair) => {
    const at = pair.indexOf('=');
    // A sender may write a space behind the separator; a second time must be seen for what it is.
    return at >= 0 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1)] : [];
  });
}
