import type { StandardSchemaV1 } from '@standard-schema/spec';
import { z } from 'zod';

/** A kind of thing in a connector's remote system that is kept as a queryable cache: `entities.orders` of `tools.ts`. */
export interface EntityDeclaration {
  /** Of one entity's data: an object, at most 32 KiB of JSON. Synchronous. */
  readonly schema: StandardSchemaV1;
  /** The field that identifies it, a text or a whole number; `id` unless told. */
  readonly key?: string;
  /** The field that grows with every change: a number, or an RFC 3339 time. Absent: what comes last stands. */
  readonly version?: string;
  /** Fields, or lists of fields, that it is looked up and ordered by. */
  readonly indexes?: readonly (string | readonly string[])[];
  /** How long it is kept after it was last heard of; 90 unless told. */
  readonly keepDays?: number;
}

/**
 * Which entity of its connector a tool's action is about: `{ name: 'orders', id: 'order_id' }`, or, where several arguments
 * make up its id, `{ name: 'issues', id: '{owner}/{repo}#{number}' }`.
 */
export interface EntityReference {
  /** As `entities` declares it. */
  readonly name: string;
  /** The path within the arguments where its id stands; or its id, with such paths in braces. */
  readonly id: string;
  /** Ids are kept in lower case, since the remote system tells no capitals apart. */
  readonly lowerCase?: boolean;
}

/** What was known of an action's entity when it was decided, as policies see it. */
export interface EntitySnapshot {
  readonly connector: string;
  readonly name: string;
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** As its connector declares it; null where it declares none. */
  readonly version: string | null;
  /** RFC 3339: when it was last heard of. */
  readonly seenAt: string;
}

/** What is known of the entities of one plan's lines, as policies are shown it; the rest is not shown, and its lines are blocked. */
export const SNAPSHOTS_MAX_BYTES = 512 * 1024;
const ID_MAX_CHARS = 255;

/** As records and the wire carry it. */
export const entitySnapshotSchema = z.object({
  connector: z.string(),
  name: z.string(),
  id: z.string(),
  data: z.record(z.string(), z.unknown()),
  version: z.string().nullable(),
  seenAt: z.string(),
});

/** The id of the entity that arguments are about, of texts and whole numbers. Null where one of them is not there. */
export function entityIdIn(args: unknown, { id: path, lowerCase = false }: EntityReference): string | null {
  const id = path.includes('{') ? filledIn(args, path) : textAt(args, path);
  if (id === null || id === '' || id.length > ID_MAX_CHARS) return null;
  return lowerCase ? id.toLowerCase() : id;
}

function filledIn(args: unknown, template: string): string | null {
  let whole = true;
  const id = template.replace(/\{([^{}]*)\}/g, (_, path: string) => {
    const text = textAt(args, path);
    if (!text) whole = false;
    return text ?? '';
  });
  return whole ? id : null;
}

function textAt(args: unknown, path: string): string | null {
  let found = args;
  for (const key of path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return null;
    found = (found as Readonly<Record<string, unknown>>)[key];
  }
  if (typeof found === 'number') return Number.isSafeInteger(found) ? String(found) : null;
  if (typeof found !== 'string') return null;
  // What Postgres cannot hold is nobody's id.
  return found.isWellFormed() && !found.includes('\0') ? found : null;
}

/** connector → entity → what is declared of it. Entities are looked up by own properties only. */
export type EntityCatalog = ReadonlyMap<string, Readonly<Record<string, EntityDeclaration>>>;
