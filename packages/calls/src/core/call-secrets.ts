import { createScrubber, MASK } from '@holdpoint/shared/domain/secret-args';

/** Keeps what one call was trusted with out of what it says. */
export interface CallSecrets {
  text(text: string): string;
  number(value: number): number | string;
}

/**
 * Longer secrets are taken out of any text that holds them; a number or a short text, which stands in ordinary words too,
 * where it is all there is.
 */
export function callSecrets(args: unknown, paths: readonly string[], credentials: readonly string[]): CallSecrets {
  const scrub = createScrubber(args, paths, credentials);
  const whole = new Set([...credentials, ...paths.flatMap((path) => leavesAt(args, path.split('.')))]);
  whole.delete('');
  return {
    text: (text) => (whole.has(text) ? MASK : scrub(text)),
    number: (value) => (whole.has(String(value)) ? MASK : value),
  };
}

function leavesAt(value: unknown, [head, ...rest]: readonly string[]): string[] {
  if (head === undefined) return leavesIn(value);
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value) && head === '*') return value.flatMap((inner) => leavesAt(inner, rest));
  return Object.hasOwn(value, head) ? leavesAt((value as Record<string, unknown>)[head], rest) : [];
}

function leavesIn(value: unknown): string[] {
  if (typeof value === 'string' || typeof value === 'number') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leavesIn) : [];
}
