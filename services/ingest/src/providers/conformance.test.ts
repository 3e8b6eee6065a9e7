import { describe, expect, it, vi } from 'vitest';
import { ENDPOINT, NOW_SECONDS, PLAYED, type Played, playProvider, withHeader } from '../testing/play-provider.ts';
import type { ProviderId } from './index.ts';
import type { SignedDelivery } from './provider.ts';

// RSA takes its time, more so beside other tests.
vi.setConfig({ testTimeout: 30_000 });

/** Refused for what was signed, not for a mistake of the test. */
const TAMPERED = ['signature_mismatch', 'header_malformed', 'body_malformed', 'timestamp_stale', 'timestamp_future'];

describe.each(PLAYED)('%s', (id) => {
  const { delivery, provider, sample, secret, verdict } = playProvider(id);
  const other = sample.keys('other');
  const signed = [sample.signature, ...sample.signedHeaders];
  const unsigned = Object.keys(delivery().headers).filter((name) => !signed.includes(name));

  it('accepts a good delivery and says what the signature covered', () => {
    expect(provider.verify(delivery())).toEqual({ ok: true, signed: sample.signed });
  });

  describe('what was signed', () => {
    it(
      sample.signed === 'none' ? 'is nothing, and it says so' : 'is the body: no byte changed, added or dropped',
      () => {
        const verdicts = tamperedBodies(delivery()).map(verdict);
        if (sample.signed === 'none') return expect(new Set(verdicts)).toEqual(new Set(['accepted']));
        for (const [at, one] of verdicts.entries()) expect(TAMPERED, `byte ${at}`).toContain(one);
        // The signature is looked at before anything that a body says.
        if (!sample.readsBody) expect(new Set(verdicts)).toEqual(new Set(['signature_mismatch']));
      },
    );

    it('is every signed header, and the signature itself: no character changed, added or dropped', () => {
      for (const name of signed) {
        for (const text of mangled(valueIn(delivery(), name))) {
          expect(TAMPERED, `${name}: ${text}`).toContain(verdict(withHeader(delivery(), name, text)));
        }
      }
    });

    it('is the URL with its query where the scheme says so, and only there', () => {
      const good = delivery();
      const elsewhere: Partial<SignedDelivery>[] = [
        { url: `${ENDPOINT}x` },
        { url: ENDPOINT.slice(0, -1) },
        { url: ENDPOINT.replace('/in', '/IN') },
        { url: ENDPOINT.replace('example', 'exemple') },
        { query: `${good.query}${good.query ? '&' : ''}more=1` },
      ];
      for (const change of elsewhere) {
        const became = verdict({ ...good, ...change });
        if (provider.signsUrl) expect(TAMPERED, JSON.stringify(change)).toContain(became);
        else expect(became, JSON.stringify(change)).toBe('accepted');
      }
      if (sample.signed === 'url-body') expect(provider.signsUrl).toBe(true);
    });

    it('is the method where the scheme says so, and only there', () => {
      expect(verdict({ ...delivery(), method: 'PUT' }) !== 'accepted').toBe(sample.signsMethod ?? false);
    });

    it('is no header that it does not name: without the unsigned ones it is the same delivery', () => {
      for (const name of unsigned) {
        const without = withHeader(delivery(), name);
        expect(verdict(without), name).toBe('accepted');
        expect(() => provider.describe(without, sample.signed)).not.toThrow();
      }
    });

    it('makes an id the key by itself only where the id is signed', () => {
      const { idSigned, keyFrom } = provider.describe(delivery(), sample.signed);
      if (keyFrom === 'id') expect(idSigned).toBe(true);
      // A captured body sent again under another unsigned id must not become another event.
      const again = delivery({ id: 'evt_other' });
      if (!idSigned) expect(provider.describe(again, sample.signed).keyFrom).toBe('type+body');
    });
  });

  it('is told no other id or type by an unsigned header than by what it calls signed', () => {
    const honest = provider.describe(delivery(), sample.signed);
    for (const name of [...unsigned, ...(sample.alsoReads ?? [])]) {
      const said = provider.describe(withHeader(delivery(), name, 'forged'), sample.signed);
      if (said.idSigned) expect(said.deliveryId, name).toBe(honest.deliveryId);
      if (said.typeSigned) expect(said.type, name).toBe(honest.type);
    }
  });

  describe('the spelling of a signature', () => {
    it('is one only: no other case, alphabet or padding', () => {
      const value = valueIn(delivery(), sample.signature);
      const respelled = [
        ...[value.toUpperCase(), value.toLowerCase(), value.replaceAll('+', '-').replaceAll('/', '_')],
        ...[value.replace(/=+$/, ''), `${value}=`, `"${value}"`],
      ].filter((text) => text !== value);
      for (const text of respelled) {
        expect(verdict(withHeader(delivery(), sample.signature, text)), text).not.toBe('accepted');
      }
    });

    it.runIf(!sample.listSeparator)('is not two in a list, as a proxy joins doubled headers', () => {
      const value = valueIn(delivery(), sample.signature);
      const joined = [`${value}, ${value}`, `${value},${value}`, `x,${value}`, `${value},x`, `${value} `, ` ${value}`];
      for (const text of joined) {
        expect(verdict(withHeader(delivery(), sample.signature, text)), text).not.toBe('accepted');
      }
    });

    it.runIf(sample.listSeparator)('may stand among a few others, anywhere, and not among a thousand', () => {
      const separator = sample.listSeparator ?? '';
      const parts = valueIn(delivery(), sample.signature).split(separator);
      const good = parts.at(-1) ?? '';
      const bad =
        valueIn(delivery({ signing: other.signing }), sample.signature)
          .split(separator)
          .at(-1) ?? '';
      const withList = (list: readonly string[]) =>
        withHeader(delivery(), sample.signature, [...parts.slice(0, -1), ...list].join(separator));
      for (const list of [
        [bad, good],
        [good, bad],
        [bad, good, bad],
      ]) {
        expect(verdict(withList(list)), list.join(separator)).toBe('accepted');
      }
      expect(verdict(withList([bad, bad]))).toBe('signature_mismatch');
      expect(verdict(withList([...Array<string>(999).fill(bad), good]))).not.toBe('accepted');
      expect(verdict(withList(Array<string>(1000).fill(good)))).not.toBe('accepted');
    });

    it('of 16 KiB is refused, and in no time', () => {
      const value = valueIn(delivery(), sample.signature);
      const startedAtMs = performance.now();
      for (const filler of ['a', 'A=', ',', ' x', ';', '=', ',v1=', ' v1,', ';h1=', '\u00e9', '0']) {
        const huge = `${value}${filler.repeat(16 * 1024)}`.slice(0, 16 * 1024);
        expect(verdict(withHeader(delivery(), sample.signature, huge)), filler).not.toBe('accepted');
        const ahead = `${filler.repeat(16 * 1024)}`.slice(0, 16 * 1024 - value.length) + value;
        expect(verdict(withHeader(delivery(), sample.signature, ahead)), filler).not.toBe('accepted');
      }
      expect(performance.now() - startedAtMs).toBeLessThan(2_000);
    });
  });

  describe('its headers', () => {
    it('may not be missing or empty where the scheme needs them', () => {
      for (const name of signed) {
        expect(verdict(withHeader(delivery(), name)), name).toBe('header_missing');
        expect(verdict(withHeader(delivery(), name, '')), name).toBe('header_missing');
      }
    });

    it('may not come twice, even with the same value, signed or not', () => {
      for (const name of [...signed, ...unsigned, ...(sample.alsoReads ?? [])]) {
        const value = valueIn(delivery(), name);
        for (const values of [
          [value, value],
          [value, 'x'],
          ['x', value],
          [value, ''],
        ]) {
          expect(verdict(withHeader(delivery(), name, ...values)), name).toBe('header_doubled');
        }
      }
    });
  });

  describe('its secrets', () => {
    it('must be the sender’s', () => {
      expect(verdict({ ...delivery(), secrets: [other.configured] })).toBe('signature_mismatch');
    });

    it('may be several while they are rotated: old, new, both, ten; none that was retired', () => {
      const next = sample.keys('next');
      const both = [next.configured, secret];
      const byNext = delivery({ signing: next.signing });
      expect(verdict({ ...delivery(), secrets: both })).toBe('accepted');
      expect(verdict({ ...byNext, secrets: both })).toBe('accepted');
      expect(verdict({ ...byNext, secrets: [secret] })).toBe('signature_mismatch');
      const nine = Array.from({ length: 9 }, (_, at) => sample.keys(`nr. ${at}`).configured);
      for (const at of [0, 4, 9]) {
        expect(verdict({ ...delivery(), secrets: nine.toSpliced(at, 0, secret) })).toBe('accepted');
      }
      const retired = delivery({ signing: sample.keys('retired').signing });
      expect(verdict({ ...retired, secrets: [...nine, ...both] })).toBe('signature_mismatch');
    });

    it('that are empty, blank or none are a configuration error, never a match, though the sender signed with that', () => {
      for (const secrets of [[], [''], ['  '], [secret, ''], ['', secret]]) {
        expect(verdict({ ...delivery(), secrets }), JSON.stringify(secrets)).toBe('secret_invalid');
        const byEmpty = signedWithEmpty(delivery);
        if (byEmpty) expect(verdict({ ...byEmpty, secrets })).toBe('secret_invalid');
      }
      expect(provider.secretFault('')).toBe('is empty');
      expect(provider.secretFault(' ')).toBe('is empty');
      expect(provider.secretFault('\n')).toBe('is empty');
      expect(provider.secretFault(secret)).toBeUndefined();
    });

    it('are named by no fault that is found with them', () => {
      for (const text of ['top secret!', '-----BEGIN PUBLIC KEY-----\ntop secret!', 'whsec_top secret!']) {
        expect(provider.secretFault(text) ?? '').not.toContain('top secret!');
      }
    });
  });

  describe('the body', () => {
    it('may be empty or no UTF-8 under a good signature; it is then of no type', () => {
      for (const body of [Buffer.alloc(0), Buffer.from([0xff, 0xfe, 0x00, 0x80, 0xc3]), Buffer.from('{"type":')]) {
        const odd = delivery({ body });
        if (!sample.readsBody) expect(verdict(odd)).toBe('accepted');
        const bare = unsigned.reduce((rest, name) => withHeader(rest, name), odd);
        expect(provider.describe(bare, sample.signed).type).toBeUndefined();
      }
    });

    it('with a byte order mark is verified with it; it is no JSON then, as RFC 8259 has it, and of no type', () => {
      const body = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), delivery().rawBody]);
      const marked = delivery({ body });
      if (!sample.readsBody) expect(verdict(marked)).toBe('accepted');
      if (sample.signed !== 'none') {
        expect(verdict({ ...marked, rawBody: body.subarray(3) })).not.toBe('accepted');
      }
      const bare = unsigned.reduce((rest, name) => withHeader(rest, name), marked);
      expect(provider.describe(bare, sample.signed).type).toBeUndefined();
    });
  });

  if (sample.toleranceSeconds !== undefined) describeTimes(playProvider(id), sample.toleranceSeconds);
  else {
    it('signs no time: a tolerance of the source changes nothing', () => {
      expect(verdict({ ...delivery({ timestamp: 1 }), toleranceSeconds: 1 })).toBe('accepted');
    });
  }
});

