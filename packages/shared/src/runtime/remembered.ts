import type { SteadyClock } from './clock.ts';

export interface Remembered<T> {
  /** What the store says of this key, now or at most `ttlMs` ago. A lookup that fails is not remembered. */
  (key: string): Promise<T | undefined>;
  /** Asks the store again next time. */
  forget(key: string): void;
}

export interface RememberOptions<T> {
  find(key: string): Promise<T | undefined>;
  readonly ttlMs: number;
  readonly entriesMax: number;
  readonly elapsedMs: SteadyClock;
}

/** Remembers for a while what was found, and that nothing was. The latter in a memory of its own, so that guesses never push out what is there. */
export function remember<T>({ find, ttlMs, entriesMax, elapsedMs }: RememberOptions<T>): Remembered<T> {
  interface Entry {
    readonly value: T | undefined;
    readonly until: number;
  }
  const known = new Map<string, Entry>();
  const unknown = new Map<string, Entry>();
  const lookups = new Map<string, Promise<T | undefined>>();

  function keep(key: string, value: T | undefined): void {
    const memory = value === undefined ? unknown : known;
    memory.delete(key);
    memory.set(key, { value, until: elapsedMs() + ttlMs });
    const oldest = memory.keys().next().value;
    if (memory.size > entriesMax && oldest !== undefined) memory.delete(oldest);
  }

  function lookUp(key: string): Promise<T | undefined> {
    const lookup: Promise<T | undefined> = find(key)
      .then((value) => {
        // Forgotten meanwhile: what was read may be what has just ended.
        if (lookups.get(key) === lookup) keep(key, value);
        return value;
      })
      .finally(() => {
        if (lookups.get(key) === lookup) lookups.delete(key);
      });
    lookups.set(key, lookup);
    return lookup;
  }

  const remembered = async (key: string): Promise<T | undefined> => {
    const entry = known.get(key) ?? unknown.get(key);
    if (entry && entry.until > elapsedMs()) return entry.value;
    known.delete(key);
    unknown.delete(key);
    return lookups.get(key) ?? lookUp(key);
  };
  return Object.assign(remembered, {
    forget(key: string) {
      known.delete(key);
      unknown.delete(key);
      lookups.delete(key);
    },
  });
}
