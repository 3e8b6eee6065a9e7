import { plainText } from '../../domain/plain-text.ts';
import type { EntityData } from '../../workspace/entity-db.ts';
import { EntityError } from './entity-error.ts';

export const DATA_MAX_BYTES = 32 * 1024;
const DEPTH_MAX = 32;

/** What a schema gave, as the JSON that is stored. @throws EntityError where it is no object, or too large */
export function plainObject(value: unknown): EntityData {
  const text = typeof value === 'object' && value !== null && !Array.isArray(value) ? toJson(value) : undefined;
  if (text === undefined) throw new EntityError('upsert: what the schema gives must be an object');
  if (Buffer.byteLength(text) > DATA_MAX_BYTES) throw new TooLarge();
  return storable(JSON.parse(text), 0) as EntityData;
}

export class TooLarge extends EntityError {
  constructor() {
    super(`upsert: an entity has at most ${DATA_MAX_BYTES} bytes of JSON`);
  }
}

function toJson(value: object): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw new EntityError(`upsert: what the schema gives is no JSON: ${(error as Error).message}`);
  }
}

/** Postgres refuses NUL and lone surrogates: they are replaced, as in results. */
function storable(value: unknown, depth: number): unknown {
  if (depth > DEPTH_MAX) throw new EntityError(`upsert: an entity nests at most ${DEPTH_MAX} deep`);
  if (typeof value === 'string') return plainText(value);
  if (Array.isArray(value)) return value.map((inner) => storable(inner, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [plainText(name), storable(inner, depth + 1)]),
  );
}
