import { describe, expect, it } from 'vitest';
import type { ProviderSample } from '../testing/provider-sample.ts';
import { type DeliveryToSign, SAMPLES } from '../testing/sign-delivery.ts';
import { configureProvider, type ProviderId } from './index.ts';
import type { DeliveryHeaders, Provider, SignedDelivery } from './provider.ts';

const NOW_SECONDS = 1_790_000_000;
const URL = 'https://hooks.example.com/in';
const BODY = '{"id":"evt_1","type":"thing.happened","data":{"amount":12}}';

describe.each((Object.keys(SAMPLES) as ProviderId[]).filter((id) => SAMPLES[id] !== undefined))('%s', (id) => {
  const scheme = SAMPLES[id] as ProviderSample;
  const provider = configureProvider(id, scheme.options) as Provider;
  const current = scheme.keys('current');
  const secret = current.configured;
  const bodyAt = (timestamp: number) => scheme.body?.(timestamp) ?? BODY;

  function delivery(over: Partial<Omit<DeliveryToSign, 'secret'>> & { signing?: string } = {}): SignedDelivery {
    const { signing = current.signing, timestamp = NOW_SECONDS } = over;
    const body = Buffer.from((over.body ?? bodyAt(timestamp)) as string);
    const toSign = { id: 'evt_1', type: 'thing.happened', timestamp, url: URL, ...over, signing, body };
    return {
      rawBody: body,
      headers: distinct(scheme.headers(toSign)),
      method: 'POST',
      url: URL,
      query: scheme.query?.(toSign) ?? '',
      secrets: [secret],
      now: NOW_SECONDS * 1000,
      toleranceSeconds: undefined,
    };
  }
  const refusal = (attempt: SignedDelivery) => {
    const verdict = provider.verify(attempt);
    return verdict.ok ? 'accepted' : verdict.reason;
  };

  it('accepts a good delivery and says what the signature covered', () => {
    expect(provider.verify(delivery())).toEqual({ ok: true, signed: scheme.signed });
  });

  it('refuses a body with any one byte changed, added or dropped', () => {
    const good = delivery();
    for (let at = 0; at < good.rawBody.length; at++) {
      const rawBody = Buffer.from(good.rawBody);
      rawBody[at] = (rawBody[at] ?? 0) ^ 1;
      expect(refusal({ ...good, rawBody }), `byte ${at}`).toBe('signature_mismatch');
    }
    expect(refusal({ ...good, rawBody: Buffer.concat([good.rawBody, Buffer.from('\n')]) })).toBe('signature_mismatch');
    expect(refusal({ ...good, rawBody: good.rawBody.subarray(1) })).toBe('signature_mismatch');
  });

  it('refuses a signature or a signed header with any one character changed, added or dropped', () => {
    const good = delivery();
    for (const name of [scheme.signature, ...scheme.signedHeaders]) {
      const value = good.headers[name]?.[0] ?? '';
      const mangled = [`${value}x`, value.slice(0, -1), `${value.slice(0, -1)}\u00e9`];
      for (let at = 0; at < value.length; at++) {
        const other = String.fromCharCode(value.charCodeAt(at) ^ 1);
        mangled.push(value.slice(0, at) + other + value.slice(at + 1));
      }
      for (const text of mangled) {
        const verdict = refusal({ ...good, headers: { ...good.headers, [name]: [text] } });
        expect(['signature_mismatch', 'header_malformed'], `${name}: ${text}`).toContain(verdict);
      }
    }
  });

  it('takes a signature in one spelling only: no other case, no missing padding', () => {
    const good = delivery();
    const value = good.headers[scheme.signature]?.[0] ?? '';
    const respelled = [value.toUpperCase(), value.replace(/=+$/, '')].filter((text) => text !== value);
    for (const text of respelled) {
      const headers = { ...good.headers, [scheme.signature]: [text] };
      expect(provider.verify({ ...good, headers }).ok, text).toBe(false);
    }
    expect(respelled.length).toBeGreaterThan(0);
  });

  it('refuses another secret', () => {
    expect(refusal({ ...delivery(), secrets: [scheme.keys('other').configured] })).toBe('signature_mismatch');
  });

  it('accepts any of several active secrets while they are rotated, and none that was retired', () => {
    const next = scheme.keys('next');
    const both = [next.configured, secret];
    expect(refusal({ ...delivery(), secrets: both })).toBe('accepted');
    expect(refusal({ ...delivery({ signing: next.signing }), secrets: both })).toBe('accepted');
    expect(refusal({ ...delivery({ signing: scheme.keys('retired').signing }), secrets: both })).toBe(
      'signature_mismatch',
    );
  });

  it('refuses a delivery without its signature, or with an empty one', () => {
    const good = delivery();
    for (const name of [scheme.signature, ...scheme.signedHeaders]) {
      expect(refusal({ ...good, headers: { ...good.headers, [name]: undefined } })).toBe('header_missing');
      expect(refusal({ ...good, headers: { ...good.headers, [name]: [''] } })).toBe('header_missing');
    }
  });

  it('refuses every header it reads when it comes twice, even with the same value', () => {
    const good = delivery();
    for (const [name, values] of Object.entries(good.headers)) {
      const headers = { ...good.headers, [name]: [...(values ?? []), ...(values ?? [])] };
      expect(refusal({ ...good, headers }), name).toBe('header_doubled');
    }
  });

  it('takes an empty, a blank or no secret for a configuration error, never for a match', () => {
    for (const secrets of [[], [''], ['  '], [secret, '']]) {
      expect(refusal({ ...delivery(), secrets }), JSON.stringify(secrets)).toBe('secret_invalid');
    }
    expect(provider.secretFault('')).toBe('is empty');
    expect(provider.secretFault(' ')).toBe('is empty');
    expect(provider.secretFault(secret)).toBeUndefined();
  });

  it('accepts an empty body and bytes that are not UTF-8, and describes them as unknown', () => {
    for (const body of [Buffer.alloc(0), Buffer.from([0xff, 0xfe, 0x00, 0x80, 0xc3]), Buffer.from('{"type":')]) {
      const odd = delivery({ body });
      if (scheme.readsBody) {
        expect(refusal(odd)).not.toBe('accepted');
        continue;
      }
      expect(refusal(odd)).toBe('accepted');
      const described = provider.describe({ ...odd, headers: withoutTypes(odd.headers) });
      expect(described.type).toBeUndefined();
    }
  });

  it('never throws while describing what it accepted, whatever JSON it is', () => {
    for (const body of ['null', '[]', '1', '"x"', '{"id":7,"type":{},"data":null,"created":1e400,"time":-1}', '{']) {
      expect(() => provider.describe(delivery({ body }))).not.toThrow();
    }
  });

  if (scheme.toleranceSeconds !== undefined) {
    const tolerance = scheme.toleranceSeconds;
    it('accepts a timestamp at the edge of the tolerance and refuses one second beyond, past and future', () => {
      expect(refusal(delivery({ timestamp: NOW_SECONDS - tolerance }))).toBe('accepted');
      expect(refusal(delivery({ timestamp: NOW_SECONDS - tolerance - 1 }))).toBe('timestamp_stale');
      expect(refusal(delivery({ timestamp: NOW_SECONDS + tolerance }))).toBe('accepted');
      expect(refusal(delivery({ timestamp: NOW_SECONDS + tolerance + 1 }))).toBe('timestamp_future');
    });

    it("uses the source's own tolerance where it has one", () => {
      const late = delivery({ timestamp: NOW_SECONDS - 11 });
      expect(refusal({ ...late, toleranceSeconds: 10 })).toBe('timestamp_stale');
      expect(refusal({ ...late, toleranceSeconds: 11 })).toBe('accepted');
    });

    it('refuses a stale timestamp under a wrong signature as a wrong signature', () => {
      const old = delivery({ timestamp: 1 });
      expect(refusal({ ...old, secrets: [scheme.keys('other').configured] })).toBe('signature_mismatch');
    });
  }
});

function distinct(headers: Record<string, string>): DeliveryHeaders {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
}

function withoutTypes(headers: DeliveryHeaders): DeliveryHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !/(event|topic)$/.test(name)));
}
