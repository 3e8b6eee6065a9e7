import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { PLAYED, playProvider } from '../testing/play-provider.ts';
import type { DeliveryHeaders } from './provider.ts';

// RSA takes its time, more so beside other tests.
vi.setConfig({ testTimeout: 30_000 });

/** What nobody vouches for may be anything at all. */
describe.each(PLAYED)('%s never throws', (id) => {
  const { delivery, provider, sample, secret } = playProvider(id);
  const good = delivery();
  const names = [...new Set([...Object.keys(good.headers), ...(sample.alsoReads ?? []), 'content-type'])];
  const headers: fc.Arbitrary<DeliveryHeaders> = fc
    .tuple(...names.map((name) => fc.option(values(good.headers[name]?.[0] ?? ''), { nil: undefined })))
    .map((list) => Object.fromEntries(names.map((name, at) => [name, list[at]])));
  const bodies = fc.oneof(
    fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
    fc.json({ maxDepth: 8 }).map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.webQueryParameters().map((text) => Buffer.from(text)),
    likely(),
  );

  it('while verifying: whatever headers, URL, body and clock', () => {
    fc.assert(
      fc.property(
        headers,
        bodies,
        fc.string(),
        fc.string(),
        fc.maxSafeInteger(),
        (anyHeaders, rawBody, url, query, now) => {
          const secrets = [secret];
          expect(provider.verify({ ...good, headers: anyHeaders, rawBody, url, query, now, secrets })).toBeTypeOf(
            'object',
          );
        },
      ),
    );
  });

  it('while saying what is wrong with a secret, and verifies nothing by one that has a fault', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.base64String(),
          fc.string().map((text) => `whsec_${text}`),
        ),
        (text) => {
          const fault = provider.secretFault(text);
          const { ok } = provider.verify({ ...good, secrets: [text] });
          if (fault !== undefined) expect(ok).toBe(false);
        },
      ),
    );
  });

  it('while describing, answering or taking apart what was signed, whatever JSON or bytes it is', () => {
    fc.assert(
      fc.property(bodies, headers, (rawBody, anyHeaders) => {
        for (const odd of [delivery({ body: rawBody }), { ...good, rawBody, headers: anyHeaders }]) {
          expect(provider.describe(odd, sample.signed)).toHaveProperty('keyFrom');
          provider.handshake?.(odd);
          provider.reply?.(odd);
          for (const item of provider.items?.(odd) ?? []) {
            // An item's bytes are a part of the delivery's, so that what was signed is what is stored.
            expect(item.body.buffer).toBe(odd.rawBody.buffer);
            expect(odd.rawBody.includes(item.body)).toBe(true);
          }
        }
      }),
    );
  });

  it('while asked by GET, and answers nothing that it was not rightly asked for', () => {
    fc.assert(
      fc.property(fc.webQueryParameters(), headers, (query, anyHeaders) => {
        const asked = { query: new URLSearchParams(query), headers: anyHeaders, secrets: [secret] };
        expect(provider.challenge?.(asked)).toBeUndefined();
      }),
    );
  });
});

/** One value, or several, that look much like the good one or not at all. */
function values(good: string): fc.Arbitrary<string[]> {
  const near = fc
    .tuple(fc.nat(good.length), fc.nat(4), fc.string({ maxLength: 3 }))
    .map(([at, dropped, put]) => good.slice(0, at) + put + good.slice(at + dropped));
  const value = fc.oneof(fc.constant(good), near, fc.string({ unit: 'binary', maxLength: 80 }));
  return fc.oneof({ weight: 4, arbitrary: value.map((one) => [one]) }, fc.array(value, { maxLength: 3 }));
}

/** Bodies with the members that providers read, holding anything. */
function likely(): fc.Arbitrary<Buffer> {
  const keys = ['id', 'type', 'event', 'data', 'entry', 'events', 'payload', 'challenge', 'created', 'time', 'object'];
  const members = fc.dictionary(fc.constantFrom(...keys), fc.jsonValue());
  return fc.oneof(members, fc.array(members)).map((value) => Buffer.from(JSON.stringify(value)));
}
