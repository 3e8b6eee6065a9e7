import { createHash, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ENDPOINT, NOW_SECONDS } from '../../testing/play-provider.ts';
import type { DeliveryHeaders, Provider, SignedDelivery } from '../provider.ts';
import { generic } from './generic.ts';

const BODY = '{"id":"evt_1","kind":"order.paid","at":1790000000,"data":{"object":{"id":7}},"list":[{"id":"no"}]}';
const HMAC = { algorithm: 'hmac-sha256', encoding: 'hex', header: 'X-Signature' };
const STAMPED = { ...HMAC, sign: '{timestamp}.{body}', timestamp: { header: 'x-time' } };

describe('the options of a generic source', () => {
  it('are needed, and the error says which', () => {
    expect(issues(undefined)).toEqual([expect.stringContaining("algorithm: 'hmac-sha256'")]);
    expect(issues({})).toEqual([
      expect.stringMatching(/^algorithm: Invalid option: expected one of "hmac-sha1"/),
      expect.stringMatching(/^encoding: /),
      expect.stringMatching(/^header: /),
    ]);
    expect(issues(HMAC)).toEqual([]);
  });

  it('are refused where they name what is not known, or in no way that can be followed', () => {
    expect(issues({ ...HMAC, tolerance: 5 })).toEqual(['tolerance: unknown key']);
    expect(issues({ ...HMAC, algorithm: 'md5' })[0]).toContain('algorithm: Invalid option');
    expect(issues({ ...HMAC, header: 'X Signature' })).toEqual(['header: must be the name of a header']);
    expect(issues({ ...HMAC, id: {} })[0]).toContain("id: must say where: { header: 'x-name' }");
    expect(issues({ ...HMAC, id: { header: 'a', body: 'b' } })[0]).toContain('id: must say where');
    expect(issues({ ...HMAC, id: { body: 'a..b' } })[0]).toContain('id.body: must be a path');
    expect(issues({ ...HMAC, type: { header: 'x-SIGNATURE' } })).toEqual([
      'type.header: is the header of the signature',
    ]);
    expect(issues({ ...STAMPED, timestamp: { field: 't' } })[0]).toContain('has fields only where `field`');
    expect(issues({ ...STAMPED, field: 't', timestamp: { field: 't' } })[0]).toContain('is the field of the signature');
    expect(issues({ ...STAMPED, timestamp: { header: 'x-time', toleranceSeconds: 0 } })[0]).toContain(
      'toleranceSeconds',
    );
  });

  it('must sign the body', () => {
    const covering = ['{body}', '{body.sha256.hex}', '{body.sha256.base64}', '{body.base64}'];
    for (const sign of covering) expect(issues({ ...HMAC, sign })).toEqual([]);
    expect(issues({ ...HMAC, sign: 'v1:{method}' })).toEqual([
      expect.stringContaining('sign: must hold {body} or a digest of it: a signature that does not cover the body'),
    ]);
    expect(issues({ ...HMAC, sign: '{body}{body.base64}' })).toEqual(['sign: holds the body more than once']);
    expect(issues({ ...HMAC, sign: '{body}{bodies}' })).toEqual([expect.stringContaining('sign: {bodies} is unknown')]);
    expect(issues({ ...HMAC, sign: '{body' })).toEqual(['sign: a brace stands alone']);
    expect(issues({ ...STAMPED, sign: '{timestamp}{timestamp}{body}' })).toEqual(['sign: {timestamp} stands twice']);
    expect(issues({ ...HMAC, sign: '\u2603{body}' })).toEqual(['sign: must be ASCII']);
  });

  it('may not sign two parts of any length side by side, and the error says why', () => {
    const id = { header: 'x-id' };
    for (const sign of [
      '{id}{body}',
      '{id}{timestamp}.{body}',
      '{body}{id}',
      '{body}{timestamp}{id}',
      '{id}{url}.{body}',
    ]) {
      expect(issues({ ...STAMPED, id, sign }).join(), sign).toMatch(
        /^sign: \{id\} and \{.*\} stand side by side: the same signature would fit another id with another rest; put/,
      );
    }
    for (const sign of [
      '{id}.{timestamp}{body}',
      '{timestamp}{id}|{body}',
      '{body}{timestamp}.{id}',
      '{body}\n{id}{timestamp}',
    ]) {
      expect(issues({ ...STAMPED, id, sign }), sign).toEqual([]);
    }
  });

  it('must say where what is signed stands, and trust no time that is not', () => {
    expect(issues({ ...HMAC, sign: '{id}.{body}' })).toEqual([expect.stringContaining('id: must say which header')]);
    expect(issues({ ...HMAC, sign: '{id}.{body}', id: { body: 'id' } })[0]).toContain('id: must say which header');
    expect(issues({ ...HMAC, sign: '{timestamp}.{body}' })[0]).toContain('timestamp: must say which header or field');
    expect(issues({ ...HMAC, timestamp: { header: 'x-time' } })[0]).toContain(
      'timestamp: is not signed, and so proves',
    );
    expect(issues({ ...HMAC, timestamp: { body: 'at' } })).toEqual([]);
  });
});