function describeTimes({ delivery, sample, secret, verdict }: Played, toleranceSeconds: number): void {
  describe('its time', () => {
    it('is good at the edge of the tolerance and not one second beyond, past and future', () => {
      expect(verdict(delivery({ timestamp: NOW_SECONDS - toleranceSeconds }))).toBe('accepted');
      expect(verdict(delivery({ timestamp: NOW_SECONDS - toleranceSeconds - 1 }))).toBe('timestamp_stale');
      expect(verdict(delivery({ timestamp: NOW_SECONDS + toleranceSeconds }))).toBe('accepted');
      expect(verdict(delivery({ timestamp: NOW_SECONDS + toleranceSeconds + 1 }))).toBe('timestamp_future');
    });

    it("is held to the source's own tolerance where it has one, both ways", () => {
      for (const own of [1, 10, 86_400]) {
        const aged = (ageSeconds: number) => ({
          ...delivery({ timestamp: NOW_SECONDS - ageSeconds }),
          toleranceSeconds: own,
        });
        expect([aged(own), aged(-own), aged(own + 1), aged(-own - 1)].map(verdict)).toEqual([
          ...['accepted', 'accepted', 'timestamp_stale', 'timestamp_future'],
        ]);
      }
    });

    it('is not looked at under a wrong signature', () => {
      const { configured, signing } = sample.keys('other');
      // But for a public key, which is dear to verify with: there it may come first.
      const expected = configured === signing ? ['signature_mismatch'] : TAMPERED;
      for (const timestamp of [1, NOW_SECONDS * 2]) {
        expect(expected).toContain(verdict({ ...delivery({ timestamp }), secrets: [configured] }));
      }
    });

    it('has one spelling, and is refused in any other though that was signed', () => {
      const plain = String(NOW_SECONDS);
      const spellings = [`-${plain}`, `+${plain}`, `0${plain}`, ` ${plain}`, `${plain} `, `${plain}.0`, `${plain}.5`];
      spellings.push('0x6ab13b80', '1.79e9', `${plain}n`, `${plain}\u0660`, '1_790_000_000', 'NaN', 'Infinity', '');
      for (const text of spellings) {
        // A sample writes its time by a template, so that any text goes into what it signs.
        const odd = delivery({ timestamp: text as unknown as number, ...(sample.body && { body: '{}' }) });
        const carried = Object.values(odd.headers).some((values) => values?.[0]?.includes(text));
        if (carried) expect(verdict(odd), JSON.stringify(text)).not.toBe('accepted');
      }
    });

    it('is refused where it is none a clock could show', () => {
      for (const timestamp of [
        -1,
        -NOW_SECONDS,
        0,
        1e15,
        Number.MAX_SAFE_INTEGER,
        1e21,
        NOW_SECONDS + 0.5,
        Number.NaN,
      ]) {
        expect(verdict(delivery({ timestamp })), String(timestamp)).not.toBe('accepted');
      }
    });

    it('is no excuse for a secret that is empty', () => {
      expect(verdict({ ...delivery({ timestamp: 1 }), secrets: [secret, ''] })).toBe('secret_invalid');
    });
  });
}

