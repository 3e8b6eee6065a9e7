import { outsideConnector } from '@holdpoint/calls/connector-scope';
import type { Database } from '@holdpoint/shared/db/schema/index';
import type { ConnectorKv } from '@holdpoint/shared/workspace/connector-runner';
import type { Kysely } from 'kysely';
import { addKv, deleteKv, getKv, type KvName, replaceKv, replaceKvIf } from '../store/connector-kv.ts';

const KEY_MAX_LENGTH = 255;
const VALUE_MAX_BYTES = 64 * 1024;
const TTL_DEFAULT_SECONDS = 30 * 24 * 3600;
const TTL_MAX_SECONDS = 366 * 24 * 3600;
/** Of one connector in one tenant. */
export const ENTRIES_MAX = 10_000;
/** Between a look that found the entry and an add that did not, or the other way round, it may come and go. */
const TURNS_MAX = 10;

/**
 * A connector's small memory in one tenant. A key or value outside its limits is the connector's mistake and throws, as does
 * one entry too many.
 */
export function createConnectorKv(
  db: Kysely<Database>,
  tenant: string,
  connector: string,
  entriesMax: number = ENTRIES_MAX,
): ConnectorKv {
  const named = (key: string): KvName => ({ tenant, connector, key: checkedKey(key) });

  async function add(name: KvName, value: string, ttlSeconds: number): Promise<boolean> {
    const done = await addKv(db, name, value, { ttlSeconds, entriesMax });
    if (done === 'full') throw new RangeError(`${connector} remembers ${entriesMax} entries in ${tenant}, and no more`);
    return done === 'added';
  }

  async function put(name: KvName, value: string, ttlSeconds: number): Promise<void> {
    for (let turn = 1; turn <= TURNS_MAX; turn += 1) {
      if (await replaceKv(db, name, value, ttlSeconds)) return;
      if (await add(name, value, ttlSeconds)) return;
    }
    throw new Error(`the entry changed ${TURNS_MAX} times while it was set`);
  }

  return {
    get: async (key) => outsideConnector(() => getKv(db, named(key))),
    set: async (key, value, options) =>
      outsideConnector(() => put(named(key), checkedValue(value), secondsOf(options?.ttlSeconds))),
    delete: async (key) => outsideConnector(() => deleteKv(db, named(key))),
    compareAndSet: async (key, expected, value, options) =>
      outsideConnector(() => {
        const name = named(key);
        const seconds = secondsOf(options?.ttlSeconds);
        return expected === null
          ? add(name, checkedValue(value), seconds)
          : replaceKvIf(db, name, checkedValue(expected), checkedValue(value), seconds);
      }),
  };
}

function checkedKey(key: string): string {
  if (typeof key === 'string' && key.length > 0 && key.length <= KEY_MAX_LENGTH && isStorable(key)) return key;
  throw new RangeError(`a key has 1–${KEY_MAX_LENGTH} characters, and no NUL`);
}

function checkedValue(value: string): string {
  if (typeof value === 'string' && Buffer.byteLength(value) <= VALUE_MAX_BYTES && isStorable(value)) return value;
  throw new RangeError(`a value is text of at most ${VALUE_MAX_BYTES} bytes, and no NUL`);
}

/** Half a character, too, would come back as another. */
function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

function secondsOf(ttlSeconds: number = TTL_DEFAULT_SECONDS): number {
  if (!Number.isFinite(ttlSeconds)) throw new RangeError('ttlSeconds is a number');
  return Math.min(TTL_MAX_SECONDS, Math.max(1, Math.ceil(ttlSeconds)));
}
