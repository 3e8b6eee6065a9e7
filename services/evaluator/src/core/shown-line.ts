import { createScrubber, MASK, maskArgs } from '@holdpoint/shared/domain/secret-args';

/** A recorded line as it may be shown, and where something is hidden in it. */
export interface ShownLine {
  readonly line: unknown;
  /** Dotted paths; an empty one: all of it. */
  readonly masked: readonly string[];
}

const FIELDS: readonly string[] = ['connector', 'tool', 'value', 'entity_key', 'idempotency_key'];

/**
 * Hides what the tool calls secret, in its places and wherever else it turns up in the arguments. Where nobody knows the tool,
 * nobody knows what is secret: everything is hidden but the names, the keys and the value.
 */
export function showLine(line: unknown, secretArgs: readonly string[] | undefined): ShownLine {
  if (secretArgs?.length === 0) return { line, masked: [] };
  const shown = secretArgs === undefined ? hideAll(line) : hideSecrets(line, secretArgs);
  return { line: shown, masked: differences(line, shown) };
}

function hideSecrets(line: unknown, secretArgs: readonly string[]): unknown {
  if (!isObject(line) || !Object.hasOwn(line, 'args')) return line;
  const scrub = createScrubber(line.args, secretArgs, []);
  return { ...line, args: mapLeaves(maskArgs(line.args, secretArgs), (leaf) => scrubbed(leaf, scrub)) };
}

function scrubbed(leaf: unknown, scrub: (text: string) => string): unknown {
  return typeof leaf === 'string' ? scrub(leaf) : leaf;
}

function hideAll(line: unknown): unknown {
  if (!isObject(line)) return MASK;
  return Object.fromEntries(
    Object.entries(line).map(([name, value]) => {
      if (FIELDS.includes(name)) return [name, isObject(value) ? mapLeaves(value, () => MASK) : value];
      return [name, mapLeaves(value, () => MASK)];
    }),
  );
}

function mapLeaves(value: unknown, change: (leaf: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((inner) => mapLeaves(inner, change));
  if (!isObject(value)) return change(value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mapLeaves(inner, change)]));
}

function differences(before: unknown, after: unknown, path: readonly string[] = []): string[] {
  if (isContainer(before) && isContainer(after)) {
    const others = after as Readonly<Record<string, unknown>>;
    return Object.entries(before).flatMap(([key, inner]) => differences(inner, others[key], [...path, key]));
  }
  return before === after ? [] : [path.join('.')];
}

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return isContainer(value) && !Array.isArray(value);
}
