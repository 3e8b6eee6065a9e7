import { headers } from '@nats-io/transport-node';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readHeaderLines } from './message-headers.ts';

const encoded = (text: string) => Buffer.from(`NATS/1.0\r\n${text}\r\n`);
const name = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,20}$/);
const value = fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.replace(/[\r\n]/g, ' ').trim());

test('what the client writes is read as the client reads it', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 20 }), (pairs) => {
      const written = headers();
      for (const [key, text] of pairs) written.append(key, text);
      const read = readHeaderLines((written as unknown as { encode(): Uint8Array }).encode());
      expect([...read.keys()]).toEqual(written.keys());
      for (const key of written.keys()) expect(read.get(key)).toBe(written.get(key));
    }),
  );
});

test('whatever the bytes are, it reads what can be read', () => {
  const line = fc.oneof(
    fc.tuple(name, value).map((pair) => pair.join(':')),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.array(line).map((lines) => encoded(lines.join('\r\n'))),
      ),
      (bytes) => {
        for (const [key, text] of readHeaderLines(bytes)) {
          expect(key).toMatch(/^[\x21-\x39\x3b-\x7e]+$/);
          expect(text).not.toMatch(/\r\n/);
        }
      },
    ),
  );
  expect([...readHeaderLines(encoded('odd name: 1\r\nno colon\r\n: 2\r\ngood: 3\r\ngood: 4\r\n__proto__: 5'))]).toEqual(
    [
      ['good', '3'],
      ['__proto__', '5'],
    ],
  );
});

test('a message as full of headers as one may be is read at once', () => {
  const many = encoded(Array.from({ length: 180_000 }, (_, index) => `${index.toString(36)}:`).join('\r\n'));
  // One that compares each name with all before it takes minutes.
  expect(readHeaderLines(many).size).toBe(180_000);
}, 10_000);
