import type { ConnectorKv } from '@holdpoint/shared/workspace/connector-runner';

/** A connector's memory for one trial. Nothing expires: a trial is shorter than any time to live. */
export function createMemoryKv(): ConnectorKv {
  const held = new Map<string, string>();
  return {
    get: async (key) => held.get(key) ?? null,
    set: async (key, value) => void held.set(key, value),
    delete: async (key) => void held.delete(key),
    async compareAndSet(key, expected, value) {
      if ((held.get(key) ?? null) !== expected) return false;
      held.set(key, value);
      return true;
    },
  };
}
