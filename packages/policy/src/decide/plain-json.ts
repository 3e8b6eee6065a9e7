import type { Json } from '@holdpoint/shared/domain/json';

/** Arguments nest no deeper than this: everything that stores, digests or shows them recurses. */
export const ARGS_MAX_DEPTH = 64;
/** A line holds its arguments one level down. */
export const LINE_MAX_DEPTH = ARGS_MAX_DEPTH + 1;

export type PlainJson =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly path: readonly string[]; readonly reason: string };

/**
 * A copy of a value that holds nothing but JSON which can be stored, digested and read back the same; or where it does not.
 * Absent is absent: a property that is `undefined` is left out, as JSON would. Names are in order: what is the same by its
 * digest must be the same to an author's code and read the same in a reason, also when it comes back from where it was stored.
 */
export function plainJson(value: unknown, maxDepth: number = ARGS_MAX_DEPTH): PlainJson {
  const path: string[] = [];
  const fault = { reason: '' };
  const copied = copy(value, path, fault, maxDepth);
  return fault.reason === '' ? { ok: true, value: copied } : { ok: false, path: path.reverse(), reason: fault.reason };
}

/**
 * The value without what lies deeper than `maxDepth` containers. For a line that is refused anyway and still has to cross to
 * another thread, which recurses: what is cut off is the fault of a line, and must not become its neighbours'.
 */
export function cutBelow(value: unknown, maxDepth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return maxDepth <= 0 ? [] : value.map((inner) => cutBelow(inner, maxDepth - 1));
  const entries = maxDepth <= 0 ? [] : Object.entries(value);
  return Object.fromEntries(entries.map(([key, inner]) => [key, cutBelow(inner, maxDepth - 1)]));
}

/** Copies downwards; after a fault, the way back up collects the path, so that the good case pays nothing for it. */
function copy(value: unknown, path: string[], fault: { reason: string }, depthLeft: number): Json {
  if (typeof value === 'string') return faulted(value, textFault(value), fault);
  // JSON has one zero: what is decided on is what is stored.
  if (typeof value === 'number') return faulted(value + 0, numberFault(value), fault);
  if (typeof value === 'boolean' || value === null) return value;
  if (typeof value !== 'object') return faulted(null, `${typeof value} is not JSON`, fault);
  if (depthLeft <= 0) return faulted(null, `nests deeper than ${ARGS_MAX_DEPTH}`, fault);
  return Array.isArray(value) ? copyArray(value, path, fault, depthLeft) : copyObject(value, path, fault, depthLeft);
}

function copyArray(value: readonly unknown[], path: string[], fault: { reason: string }, depthLeft: number): Json {
  const array: Json[] = [];
  for (const [index, inner] of value.entries()) {
    array.push(copy(inner, path, fault, depthLeft - 1));
    if (fault.reason !== '') {
      path.push(String(index));
      break;
    }
  }
  return array;
}

function copyObject(value: object, path: string[], fault: { reason: string }, depthLeft: number): Json {
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return faulted(null, 'an instance is not JSON', fault);
  const object: Record<string, Json> = {};
  for (const key of sortedKeys(value)) {
    const inner = (value as Record<string, unknown>)[key];
    // Assigning to it would set the copy's prototype: two proposals would look the same and be different.
    if (key === '__proto__') fault.reason = '__proto__ is not a name that can be used';
    else if (textFault(key) !== '') fault.reason = textFault(key);
    else if (inner !== undefined) object[key] = copy(inner, path, fault, depthLeft - 1);
    if (fault.reason !== '') {
      path.push(key);
      break;
    }
  }
  return object;
}

function sortedKeys(value: object): string[] {
  const keys = Object.keys(value);
  for (let index = 1; index < keys.length; index += 1) {
    if ((keys[index] as string) < (keys[index - 1] as string)) return keys.sort();
  }
  return keys;
}

function faulted<T extends Json>(value: T, reason: string, fault: { reason: string }): T {
  fault.reason = reason;
  return value;
}

function textFault(text: string): string {
  if (text.includes('\0')) return 'text with a NUL cannot be stored';
  return text.isWellFormed() ? '' : 'text with half of a surrogate pair cannot be stored';
}

function numberFault(number: number): string {
  const exact = Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number));
  return exact ? '' : 'a number that cannot be held exactly';
}
