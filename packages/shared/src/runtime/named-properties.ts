/** Asked for by whoever looks at an object, not by its author. */
const ASKED_OF_ALL: ReadonlySet<string> = new Set(['then', 'toJSON', 'constructor']);

/** An object of these names alone, each made when it is asked for. Another name throws what `strange` makes of it. */
export function namedProperties<T>(
  names: readonly string[],
  make: (name: string) => T,
  strange: (name: string) => Error,
): Readonly<Record<string, T>> {
  const known = new Set(names);
  return new Proxy<Record<string, T>>(Object.create(null), {
    get(_, name) {
      if (typeof name === 'symbol') return undefined;
      if (known.has(name)) return make(name);
      if (ASKED_OF_ALL.has(name)) return undefined;
      throw strange(name);
    },
    has: (_, name) => typeof name === 'string' && known.has(name),
    set: () => false,
  });
}
