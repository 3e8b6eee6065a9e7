import { asObject } from './body.ts';

/** More is no batch of any provider known; such a body would only keep everyone else waiting. */
export const BATCH_MAX_ITEMS = 5_000;
/** Far beyond any provider's, and within what every JSON reader an operator may use can follow. */
const NESTING_MAX_LEVELS = 500;

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** An element of a JSON array: what it says, and the bytes that say it. */
export interface JsonItem {
  readonly value: unknown;
  /** A part of the text, not a copy; without the whitespace around it. */
  readonly bytes: Buffer;
}

/**
 * The elements of a JSON text that is an array, or of the array under `key` of one that is an object; where a key comes
 * twice the last one counts, as for `JSON.parse`. Undefined for what is not JSON or not of that shape. At most
 * `BATCH_MAX_ITEMS` and one more, so that too many can be told from enough.
 */
export function jsonItems(text: Buffer, key?: string): readonly JsonItem[] | undefined {
  const parsed = parseJson(text);
  const array = key === undefined ? parsed : asObject(parsed)?.[key];
  if (!Array.isArray(array)) return undefined;
  const open = text.findIndex((byte) => byte === OPEN_ARRAY || byte === OPEN_OBJECT);
  const from = key === undefined ? open : members(text, open, key)?.at(-1)?.start;
  const spans = from === undefined ? undefined : children(text, from, BATCH_MAX_ITEMS + 1);
  return spans?.map(({ start, end }, at) => ({ value: array[at], bytes: text.subarray(start, end) }));
}

/** The bytes of a JSON object without the values of its own members of that name: a stand-in, and no JSON any more. */
export function cutMember(object: Buffer, key: string): Buffer {
  const kept: Buffer[] = [];
  let from = 0;
  for (const { start, end } of members(object, object.indexOf(OPEN_OBJECT), key) ?? []) {
    kept.push(object.subarray(from, start));
    from = end;
  }
  return from === 0 ? object : Buffer.concat([...kept, object.subarray(from)]);
}

/** A byte order mark is no JSON. Bytes that are no UTF-8 are read as U+FFFD, which moves no quote and no bracket. */
function parseJson(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString('utf8'));
  } catch {
    return undefined;
  }
}

interface Span {
  readonly start: number;
  readonly end: number;
  /** Of an object's member. */
  readonly key?: string;
}

const members = (text: Buffer, open: number, key: string): readonly Span[] | undefined =>
  children(text, open, Number.POSITIVE_INFINITY)?.filter((member) => member.key === key);

/**
 * The values within the array or object that opens at `open`, at most so many; undefined where they nest too deep. The
 * text is known to be JSON, so that only strings and brackets need to be told apart.
 */
function children(text: Buffer, open: number, most: number): readonly Span[] | undefined {
  const spans: Span[] = [];
  let level = 1;
  let start: number | undefined;
  let end = open;
  let key: string | undefined;
  const close = () => {
    if (start !== undefined) spans.push({ start, end, ...(key !== undefined && { key }) });
    start = undefined;
    key = undefined;
  };

  for (let at = open + 1; at < text.length && spans.length < most; at = Math.max(at + 1, end)) {
    const byte = text[at] as number;
    const own = level === 1;
    if (byte === COMMA && own) close();
    else if (byte === COLON && own) {
      key = String(parseJson(text.subarray(start, end)));
      start = undefined;
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
      level -= 1;
      if (level === 0) {
        close();
        return spans;
      }
      end = at + 1;
    } else if (!isSpace(byte)) {
      start ??= at;
      end = byte === QUOTE ? stringEnd(text, at) : at + 1;
      if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) level += 1;
      if (level > NESTING_MAX_LEVELS) return undefined;
    }
  }
  return spans;
}

function stringEnd(text: Buffer, open: number): number {
  let at = open + 1;
  while (at < text.length && text[at] !== QUOTE) at += text[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
