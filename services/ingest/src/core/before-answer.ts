import { describeError, printable } from '@holdpoint/policy/decide/printable';
import { encodeHeaderValue, isAnnotationName } from '@holdpoint/shared/messages/event-message';

/** Of one event, by all of its hooks together. */
export const ANNOTATIONS_MAX = 10;
export const ANNOTATION_MAX_CHARS = 256;
/** As they stand in the headers, names included. */
export const ANNOTATIONS_MAX_BYTES = 4 * 1024;

export type Annotated = Readonly<Record<string, string>>;

/** A `before` hook's answer, understood. */
export type BeforeVerdict =
  | { readonly kind: 'pass'; readonly annotations: Annotated }
  | { readonly kind: 'filter' | 'reject'; readonly reason: string }
  /** No answer at all, or none that is one. */
  | { readonly kind: 'invalid'; readonly reason: string };

/** What a hook said; anything may have been returned, and reading it may run the author's code. */
export function readBeforeAnswer(answer: unknown): BeforeVerdict {
  try {
    if (answer === 'pass') return { kind: 'pass', annotations: {} };
    if (typeof answer !== 'object' || answer === null) return invalid('answered neither pass, filter nor reject');
    return readObject({ ...answer });
  } catch (error) {
    return invalid(`its answer cannot be read: ${describeError(error)}`);
  }
}

/** The words of which an answer says one, each with what may stand beside it. */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  pass: ['annotations'],
  filter: [],
  reject: [],
  // What the answer of an older kind of hook has besides. Nothing of it is read: an event never changes.
  continue: ['ctx', 'args'],
};

function readObject(answer: Readonly<Record<string, unknown>>): BeforeVerdict {
  const keys = Object.keys(answer);
  const words = keys.filter((key) => Object.hasOwn(BESIDE, key));
  const [word] = words;
  if (word === undefined || words.length > 1) return invalid('answered not exactly one of pass, filter and reject');
  const stranger = keys.find((key) => key !== word && !BESIDE[word]?.includes(key));
  if (stranger !== undefined) return invalid(`answered ${word} with an unknown ${printable(stranger, 40)}`);
  const value = answer[word];
  if (word === 'filter' || word === 'reject') {
    if (typeof value !== 'string' || value.trim() === '') return invalid(`${word} wants a reason`);
    return { kind: word, reason: printable(value) };
  }
  if (word === 'continue') {
    if (typeof value !== 'boolean') return invalid('continue wants true or false');
    return value ? { kind: 'pass', annotations: {} } : { kind: 'filter', reason: 'continue: false' };
  }
  return value === true ? readAnnotations(answer.annotations) : invalid('pass wants true');
}

function readAnnotations(written: unknown): BeforeVerdict {
  if (written === undefined) return { kind: 'pass', annotations: {} };
  if (typeof written !== 'object' || written === null) return invalid('annotations want names and values');
  const annotations: Record<string, string> = {};
  for (const [name, value] of Object.entries(written)) {
    if (!isAnnotationName(name)) return invalid(`${printable(name, 40)} is no name for an annotation`);
    if (!['string', 'number', 'boolean'].includes(typeof value)) return invalid(`the annotation ${name} is no text`);
    const text = String(value);
    if (text.length === 0 || text.length > ANNOTATION_MAX_CHARS || /\p{Cc}/u.test(text) || !text.isWellFormed()) {
      return invalid(`the annotation ${name} must be 1–${ANNOTATION_MAX_CHARS} printable characters`);
    }
    annotations[name] = text;
  }
  return { kind: 'pass', annotations };
}

/**
 * What earlier hooks said and what this one adds: the first to use a name keeps it, so that enrichment never overwrites what
 * validation said. Undefined where it is too much.
 */
export function mergeAnnotations(known: Annotated, added: Annotated): Annotated | undefined {
  const merged = { ...added, ...known };
  const entries = Object.entries(merged);
  const bytes = entries.reduce((sum, [name, value]) => sum + name.length + encodeHeaderValue(value).length, 0);
  return entries.length <= ANNOTATIONS_MAX && bytes <= ANNOTATIONS_MAX_BYTES ? merged : undefined;
}

const invalid = (reason: string): BeforeVerdict => ({ kind: 'invalid', reason });
