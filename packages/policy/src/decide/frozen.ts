/** An event's payload is at most 256 KiB, which can still nest deeper than any stack. */
const COPY_MAX_DEPTH = 1000;

/** A deep-frozen copy: what an author's function is given, so that it cannot alter what is recorded or scored next. */
export function frozenCopy<T>(value: T, depth = 0): T {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > COPY_MAX_DEPTH) throw new RangeError(`the event nests deeper than ${COPY_MAX_DEPTH}`);
  if (Array.isArray(value)) return Object.freeze(value.map((inner) => frozenCopy(inner, depth + 1))) as T;
  const copy: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    const frozen = frozenCopy(inner, depth + 1);
    if (key === '__proto__') Object.defineProperty(copy, key, { value: frozen, enumerable: true });
    else copy[key] = frozen;
  }
  return Object.freeze(copy) as T;
}

/** Freezes a value that is ours already. Only for values of bounded depth. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
