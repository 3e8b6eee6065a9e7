import { z } from 'zod';
import { fieldIssues } from '../../domain/errors.ts';
import { isPlainText } from '../../domain/plain-text.ts';
import type { EntityScalar } from '../../workspace/entity-db.ts';
import { readCursor, type WrittenFor } from './entity-cursor.ts';
import { EntityError } from './entity-error.ts';
import { isScalar } from './entity-key.ts';
import type { EntityListing, EntityPlace, FieldOrder, FieldTest } from './entity-store.ts';

const TAKE_MAX = 100;
const TAKE_DEFAULT = 50;
const FIELDS_MAX = 10;
const ORDER_FIELDS_MAX = 3;
const IN_MAX = 100;
/** Below what of a text counts for its place: what is compared with is compared whole. */
const TEXT_MAX_BYTES = 500;

const FIELD = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;
const text = z
  .string()
  .refine((value) => Buffer.byteLength(value) <= TEXT_MAX_BYTES, `must be at most ${TEXT_MAX_BYTES} bytes`)
  .refine(isPlainText, 'must not hold NUL or half characters');
const scalar = z.union([text, z.number(), z.boolean()], { error: 'must be a text, a number or a boolean' });

const operators = z
  .strictObject({
    not: scalar.nullable(),
    in: z.array(scalar).max(IN_MAX),
    contains: text,
    startsWith: text,
    gt: scalar,
    gte: scalar,
    lt: scalar,
    lte: scalar,
  })
  .partial();

const querySchema = z.strictObject({
  where: byField(z.unknown(), FIELDS_MAX).optional(),
  orderBy: byField(z.enum(['asc', 'desc']).optional(), ORDER_FIELDS_MAX).optional(),
  take: z.number().int().min(1).max(TAKE_MAX).optional(),
  cursor: z.string().max(4_096).nullish(),
});

/** A page to be asked for: one more row than it holds shows whether another follows. */
export interface ReadQuery {
  readonly listing: EntityListing;
  readonly take: number;
  readonly writtenFor: WrittenFor;
}

/** Reads what was given to `findMany`. @throws EntityError that names what is wrong with it */
export function readQuery(place: EntityPlace, given: unknown): ReadQuery {
  const parsed = querySchema.safeParse(given ?? {});
  if (!parsed.success) throw new EntityError('findMany', fieldIssues(parsed.error.issues));
  const { where = {}, orderBy = {}, take = TAKE_DEFAULT, cursor } = parsed.data;
  const tests = Object.entries(where).flatMap(([name, test]) => readTests(name, test));
  const order = Object.entries(orderBy).flatMap(([name, direction]): FieldOrder[] =>
    direction === undefined ? [] : [{ field: name, direction }],
  );
  const writtenFor: WrittenFor = { place, tests, order };
  const after = cursor === null || cursor === undefined ? null : readCursor(cursor, writtenFor);
  return { listing: { tests, order, limit: take + 1, after }, take, writtenFor };
}

function byField<Schema extends z.ZodType>(schema: Schema, fieldsMax: number) {
  // A record leaves it out without a word, and a question that lost a condition would find too much.
  const whole = z.unknown().superRefine((fields, { addIssue }) => {
    if (typeof fields === 'object' && fields !== null && Object.hasOwn(fields, '__proto__')) {
      addIssue({ code: 'custom', path: ['__proto__'], message: 'is no plain name of a field' });
    }
  });
  const record = z.record(z.string(), schema).superRefine((fields, { addIssue }) => {
    const names = Object.keys(fields);
    if (names.length > fieldsMax) addIssue({ code: 'custom', message: `must name at most ${fieldsMax} fields` });
    for (const name of names) {
      if (!FIELD.test(name)) addIssue({ code: 'custom', path: [name], message: 'is no plain name of a field' });
    }
  });
  return whole.pipe(record);
}

function readTests(name: string, test: unknown): FieldTest[] {
  // As everywhere in JavaScript: what is undefined was not said.
  if (test === undefined) return [];
  if (test === null) return [{ field: name, op: 'equals', value: null }];
  if (isScalar(test)) return [{ field: name, op: 'equals', value: parse(scalar, name, test) }];
  const said = parse(operators, name, test);
  return Object.entries(said).flatMap(([op, value]) =>
    value === undefined ? [] : [toTest(name, op as keyof typeof said, value)],
  );
}

function toTest(name: string, op: keyof z.infer<typeof operators>, value: unknown): FieldTest {
  switch (op) {
    case 'not':
      return { field: name, op, value: value as EntityScalar | null };
    case 'in':
      return { field: name, op, values: value as EntityScalar[] };
    case 'contains':
    case 'startsWith':
      return { field: name, op, text: value as string };
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return { field: name, op, value: value as EntityScalar };
    default:
      throw new EntityError(`findMany: there is no ${op satisfies never}`);
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, name: string, value: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = fieldIssues(parsed.error.issues);
  throw new EntityError(
    'findMany',
    issues.map(({ path, reason }) => ({ path: ['where', name, path].filter(Boolean).join('.'), reason })),
  );
}
