import fc from 'fast-check';
import {
  getExpectedBodyHash,
  getExpectedTwilioSignature,
  validateRequest,
  validateRequestWithBody,
} from 'twilio/lib/webhooks/webhooks.js';
import { describe, expect, it } from 'vitest';
import { twilio } from './twilio.ts';

type Params = readonly (readonly [string, string])[];

const names = fc.oneof(fc.constantFrom('From', 'To', 'Body', 'a', 'A', '10', '9'), fc.string({ unit: 'grapheme' }));
const params: fc.Arbitrary<Params> = fc.array(fc.tuple(names, fc.string({ unit: 'grapheme' })), { maxLength: 8 });
const tokens = fc.string({ minLength: 1, maxLength: 40 }).filter((token) => token.trim() !== '');
const urls = fc.constantFrom(
  ...[
    'https://h.example.com/in',
    'http://h.example.com/in',
    'https://h.example.com:8443/in/',
    'http://h.example.com:80/',
  ],
  ...['https://user:pass@h.example.com/in', 'https://user@h.example.com:443/in', 'https://[2001:db8::1]:8443/in'],
);
const queries = fc.constantFrom('', 'foo=1&bar=2', 'a=%20b&a=c+d', "Body=It's+amazing", 'bodysha256=x');

describe('what Twilio’s own library says of a delivery', () => {
  it('is said here too: of forms with repeated names, in any order, with and without ports', () => {
    fc.assert(
      fc.property(urls, queries, urls, params, params, tokens, (url, query, signedUrl, sent, other, token) => {
        for (const signedFor of [url, signedUrl, withPort(url), withoutPort(url)]) {
          const signature = getExpectedTwilioSignature(token, called(signedFor, query), grouped(sent));
          for (const came of [sent, sent.toReversed(), other, []]) {
            const theirs = validateRequest(token, signature, called(url, query), grouped(came));
            const ours = verify(
              { url, query, body: new URLSearchParams(came.map(([...pair]) => pair)).toString() },
              signature,
              token,
            );
            expect(ours, JSON.stringify({ signedFor, url, query, came })).toBe(theirs);
          }
        }
      }),
      { numRuns: 80 },
    );
  });

  it('is said here too: of bodies that the URL has the digest of', () => {
    const bodies = fc.string({ unit: 'grapheme', maxLength: 200 });
    fc.assert(
      fc.property(urls, bodies, bodies, tokens, (url, body, other, token) => {
        const query = `foo=1&bodySHA256=${getExpectedBodyHash(body)}`;
        const signature = getExpectedTwilioSignature(token, called(url, query), {});
        for (const came of [body, other, '']) {
          const theirs = validateRequestWithBody(token, signature, called(url, query), came);
          expect(verify({ url, query, body: came }, signature, token)).toBe(theirs);
        }
      }),
      { numRuns: 80 },
    );
  });
});

describe('where Twilio’s own library believes more', () => {
  const token = '12345';
  const url = 'https://h.example.com/in';

  it('a signature over the URL escaped anew: what came is what has to be signed', () => {
    const query = "Body=It's";
    const signature = getExpectedTwilioSignature(token, called(url, 'Body=It%27s'), {});
    expect(validateRequest(token, signature, called(url, query), {})).toBe(true);
    expect(verify({ url, query, body: '' }, signature, token)).toBe(false);
  });

  it('a secret that is empty', () => {
    const signature = getExpectedTwilioSignature('', url, {});
    expect(validateRequest('', signature, url, {})).toBe(true);
    expect(verify({ url, query: '', body: '' }, signature, '')).toBe(false);
  });
});

function verify(sent: { url: string; query: string; body: string }, signature: string, token: string): boolean {
  const { url, query, body } = sent;
  return twilio.verify({
    ...{ rawBody: Buffer.from(body), headers: { 'x-twilio-signature': [signature] }, method: 'POST', url, query },
    ...{ secrets: [token], now: 0, toleranceSeconds: undefined },
  }).ok;
}

const called = (url: string, query: string): string => (query ? `${url}?${query}` : url);
const withoutPort = (url: string): string => url.replace(/:\d+\//, '/');
const withPort = (url: string): string =>
  /:\d+\//.test(url) ? url : url.replace(/([^/])\/(?!\/)/, `$1:${url.startsWith('https') ? 443 : 80}/`);

/** As a web framework would give them to the library. */
function grouped(pairs: Params): Record<string, string | string[]> {
  const byName = new Map<string, string[]>();
  for (const [name, value] of pairs) byName.set(name, [...(byName.get(name) ?? []), value]);
  return Object.fromEntries(
    [...byName].map(([name, values]) => [name, values.length > 1 ? values : (values[0] ?? '')]),
  );
}
