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
  const texts = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 });
  const keys = fc.string({ minLength: 1, maxLength: 40 }).filter((key) => key.trim() !== '');
  const addresses = fc.webUrl({ withQueryParameters: true });
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
        // A question mark with nothing behind it is not seen by whoever reads a query.
        if (cameAt.endsWith('?')) continue;
        expect(square.verify(came).ok, cameAt).toBe(theirs(cameBody, signature, cameKey, cameAt));
      }
    }),
  );
});

function split(address: string): [string, string] {
  const at = address.indexOf('?');
  return at < 0 ? [address, ''] : [address.slice(0, at), address.slice(at + 1)];
}
