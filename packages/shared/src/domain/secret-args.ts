export const MASK = '•••';

/** The arguments with what stands at the given dotted paths hidden; `*` stands for every item of a list. */
export function maskArgs<T>(args: T, paths: readonly string[]): T {
  return replaceSecrets(args, paths, () => MASK) as T;
}

/** A copy in which each value at one of the paths is what `replace` makes of it. */
export function replaceSecrets(
  args: unknown,
  paths: readonly string[],
  replace: (secret: unknown) => unknown,
): unknown {
  return paths.reduce<unknown>((replaced, path) => replaceAt(replaced, path.split('.'), replace), args);
}

function replaceAt(value: unknown, [head, ...rest]: readonly string[], replace: (secret: unknown) => unknown): unknown {
  if (head === undefined) return replace(value);
  if (Array.isArray(value)) {
    return value.map((inner, index) =>
      head === '*' || head === String(index) ? replaceAt(inner, rest, replace) : inner,
    );
  }
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, head)) return value;
  return { ...value, [head]: replaceAt((value as Record<string, unknown>)[head], rest, replace) };
}

/** Shorter ones stand in ordinary words too, and masking them would only make those unreadable. */
const SECRET_MIN_LENGTH = 4;

/** Looked for one by one in every text; where there are more, the text is hidden whole. */
const SECRETS_MAX = 1_000;

/** Replaces every secret of a call wherever it turns up: in its arguments' secret places, and the credentials it was given. */
export function createScrubber(
  args: unknown,
  paths: readonly string[],
  credentials: readonly string[],
): (text: string) => string {
  const found = [...credentials, ...paths.flatMap((path) => textsAt(args, path.split('.')))];
  const secrets = [...new Set(found.flatMap(asWritten))]
    .filter((text) => text.length >= SECRET_MIN_LENGTH)
    .sort((a, b) => b.length - a.length);
  if (secrets.length === 0) return (text) => text;
  if (secrets.length > SECRETS_MAX) return () => MASK;
  return (text) => secrets.reduce((scrubbed, secret) => scrubbed.replaceAll(secret, MASK), text);
}

/** As it is, and as it stands inside JSON, where a quote or a line break reads otherwise. */
function asWritten(secret: string): string[] {
  return [secret, JSON.stringify(secret).slice(1, -1)];
}

function textsAt(value: unknown, [head, ...rest]: readonly string[]): string[] {
  if (head === undefined) return textsIn(value);
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value) && head === '*') return value.flatMap((inner) => textsAt(inner, rest));
  return Object.hasOwn(value, head) ? textsAt((value as Record<string, unknown>)[head], rest) : [];
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