describe('a generic source', () => {
  it('says what its signature covers, as the template has it', () => {
    const id = { header: 'x-id' };
    const covered = (options: object) => {
      const scheme = configured(options);
      const { idSigned, typeSigned, keyFrom } = scheme.describe(delivery());
      return [idSigned, typeSigned, keyFrom, scheme.signsUrl];
    };
    expect(covered({ ...HMAC, id })).toEqual([false, false, 'type+body', false]);
    expect(covered({ ...HMAC, id, sign: '{id}.{body}' })).toEqual([true, false, 'id', false]);
    expect(covered({ ...HMAC, id: { body: 'id' }, type: { body: 'kind' } })).toEqual([true, true, 'id', false]);
    expect(covered({ ...HMAC, type: { header: 'x-type' }, sign: '{url}{body}' })).toEqual([
      false,
      false,
      'type+body',
      true,
    ]);
    const verified = (options: object, text: string) =>
      configured(options).verify(signedWith(text, { 'x-id': ['7'], 'x-time': [String(NOW_SECONDS)] }));
    expect(verified(HMAC, BODY)).toEqual({ ok: true, signed: 'body' });
    expect(verified({ ...HMAC, id, sign: '{id}.{body}' }, `7.${BODY}`)).toEqual({ ok: true, signed: 'body' });
    expect(verified(STAMPED, `${NOW_SECONDS}.${BODY}`)).toEqual({ ok: true, signed: 'time-body' });
    expect(verified({ ...STAMPED, id, sign: '{timestamp}.{id}.{body}' }, `${NOW_SECONDS}.7.${BODY}`)).toEqual({
      ok: true,
      signed: 'id-time-body',
    });
    expect(verified({ ...HMAC, sign: '{url}{body}' }, ENDPOINT + BODY)).toEqual({ ok: true, signed: 'url-body' });
    expect(verified({ ...HMAC, timestamp: { body: 'at' } }, BODY)).toEqual({ ok: true, signed: 'time-body' });
  });

  it('finds id, type, time and subject in headers and in the body, and nothing behind an object', () => {
    const found = configured({
      ...HMAC,
      id: { body: 'data.object.id' },
      type: { body: 'kind' },
      time: { header: 'x-time' },
      subject: { header: 'x-about' },
    }).describe(delivery({ 'x-time': ['1790000000123'], 'x-about': ['order 7'] }));
    expect(found).toEqual({
      deliveryId: '7',
      idSigned: true,
      type: 'order.paid',
      typeSigned: true,
      time: '2026-09-21T14:13:20.123Z',
      subject: 'order 7',
      keyFrom: 'id',
    });
    for (const path of [
      'constructor.name',
      '__proto__.x',
      'list.0.id',
      'list',
      'data',
      'kind.length',
      'nothing.there',
    ]) {
      expect(configured({ ...HMAC, id: { body: path } }).describe(delivery()).deliveryId, path).toBeUndefined();
    }
  });

  it('refuses an id that holds its separator: the same signature would fit a shorter id with another body', () => {
    const scheme = configured({ ...HMAC, id: { header: 'x-id' }, sign: '{id}.{body}' });
    const text = 'a.b.{}';
    expect(scheme.verify(signedWith(text, { 'x-id': ['a'] }, 'b.{}')).ok).toBe(true);
    expect(scheme.verify(signedWith(text, { 'x-id': ['a.b'] }, '{}'))).toEqual({
      ok: false,
      reason: 'header_malformed',
    });
    const behind = configured({ ...HMAC, id: { header: 'x-id' }, sign: '{body}--{id}' });
    expect(behind.verify(signedWith('{}--a', { 'x-id': ['a'] }, '{}')).ok).toBe(true);
    expect(behind.verify(signedWith('{}--a-', { 'x-id': ['a-'] }, '{}')).ok).toBe(false);
  });

  it('refuses a query where nothing divides the URL from the body: bytes could move from one to the other', () => {
    const scheme = configured({ ...HMAC, sign: '{url}{body}' });
    const asked = signedWith(`${ENDPOINT}?a=1{}`, {}, '{}');
    expect(scheme.verify({ ...asked, query: 'a=1' })).toEqual({ ok: false, reason: 'header_malformed' });
    const divided = configured({ ...HMAC, sign: '{method} {url}\n{body}' });
    expect(divided.verify({ ...signedWith(`POST ${ENDPOINT}?a=1\n{}`, {}, '{}'), query: 'a=1' }).ok).toBe(true);
    expect(divided.verify({ ...signedWith(`POST ${ENDPOINT}?a=\n1\n{}`, {}, '{}'), query: 'a=\n1' }).ok).toBe(false);
  });

  it('signs digests of the body and its base64 as senders do that cannot stream', () => {
    expect(
      configured({ ...HMAC, sign: '{body.base64}' }).verify(signedWith(Buffer.from(BODY).toString('base64'))).ok,
    ).toBe(true);
    for (const encoding of ['hex', 'base64'] as const) {
      const scheme = configured({ ...HMAC, sign: `v1:{body.sha256.${encoding}}` });
      const good = signedWith(`v1:${createHash('sha256').update(BODY).digest(encoding)}`);
      expect(scheme.verify(good)).toEqual({ ok: true, signed: 'body' });
      expect(scheme.verify({ ...good, rawBody: Buffer.from('{}') }).ok).toBe(false);
    }
  });

  it('counts a time in milliseconds as such', () => {
    const scheme = configured({ ...STAMPED, timestamp: { header: 'x-time', unit: 'ms', toleranceSeconds: 5 } });
    const at = (ms: string) => scheme.verify(signedWith(`${ms}.${BODY}`, { 'x-time': [ms] }));
    expect(at(`${NOW_SECONDS - 5}000`).ok).toBe(true);
    expect(at(`${NOW_SECONDS - 6}999`)).toMatchObject({ reason: 'timestamp_stale', ageSeconds: 6 });
    expect(at(`${NOW_SECONDS}`)).toMatchObject({ reason: 'timestamp_stale' });
    expect(at(`0${NOW_SECONDS}000`)).toEqual({ ok: false, reason: 'header_malformed', header: 'x-time' });
  });

  it('takes a time in words of one length only', () => {
    const scheme = configured({ ...HMAC, sign: '{timestamp}{body}', timestamp: { header: 'x-time', unit: 'rfc3339' } });
    const at = (text: string) => scheme.verify(signedWith(text + BODY, { 'x-time': [text] }));
    expect(at('2026-09-21T14:13:20Z')).toEqual({ ok: true, signed: 'time-body' });
    expect(at('2026-09-21T14:08:19Z')).toMatchObject({ reason: 'timestamp_stale', ageSeconds: 301 });
    for (const text of [
      '2026-09-21T14:13:20.000Z',
      '2026-09-21T14:13:20+00:00',
      '2026-09-99T14:13:20Z',
      '1790000000',
    ]) {
      expect(at(text), text).toMatchObject({ reason: 'header_malformed' });
    }
  });

  it('holds a time in the body to the tolerance once the body is believed, and refuses a body without', () => {
    const scheme = configured({ ...HMAC, timestamp: { body: 'at' } });
    const old = `{"at":${NOW_SECONDS - 301}}`;
    expect(scheme.verify(signedWith(old, {}, old))).toMatchObject({ reason: 'timestamp_stale', ageSeconds: 301 });
    expect(scheme.verify(signedWith('no', {}, old))).toMatchObject({ reason: 'signature_mismatch' });
    for (const body of ['{}', '{"at":null}', '{"at":1790000000.5}', '{"at":"01790000000"}', 'x', '[1790000000]']) {
      expect(scheme.verify(signedWith(body, {}, body)), body).toEqual({ ok: false, reason: 'body_malformed' });
    }
  });

  it('passes over what in a list begins otherwise', () => {
    const scheme = configured({ ...HMAC, prefix: 'v1=', separator: ',' });
    const good = hex(BODY);
    expect(scheme.verify(delivery({ 'x-signature': [`v0=${good},v1=${good}`] })).ok).toBe(true);
    expect(scheme.verify(delivery({ 'x-signature': [`v0=${good}`] }))).toMatchObject({ reason: 'header_malformed' });
  });
});