/** Schemes that are one and the same but for their names. */
const TWINS: readonly (readonly ProviderId[])[] = [
  ['github', 'meta'],
  ['jira', 'bitbucket'],
  ['gitlab', 'standard-webhooks'],
];

it.each(PLAYED)('a delivery of %s verifies at no endpoint of another scheme, even under the same secret', (name) => {
  const { id, delivery } = playProvider(name);
  for (const other of PLAYED.map(playProvider)) {
    const isSame = other.id === id || TWINS.some((twins) => twins.includes(other.id) && twins.includes(id));
    if (!isSame) expect(other.provider.verify(delivery()).ok, other.id).toBe(false);
  }
});

const valueIn = ({ headers }: SignedDelivery, name: string): string => headers[name]?.[0] ?? 'x';

function tamperedBodies(good: SignedDelivery): SignedDelivery[] {
  const { rawBody } = good;
  const changed = Array.from(rawBody, (byte, at) => {
    const bytes = Buffer.from(rawBody);
    bytes[at] = byte ^ 1;
    return bytes;
  });
  const longer = Buffer.concat([rawBody, Buffer.from('\n')]);
  return [...changed, longer, rawBody.subarray(1), rawBody.subarray(0, -1), Buffer.alloc(0)].map((bytes) => ({
    ...good,
    rawBody: bytes,
  }));
}

function mangled(value: string): string[] {
  const texts = [`${value}x`, `${value}\u00e9`, value.slice(0, -1), value.slice(1), `${value.slice(0, -1)}\u00e9`];
  for (let at = 0; at < value.length; at++) {
    const other = String.fromCharCode(value.charCodeAt(at) ^ 1);
    texts.push(value.slice(0, at) + other + value.slice(at + 1));
  }
  return texts;
}

/** Undefined for a scheme with key pairs: nobody can sign with nothing. */
function signedWithEmpty(delivery: Played['delivery']): SignedDelivery | undefined {
  try {
    return delivery({ signing: '' });
  } catch {
    return undefined;
  }
}
