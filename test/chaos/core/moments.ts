/** Things that happen now and then, for whoever waits for the next one. */
export interface Moments<Name extends string> {
  /** Calls once, when it happens next; the returned function takes it back. */
  once(name: Name, call: () => void): () => void;
  tell(name: Name): void;
}

export function openMoments<Name extends string>(): Moments<Name> {
  const waiting = new Map<Name, Set<() => void>>();
  return {
    once(name, call) {
      const calls = waiting.get(name) ?? new Set();
      waiting.set(name, calls.add(call));
      return () => void calls.delete(call);
    },
    tell(name) {
      const calls = waiting.get(name);
      waiting.delete(name);
      for (const call of calls ?? []) call();
    },
  };
}

/** What those who use the system have just been told: from there on it must be true. */
export type Promised = 'accepted' | 'proposed';