describe('the secret of a generic source', () => {
  const key = Buffer.from('a key of sixteen');

  it('is decoded as the source says, and in one spelling', () => {
    const good = signedWith(BODY, {}, BODY, key);
    const verifies = (options: object, secret: string) =>
      configured({ ...HMAC, ...options }).verify({ ...good, secrets: [secret] }).ok;
    expect(verifies({}, key.toString())).toBe(true);
    expect(verifies({ secretEncoding: 'hex' }, key.toString('hex').toUpperCase())).toBe(true);
    expect(verifies({ secretEncoding: 'base64', secretPrefix: 'whsec_' }, `whsec_${key.toString('base64')}`)).toBe(
      true,
    );
    expect(verifies({ secretEncoding: 'base64', secretPrefix: 'whsec_' }, key.toString('base64'))).toBe(true);
    const fault = (options: object, secret: string) => configured({ ...HMAC, ...options }).secretFault(secret);
    expect(fault({ secretEncoding: 'hex' }, 'abc')).toBe('is not hex, as secretEncoding says');
    expect(fault({ secretEncoding: 'base64' }, 'YQ')).toBe('is not base64, as secretEncoding says');
    expect(fault({ secretPrefix: 'whsec_' }, 'whsec_')).toBe('is empty');
    expect(fault({}, ' ')).toBe('is empty');
  });

  const ed25519 = generateKeyPairSync('ed25519');
  const ecdsa = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = (publicKey: KeyObject) => publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const der = (publicKey: KeyObject) => publicKey.export({ format: 'der', type: 'spki' });

  it.each([
    ['ed25519', 'hex', 'der', ed25519],
    ['ecdsa-p256', 'base64', 'der', ecdsa],
    ['ecdsa-p256', 'base64url', 'ieee-p1363', ecdsa],
    ['rsa-sha256', 'base64', 'der', rsa],
  ] as const)(
    'may be a public key: %s in %s (%s)',
    (algorithm, encoding, signatureFormat, { publicKey, privateKey }) => {
      const scheme = configured({ ...STAMPED, algorithm, encoding, signatureFormat });
      const signed = Buffer.from(`${NOW_SECONDS}.${BODY}`);
      const hash = algorithm === 'ed25519' ? null : 'sha256';
      const signature = sign(hash, signed, { key: privateKey, dsaEncoding: signatureFormat });
      const headers = (text: string) => ({ 'x-signature': [text], 'x-time': [String(NOW_SECONDS)] });
      const good = delivery(headers(signature.toString(encoding)));
      const raw =
        algorithm === 'ed25519'
          ? [der(publicKey).subarray(-32).toString('hex'), der(publicKey).subarray(-32).toString('base64')]
          : [];
      for (const secret of [pem(publicKey), der(publicKey).toString('base64'), ...raw]) {
        expect(scheme.secretFault(secret)).toBeUndefined();
        expect(scheme.verify({ ...good, secrets: [secret] })).toEqual({ ok: true, signed: 'time-body' });
        expect(scheme.verify({ ...good, secrets: [secret], rawBody: Buffer.from('{}') }).ok).toBe(false);
        for (const text of [
          '',
          'AAAA',
          'aaaa',
          signature.subarray(1).toString(encoding),
          Buffer.alloc(64).toString(encoding),
        ]) {
          expect(scheme.verify({ ...delivery(headers(text)), secrets: [secret] }).ok).toBe(false);
        }
      }
    },
  );

  it('is no private key, no key of another kind and no short one', () => {
    const fault = (algorithm: string, secret: string) => configured({ ...HMAC, algorithm }).secretFault(secret);
    const privatePem = ed25519.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    expect(fault('ed25519', privatePem)).toBe('is a private key; the public one verifies');
    expect(fault('ed25519', pem(ecdsa.publicKey))).toBe('is no Ed25519 key');
    expect(fault('ecdsa-p256', pem(rsa.publicKey))).toBe('is no ECDSA key on P-256');
    const p384 = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
    expect(fault('ecdsa-p256', pem(p384.publicKey))).toBe('is no ECDSA key on P-256');
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 });
    expect(fault('rsa-sha256', pem(short.publicKey))).toBe('is an RSA key of fewer than 2048 bits');
    expect(fault('rsa-sha256', 'nonsense')).toContain('is no public key');
    expect(fault('rsa-sha256', '')).toBe('is empty');
  });
});

function issues(options: unknown): string[] {
  const scheme = generic.configure(options);
  return Array.isArray(scheme) ? scheme.map(({ path, reason }) => (path ? `${path}: ${reason}` : reason)) : [];
}

function configured(options: unknown): Provider {
  expect(issues(options)).toEqual([]);
  return generic.configure(options) as Provider;
}

const hex = (text: string, key: string | Buffer = 'secret') => createHmac('sha256', key).update(text).digest('hex');

/** A delivery under the signature of a text. */
const signedWith = (text: string, headers: DeliveryHeaders = {}, body = BODY, key: string | Buffer = 'secret') =>
  delivery({ 'x-signature': [hex(text, key)], ...headers }, body);

function delivery(headers: DeliveryHeaders = {}, body = BODY): SignedDelivery {
  return {
    rawBody: Buffer.from(body),
    headers,
    method: 'POST',
    url: ENDPOINT,
    query: '',
    secrets: ['secret'],
    now: NOW_SECONDS * 1000,
    toleranceSeconds: undefined,
  };
}
