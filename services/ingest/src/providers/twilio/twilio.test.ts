import { createHash, createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { ENDPOINT, playProvider } from '../../testing/play-provider.ts';

it('believes no digest of a body in a query that the public URL keeps out of what is signed', () => {
  const { delivery, provider, secret } = playProvider('twilio');
  const url = `${ENDPOINT}?account=7`;
  // What Twilio signed for a form without parameters: the URL alone.
  const signature = createHmac('sha1', secret).update(url).digest('base64');
  const empty = { ...delivery(), headers: { 'x-twilio-signature': [signature] }, url, rawBody: Buffer.alloc(0) };
  expect(provider.verify(empty).ok).toBe(true);
  const forged = Buffer.from('{"EventType":"forged"}');
  const query = `account=7&bodySHA256=${createHash('sha256').update(forged).digest('hex')}`;
  expect(provider.verify({ ...empty, rawBody: forged, query }).ok).toBe(false);
});
