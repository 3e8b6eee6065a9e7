import type { Database } from '@holdpoint/shared/db/schema/index';
import type { ConnectorKv } from '@holdpoint/shared/workspace/connector-runner';
import type { Kysely } from 'kysely';
import { deleteKv, getKv, setKv } from '../store/connector-kv.ts';
import { outsideConnector } from './connector-scope.ts';

const KEY_MAX_LENGTH = 255;
const VALUE_MAX_BYTES = 64 * 1024;
const TTL_DEFAULT_SECONDS = 30 * 24 * 3600;
const TTL_MAX_SECONDS = 366 * 24 * 3600;

/** A connector's small memory in one tenant. A key or value outside its limits is the connector's mistake and throws. */
export function createConnectorKv(db: Kysely<Database>, tenant: string, connector: string): ConnectorKv {
  const named = (key: string) => {
    if (typeof key !== 'string' || key.length === 0 || key.length > KEY_MAX_LENGTH || key.includes('\0')) {
      throw new RangeError(`a key has 1–${KEY_MAX_LENGTH} characters, and no NUL`);
    }
    return { tenant, connector, key };
  };
  return {
    get: async (key) => outsideConnector(() => getKv(db, named(key))),
    async set(key, value, { ttlSeconds = TTL_DEFAULT_SECONDS } = {}) {
      if (typeof value !== 'string' || Buffer.byteLength(value) > VALUE_MAX_BYTES || value.includes('\0')) {
        throw new RangeError(`a value is text of at most ${VALUE_MAX_BYTES} bytes, and no NUL`);
      }
      const seconds = Math.min(TTL_MAX_SECONDS, Math.max(1, Math.ceil(ttlSeconds)));
      await outsideConnector(() => setKv(db, named(key), value, seconds));
    },
    delete: async (key) => outsideConnector(() => deleteKv(db, named(key))),
  };
}
