import { hash } from 'node:crypto';
import { z } from 'zod';
import { isPlainText } from '../../domain/plain-text.ts';
import type { EntityData } from '../../workspace/entity-db.ts';
import { EntityError } from './entity-error.ts';
import { entityKey } from './entity-key.ts';
import type { EntityListing, EntityPlace, EntityPosition, EntityRow } from './entity-store.ts';

/** The question that a cursor belongs to. How many are taken may differ from page to page. */
export type WrittenFor = Pick<EntityListing, 'tests' | 'order'> & { readonly place: EntityPlace };

/** Anyone can write one: what Postgres could not hold is no id. */
const cursorSchema = z.tuple([z.string(), z.array(z.base64().nullable()), z.string().refine(isPlainText)]);

/** Where a page ended, opaque: `next` of it. */
export function writeCursor({ id, data }: EntityRow, writtenFor: WrittenFor): string {
  const keys = writtenFor.order.map(({ field }) => entityKey(own(data, field))?.toString('base64') ?? null);
  return Buffer.from(JSON.stringify([questionOf(writtenFor), keys, id])).toString('base64url');
}

/** @throws EntityError for one of another question */
export function readCursor(cursor: string, writtenFor: WrittenFor): EntityPosition {
  const [question, keys, id] = parsed(cursor);
  if (question !== questionOf(writtenFor) || keys.length !== writtenFor.order.length) {
    throw new EntityError('findMany: cursor: belongs to another where or orderBy');
  }
  return { id, keys: keys.map((key) => (key === null ? null : Buffer.from(key, 'base64'))) };
}

function parsed(cursor: string): z.infer<typeof cursorSchema> {
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch {
    throw new EntityError('findMany: cursor: is not one of ours');
  }
}

function questionOf({ place: { tenant, connector, entity }, tests, order }: WrittenFor): string {
  return hash('sha256', JSON.stringify([tenant, connector, entity, tests, order]), 'base64url').slice(0, 22);
}

const own = (data: EntityData, field: string): unknown => (Object.hasOwn(data, field) ? data[field] : undefined);
