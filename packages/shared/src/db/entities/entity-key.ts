import type { EntityScalar } from '../../workspace/entity-db.ts';

/** Of a text so many bytes count for its place in an order; `entity_key` of migration 0015 cuts there too. */
const TEXT_MAX_BYTES = 512;

/** The first byte of a key: values of different JSON types never mix. */
const TAGS = { boolean: 1, number: 2, string: 3 } as const;
const NO_SCALAR = Buffer.from([4]);

/** A value as bytes that compare as the values do: exactly what the SQL function `entity_key` gives. Null: it has no value. */
export function entityKey(value: unknown): Buffer | null {
  if (value === null || value === undefined) return null;
  return isScalar(value) ? scalarKey(value) : NO_SCALAR;
}

/** From the first of a JSON type's keys to before the first of the next. */
export function typeRange(value: EntityScalar): { readonly from: Buffer; readonly before: Buffer } {
  const tag = TAGS[typeof value as keyof typeof TAGS];
  return { from: Buffer.from([tag]), before: Buffer.from([tag + 1]) };
}

export function isScalar(value: unknown): value is EntityScalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function scalarKey(value: EntityScalar): Buffer {
  const { from: tag } = typeRange(value);
  if (typeof value === 'boolean') return Buffer.concat([tag, Buffer.from([value ? 1 : 0])]);
  if (typeof value === 'number') return Buffer.concat([tag, doubleKey(value)]);
  return Buffer.concat([tag, Buffer.from(value).subarray(0, TEXT_MAX_BYTES)]);
}

/** The bits of a double grow with it once the sign of a positive one, or all bits of a negative one, are turned over. */
function doubleKey(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  // JSON knows no negative zero.
  bytes.writeDoubleBE(value === 0 ? 0 : value);
  const bits = bytes.readBigUInt64BE();
  const sign = 1n << 63n;
  bytes.writeBigUInt64BE(bits & sign ? bits ^ ((1n << 64n) - 1n) : bits | sign);
  return bytes;
}
