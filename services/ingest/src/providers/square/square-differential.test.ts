import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { playProvider } from '../../testing/play-provider.ts';
import { square } from './square.ts';

const { delivery } = playProvider('square');

/**
 * The check of `square` 46.0.0 (WebhooksHelper.verifySignature), written down by hand: the package is 60 MB, of which this is
 * one line. Its test vectors are among the fixtures.
 */
const theirs = (body: string, signature: string, key: string, notificationUrl: string): boolean =>
  createHmac('sha256', key)
    .update(notificationUrl + body, 'utf8')
    .digest('base64') === signature;

it('what Square’s own library says of a delivery is said here too, at any URL', () => {
  const texts = fc
    .dictionary(fc.string({ unit: 'grapheme' }), fc.string(), { maxKeys: 5 })
    .map((body) => JSON.stringify(body));
  const keys = fc.string({ minLength: 1, maxLength: 40 }).filter((key) => key.trim() !== '');
  const addresses = fc
    .tuple(
      fc.constantFrom('https://h.example.com', 'http://h.example.com:8080', 'https://user@h.example.com'),
      fc.stringMatching(/^(\/[a-zA-Z0-9_%~-]{0,8}){1,3}$/),
      fc.constantFrom('', '?a=1', '?a=%7B&b=c+d', '?a=b?c'),
    )
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(texts, texts, keys, addresses, addresses, (body, other, key, address, elsewhere) => {
      const signature = createHmac('sha256', key).update(address).update(body).digest('base64');
      for (const [cameBody, cameKey, cameAt] of [
        [body, key, address],
        [other, key, address],
        [body, `${key}x`, address],
        [body, key, elsewhere],
        [body, key, `${address}/`],
      ] as const) {
        const [url = '', query = ''] = split(cameAt);
        const headers = { 'x-square-hmacsha256-signature': [signature] };
        const came = { ...delivery(), rawBody: Buffer.from(cameBody), headers, secrets: [cameKey], url, query };
        expect(square.verify(came).ok, cameAt).toBe(theirs(cameBody, signature, cameKey, cameAt));
      }
    }),
    { numRuns: 60 },
  );
});

it('Square’s own library believes a body that begins in the URL, or a URL that ends in the body', () => {
  const signature = createHmac('sha256', 'key')
    .update('https://h.example.com/in?a=1')
    .update('{"b":{}}')
    .digest('base64');
  for (const [address, body] of [
    ['https://h.example.com/in?a=1{"b":', '{}}'],
    ['https://h.example.com/in', '?a=1{"b":{}}'],
  ] as const) {
    const [url, query] = split(address);
    const headers = { 'x-square-hmacsha256-signature': [signature] };
    const came = { ...delivery(), rawBody: Buffer.from(body), headers, secrets: ['key'], url, query };
    expect([square.verify(came).ok, theirs(body, signature, 'key', address)]).toEqual([false, true]);
  }
});

function split(address: string): [string, string] {
  const at = address.indexOf('?');
  return at < 0 ? [address, ''] : [address.slice(0, at), address.slice(at + 1)];
}
