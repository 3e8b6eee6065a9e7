import { type RawBuilder, sql } from 'kysely';
import type { FieldOrder } from './entity-store.ts';

/** A field that orders, and where in it the page before ended. What has no value comes last. */
export interface Ordered extends FieldOrder {
  readonly nullable: boolean;
  readonly after: Buffer | null;
}

/** As declared indexes hold it: see `entity-indexes.ts`. */
export function fieldKey(field: string): RawBuilder<Buffer | null> {
  return sql`entity_key(data -> ${sql.lit(field)})`;
}

/** What comes behind a position: never a number of rows to pass over, which others change meanwhile. */
export function afterPosition(
  ordered: readonly Ordered[],
  id: { readonly direction: 'asc' | 'desc'; readonly after: string },
): RawBuilder<unknown> {
  const [first, ...rest] = ordered;
  const behindId = sql`id ${beyond(id.direction)} ${id.after}`;
  if (!first) return behindId;
  const key = fieldKey(first.field);
  if (rest.length === 0 && !first.nullable && first.direction === id.direction) {
    return sql`(${key}, id) ${beyond(id.direction)} (${first.after}, ${id.after})`;
  }
  const behind = [...ordered].reduceRight<RawBuilder<unknown>>((inner, one) => behindOrAlike(one, inner), behindId);
  // Implied by the rest; an index can begin there.
  const begins = first.nullable
    ? sql`true`
    : sql`${key} ${sql.raw(first.direction === 'asc' ? '>=' : '<=')} ${first.after}`;
  return sql`${begins} AND ${behind}`;
}

function behindOrAlike(
  { field, direction, nullable, after }: Ordered,
  inner: RawBuilder<unknown>,
): RawBuilder<unknown> {
  const key = fieldKey(field);
  if (after === null) return sql`(${key} IS NULL AND ${inner})`;
  const behind = nullable
    ? sql`(${key} ${beyond(direction)} ${after} OR ${key} IS NULL)`
    : sql`${key} ${beyond(direction)} ${after}`;
  return sql`(${behind} OR (${key} = ${after} AND ${inner}))`;
}

const beyond = (direction: 'asc' | 'desc') => sql.raw(direction === 'asc' ? '>' : '<');
