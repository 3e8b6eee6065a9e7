import { z } from 'zod';
import { ALGORITHMS, type Algorithm } from './verification-key.ts';

const TOLERANCE_DEFAULT_SECONDS = 300;

const headerSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/, 'must be the name of a header')
  .transform((name) => name.toLowerCase());
const pathSchema = z
  .string()
  .max(200)
  .regex(/^[^.]+(\.[^.]+){0,7}$/, 'must be a path into the JSON body, such as data.object.id')
  .transform((path) => path.split('.'));
const fieldSchema = z.string().regex(/^[A-Za-z0-9_-]{1,32}$/, 'must be the name of a field');

const exactlyOne = (names: readonly string[]) => (place: Readonly<Record<string, unknown>>) =>
  names.filter((name) => place[name] !== undefined).length === 1;

/** Where a value stands. */
const placeSchema = z
  .strictObject({ header: headerSchema.optional(), body: pathSchema.optional() })
  .refine(exactlyOne(['header', 'body']), "must say where: { header: 'x-name' } or { body: 'path.to.it' }");
export type Place = z.infer<typeof placeSchema>;

const timestampSchema = z
  .strictObject({
    header: headerSchema.optional(),
    /** Of the signature header, where that is made of `name=value`. */
    field: fieldSchema.optional(),
    body: pathSchema.optional(),
    /** Since the epoch, or the text of a second in UTC: 2026-09-21T14:13:20Z. */
    unit: z.enum(['s', 'ms', 'rfc3339']).default('s'),
    toleranceSeconds: z.int().min(1).max(86_400).default(TOLERANCE_DEFAULT_SECONDS),
  })
  .refine(
    exactlyOne(['header', 'field', 'body']),
    "must say where: { header: 'x-name' }, { field: 't' } or { body: 'path.to.it' }",
  );

const SEPARATOR_OF_FIELDS = ',';

/** What the `options` of a `generic` source may say. */
export const genericOptionsSchema = z
  .strictObject({
    algorithm: z.enum(Object.keys(ALGORITHMS) as [Algorithm, ...Algorithm[]]),
    encoding: z.enum(['hex', 'base64', 'base64url']),
    /** The one that holds the signature. */
    header: headerSchema,
    /** What each signature begins with. In a list, what begins otherwise is of another scheme and passed over. */
    prefix: z.string().max(32).default(''),
    /** Divides the signatures of a list, or the fields. */
    separator: z.string().min(1).max(4).optional(),
    /** The header is made of `name=value`, and this is the name of a signature. */
    field: fieldSchema.optional(),
    /** What is signed. */
    sign: z.string().max(200).default('{body}'),
    timestamp: timestampSchema.optional(),
    id: placeSchema.optional(),
    type: placeSchema.optional(),
    time: placeSchema.optional(),
    subject: placeSchema.optional(),
    secretEncoding: z.enum(['utf8', 'hex', 'base64']).default('utf8'),
    /** Not a part of the key. */
    secretPrefix: z.string().max(32).default(''),
    /** How an ECDSA signature writes its two numbers. */
    signatureFormat: z.enum(['der', 'ieee-p1363']).default('der'),
  })
  .superRefine((options, ctx) => {
    const issue = (path: string, message: string) => ctx.addIssue({ code: 'custom', path: path.split('.'), message });
    if (options.timestamp?.field !== undefined && options.field === undefined) {
      issue('timestamp.field', 'the signature header has fields only where `field` names that of the signature');
    }
    if (options.timestamp?.field !== undefined && options.timestamp.field === options.field) {
      issue('timestamp.field', 'is the field of the signature');
    }
    for (const name of ['timestamp', 'id', 'type', 'time', 'subject'] as const) {
      if (options[name]?.header === options.header) issue(`${name}.header`, 'is the header of the signature');
    }
  })
  .transform((options) => ({
    ...options,
    separator: options.separator ?? (options.field === undefined ? undefined : SEPARATOR_OF_FIELDS),
  }));
export type GenericOptions = z.infer<typeof genericOptionsSchema>;
