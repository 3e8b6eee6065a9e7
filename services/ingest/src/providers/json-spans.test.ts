import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BATCH_MAX_ITEMS, cutMember, jsonItems } from './json-spans.ts';

const found = (text: string | Buffer, key?: string) =>
  jsonItems(Buffer.from(text as string), key)?.map(({ bytes }) => bytes.toString());

/** The same value in another spelling: spaces of every kind between tokens, characters of strings escaped. */
const spellings = fc.tuple(fc.constantFrom('', ' ', '\n', '\r\n\t'), fc.boolean()).map(
  ([space, escaped]) =>
    (value: unknown) =>
      spell(value, space, escaped),
);

describe('the items of a JSON text', () => {
  it('are the bytes of each element as they stand, whatever stands around them', () => {
    expect(found(' [ 1 ,\n"a,]\\"[" , { "b" : [ 2, {} ] },[],null ] ')).toEqual([
      '1',
      '"a,]\\"["',
      '{ "b" : [ 2, {} ] }',
      '[]',
      'null',
    ]);
    expect(found('{"a":[9],"b":{"items":[8]},"items" : [ 1 , 2 ] , "c":[7]}', 'items')).toEqual(['1', '2']);
    expect(found('[]')).toEqual([]);
    expect(found('{"items":[ ]}', 'items')).toEqual([]);
  });

  it('are a part of the text, not a copy', () => {
    const text = Buffer.from('[{"a":1}]');
    expect(jsonItems(text)?.[0]?.bytes.buffer).toBe(text.buffer);
  });

  it('come from the last of several keys of one name, however it is spelt, as JSON.parse has it', () => {
    expect(found('{"items":[1],"items":[2],"it\\u0065ms":[3]}', 'items')).toEqual(['3']);
    expect(found('{"items":[1],"items":7}', 'items')).toBeUndefined();
  });

  it('are none of what is not JSON, or JSON of another shape', () => {
    for (const text of ['', ' ', '[', '[1', '[1,]', '[01]', '{}', '1', '"[]"', 'null', '[1]x', "['a']", '\ufeff[1]']) {
      expect(found(text), text).toBeUndefined();
    }
    for (const text of ['[]', '{}', '{"items":{}}', '{"a":{"items":[1]}}', '{"items":[1}', '\ufeff{"items":[1]}']) {
      expect(found(text, 'items'), text).toBeUndefined();
    }
  });

  it('are parsed once and spelt once: each element’s bytes parse to its value', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ maxDepth: 4 }), { maxLength: 8 }), spellings, (values, spelt) => {
        const same = JSON.parse(JSON.stringify(values));
        for (const [text, key] of [
          [spelt(values), undefined],
          [spelt({ a: values.slice(1), items: values, 'b"': { items: 1 } }), 'items'],
        ] as const) {
          const items = jsonItems(Buffer.from(text), key);
          expect(items?.map(({ value }) => value)).toEqual(same);
          expect(items?.map(({ bytes }) => JSON.parse(bytes.toString()))).toEqual(same);
        }
      }),
    );
  });

  it('are there exactly where JSON.parse finds an array, in random and in broken texts', () => {
    const pieces = fc.constantFrom(
      '[',
      ']',
      '{',
      '}',
      ',',
      ':',
      '"',
      '\\',
      '"k"',
      '1',
      'null',
      ' ',
      '\n',
      '\u00e9',
      'k',
    );
    const broken = fc.array(pieces, { maxLength: 12 }).map((parts) => Buffer.from(parts.join('')));
    const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
    fc.assert(
      fc.property(fc.oneof(broken, bytes), (text) => {
        const items = jsonItems(text);
        let parsed: unknown;
        try {
          parsed = JSON.parse(text.toString());
        } catch {}
        expect(items?.map((item) => JSON.parse(item.bytes.toString()))).toEqual(
          Array.isArray(parsed) ? parsed : undefined,
        );
        expect(() => jsonItems(text, 'k')).not.toThrow();
        expect(() => cutMember(text, 'k')).not.toThrow();
      }),
      { numRuns: 2000 },
    );
  });

  it('keep bytes that are not UTF-8, even where they end a string', () => {
    const text = Buffer.concat([Buffer.from('[{"a":"'), Buffer.from([0xe2, 0x82]), Buffer.from('"},2]')]);
    expect(jsonItems(text)?.map(({ bytes }) => bytes.length)).toEqual([10, 1]);
  });

  it('are counted no further than to one too many', () => {
    const text = Buffer.from(`[${'1,'.repeat(BATCH_MAX_ITEMS * 3)}1]`);
    expect(jsonItems(text)).toHaveLength(BATCH_MAX_ITEMS + 1);
    expect(jsonItems(Buffer.from(`[${'1,'.repeat(BATCH_MAX_ITEMS - 1)}1]`))).toHaveLength(BATCH_MAX_ITEMS);
  });

  it('are none of what nests deeper than anyone can follow', () => {
    const nested = (levels: number) => `[${'['.repeat(levels)}${']'.repeat(levels)}]`;
    expect(found(nested(400))).toHaveLength(1);
    expect(found(nested(100_000))).toBeUndefined();
    expect(found(`{"deep":${nested(100_000)},"items":[1]}`, 'items')).toBeUndefined();
  });
});

describe('an object without a member', () => {
  it('lacks the value of each of that name, and of no nested one', () => {
    const cut = (text: string) => cutMember(Buffer.from(text), 'n').toString();
    expect(cut('{"a":1,"n": 2 ,"o":{"n":3}}')).toBe('{"a":1,"n":  ,"o":{"n":3}}');
    expect(cut('{"n":[1,{"n":2}],"n":"}","\\u006e":0}')).toBe('{"n":,"n":,"\\u006e":}');
  });

  it('is the same bytes where it has none', () => {
    const object = Buffer.from('{"a":{"n":1}}');
    expect(cutMember(object, 'n')).toBe(object);
  });
});

function spell(value: unknown, space: string, escaped: boolean): string {
  const text = (string: string) =>
    escaped
      ? `"${[...Array(string.length).keys()].map((at) => `\\u${string.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')}"`
      : JSON.stringify(string);
  const list = (open: string, parts: string[], close: string) =>
    `${space}${open}${space}${parts.join(`${space},${space}`)}${space}${close}${space}`;
  if (Array.isArray(value))
    return list(
      '[',
      value.map((one) => spell(one, space, escaped)),
      ']',
    );
  if (typeof value === 'string') return text(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(
    ([key, one]) => `${text(key)}${space}:${space}${spell(one, space, escaped)}`,
  );
  return list('{', entries, '}');
}
