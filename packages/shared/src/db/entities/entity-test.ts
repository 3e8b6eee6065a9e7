import { type RawBuilder, sql } from 'kysely';
import type { EntityScalar } from '../../workspace/entity-db.ts';
import { entityKey, typeRange } from './entity-key.ts';
import { fieldKey } from './entity-order.ts';
import type { Comparison, FieldTest } from './entity-store.ts';

/** What must hold of one field, over the key that its index holds. */
export function testSql(test: FieldTest): RawBuilder<unknown> {
  const key = fieldKey(test.field);
  switch (test.op) {
    case 'equals':
      return test.value === null ? sql`${key} IS NULL` : sql`${key} = ${entityKey(test.value)}`;
    case 'not':
      return test.value === null
        ? sql`${key} IS NOT NULL`
        : sql`${key} IS DISTINCT FROM ${entityKey(test.value)}::bytea`;
    case 'in':
      return test.values.length === 0 ? sql`false` : sql`${key} IN (${sql.join(test.values.map(entityKey))})`;
    case 'contains':
      return sql`jsonb_typeof(data -> ${sql.lit(test.field)}) = 'string'
        AND strpos((data ->> ${sql.lit(test.field)}) COLLATE "C", ${test.text}) > 0`;
    case 'startsWith':
      return startsWith(key, test.text);
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return compared(key, test.op, test.value);
    default:
      return test satisfies never;
  }
}

const SIGNS = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const satisfies Record<Comparison, string>;

/** Within the value's JSON type. */
function compared(key: RawBuilder<unknown>, op: Comparison, value: EntityScalar): RawBuilder<unknown> {
  const { from, before } = typeRange(value);
  const end = op === 'gt' || op === 'gte' ? sql`${key} < ${before}` : sql`${key} >= ${from}`;
  return sql`${key} ${sql.raw(SIGNS[op])} ${entityKey(value)} AND ${end}`;
}

/** From the text on to before the first that does not begin with it: no byte of UTF-8 is the last one. */
function startsWith(key: RawBuilder<unknown>, text: string): RawBuilder<unknown> {
  const from = entityKey(text) as Buffer;
  const before = Buffer.from(from);
  before.writeUInt8(before.readUInt8(before.length - 1) + 1, before.length - 1);
  return sql`${key} >= ${from} AND ${key} < ${before}`;
}
