import { createHash } from 'node:crypto';
import { calledUrl } from '../called-url.ts';
import type { SignedDelivery } from '../provider.ts';

/** What a template may name. The body's digests stand for the body. */
const PLACEHOLDERS = [
  'timestamp',
  'id',
  'method',
  'url',
  'body',
  'body.base64',
  'body.sha256.hex',
  'body.sha256.base64',
] as const;
export type Placeholder = (typeof PLACEHOLDERS)[number];

/** The text that is signed, taken apart once; which header each value comes from is the options' to say. */
export interface SignedText {
  readonly covers: ReadonlySet<Placeholder>;
  readonly parts: readonly Part[];
}

type Part =
  | { readonly kind: 'literal'; readonly bytes: Buffer }
  | { readonly kind: Exclude<Placeholder, 'id' | 'url'> }
  /** Of any length and of the sender's choice: it may not hold the character that ends it, or starts it behind the body. */
  | { readonly kind: 'id' | 'url'; readonly border: string };

/** The values of one delivery that a template can name. */
export interface SignedValues {
  readonly timestamp: string;
  readonly id: string;
}

/** Parses a template such as `v0:{timestamp}:{body}`, or says what is wrong with it. */
export function parseSignedText(template: string): SignedText | string {
  const pieces = template.split(/\{([^{}]*)\}/);
  const names = pieces.filter((_, at) => at % 2 === 1);
  const literals = pieces.filter((_, at) => at % 2 === 0);
  if (!/^[\x20-\x7e\t\r\n]*$/.test(template)) return 'must be ASCII';
  const fault = faultOfNames(names, literals) ?? faultOfOrder(names as Placeholder[], literals);
  if (fault !== undefined) return fault;
  const bodyAt = names.findIndex(isBody);
  const parts = pieces.flatMap((piece, at): Part[] => {
    if (at % 2 === 0) return piece === '' ? [] : [{ kind: 'literal', bytes: Buffer.from(piece) }];
    const kind = piece as Placeholder;
    if (kind !== 'id' && kind !== 'url') return [{ kind }];
    const border = (at - 1) / 2 < bodyAt ? pieces[at + 1]?.charAt(0) : pieces[at - 1]?.at(-1);
    return [{ kind, border: border ?? '' }];
  });
  return { covers: new Set(names as Placeholder[]), parts };
}

/**
 * The parts to sign one after another; undefined where a value holds what divides it from the next, so that the same
 * signature would fit other values too. A text is a header's: Node reads those as Latin-1. The body is not copied.
 */
export function fillSignedText(
  { parts }: SignedText,
  delivery: SignedDelivery,
  values: SignedValues,
): (string | Buffer)[] | undefined {
  const filled: (string | Buffer)[] = [];
  for (const part of parts) {
    if (part.kind === 'literal') filled.push(part.bytes);
    else if (part.kind === 'id') {
      if (values.id.includes(part.border)) return undefined;
      filled.push(values.id);
    } else if (part.kind === 'url') {
      const url = calledUrl(delivery);
      // The receiver knows the URL, but for the query that came: without a border nothing may stand there.
      if (url !== delivery.url && delivery.query.includes(part.border)) return undefined;
      filled.push(Buffer.from(url));
    } else filled.push(fixedPart(part.kind, delivery, values));
  }
  return filled;
}

function fixedPart(
  kind: Exclude<Placeholder, 'id' | 'url'>,
  { method, rawBody }: SignedDelivery,
  { timestamp }: SignedValues,
): string | Buffer {
  switch (kind) {
    case 'timestamp':
      return timestamp;
    case 'method':
      return method;
    case 'body':
      return rawBody;
    case 'body.base64':
      return rawBody.toString('base64');
    case 'body.sha256.hex':
      return createHash('sha256').update(rawBody).digest('hex');
    case 'body.sha256.base64':
      return createHash('sha256').update(rawBody).digest('base64');
    default:
      return kind satisfies never;
  }
}

function faultOfNames(names: readonly string[], literals: readonly string[]): string | undefined {
  const strange = names.find((name) => !(PLACEHOLDERS as readonly string[]).includes(name));
  if (strange !== undefined) {
    return `{${strange}} is unknown; known are ${PLACEHOLDERS.map((name) => `{${name}}`).join(', ')}`;
  }
  if (literals.some((text) => /[{}]/.test(text))) return 'a brace stands alone';
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) return `{${twice}} stands twice`;
  const bodies = names.filter(isBody).length;
  if (bodies === 0)
    return 'must hold {body} or a digest of it: a signature that does not cover the body proves nothing of it';
  return bodies === 1 ? undefined : 'holds the body more than once';
}

/**
 * Where two parts of any length meet, bytes can move from one to the other under the same signature. A time is held to the
 * tolerance and so of one length, a method is the endpoint's, a digest is of one length; of the URL the receiver knows all
 * but the query, which is refused where no separator ends it.
 */
function faultOfOrder(names: readonly Placeholder[], literals: readonly string[]): string | undefined {
  const bodyAt = names.findIndex(isBody);
  const idAt = names.indexOf('id');
  if (idAt < 0) return undefined;
  // Read from its start up to the body, and from its end back to it, an id ends at the separator that follows.
  const [separator, neighbour] =
    idAt < bodyAt ? [literals[idAt + 1], names[idAt + 1]] : [literals[idAt], names[idAt - 1]];
  if (separator) return undefined;
  return `{id} and {${neighbour}} stand side by side: the same signature would fit another id with another rest; put a separator between them`;
}

const isBody = (name: string): boolean => name.startsWith('body');
