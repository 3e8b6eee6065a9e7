/** What JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/**
 * Where a parsed JSON value holds a number that its text may not have held: an integer beyond 2^53 has already lost digits,
 * and an infinity is a number that was too large. Returns the path of the first one, or undefined.
 */
export function inexactNumberPath(value: unknown, path: readonly (string | number)[] = []): string | undefined {
  if (typeof value === 'number') {
    const exact = Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
    return exact ? undefined : path.join('.');
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const found = inexactNumberPath(inner, [...path, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}
