import { headers } from '@nats-io/transport-node';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeType, eventId, eventIdSchema, parseEventId } from '../domain/event.ts';
import { decodeHeaderValue, encodeHeaderValue, readEventMessage } from '../messages/event-message.ts';
import { eventSubject, parseEventSubject } from '../messages/subjects.ts';
import { isStorable, mutatedText, NASTY } from '../testing/hostile.ts';
import { ConfigError, readConfig, SERVICES } from './config.ts';
import { whyNotPublic } from './public-address.ts';
import { formatTraceparent, parseTraceparent } from './trace.ts';

const text = fc.string({ unit: 'binary', maxLength: 80 });

test('a traceparent is read as it would be written, or not at all', () => {
  const good = `00-${'a1'.repeat(16)}-${'b2'.repeat(8)}-01`;
  let read = 0;
  fc.assert(
    fc.property(fc.oneof(fc.constant(good), mutatedText(good)), (header) => {
      const trace = parseTraceparent(header);
      if (!trace) return;
      read += 1;
      expect(formatTraceparent(trace)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
      expect(parseTraceparent(formatTraceparent(trace))).toEqual(trace);
    }),
    { numRuns: 1000 },
  );
  expect(read).toBeGreaterThan(10);
});

test('what is no address is never public, and none that is mapped, local or private is', () => {
  fc.assert(
    fc.property(
      fc.oneof(...['::ffff:10.0.0.1', '169.254.169.254', 'fe80::1%eth0', '64:ff9b::1'].map(mutatedText)),
      (one) => {
        const why = whyNotPublic(one);
        if (why === undefined) expect(one).toMatch(/^[0-9a-fA-F:.]+(%.+)?$/);
        if (/^(::ffff:|10\.|127\.|169\.254\.|fe80|64:ff9b:)/i.test(one)) expect(why).toBeDefined();
      },
    ),
    { numRuns: 1000 },
  );
});

test('any text survives a header, and any header is read', () => {
  fc.assert(
    fc.property(text, (one) => {
      const written = encodeHeaderValue(one);
      expect(written).toMatch(/^[\x21-\x7e]*$/);
      expect(decodeHeaderValue(written)).toBe(one.toWellFormed());
      expect(decodeHeaderValue(one)).toBeTypeOf('string');
    }),
    { numRuns: 1000 },
  );
});

test('any message of the stream of events is read, and is its subject’s', () => {
  const names = [
    'ce-type',
    'ce-time',
    'ce-subject',
    'ce-signed',
    'ce-typesigned',
    'ce-rootid',
    'ce-dataref',
    'ce-datasize',
  ];
  const value = fc.oneof(text, fc.constantFrom(...NASTY.map(String))).map((one) => one.replace(/[\r\n]/g, ''));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...names, 'ce-tier', 'ce-__proto__', 'ce-constructor'), value), {
        maxLength: 8,
      }),
      fc.oneof(
        fc.uint8Array({ maxLength: 60 }),
        fc.json().map((json) => Buffer.from(json)),
      ),
      fc.constantFrom('events.acme.code.push.k', 'events.acme', 'events.*.__proto__.>', 'events.a.b.c.d.e.f'),
      (pairs, data, subject) => {
        const told = headers();
        for (const [name, one] of pairs) told.append(name, one);
        const event = readEventMessage({ subject, headers: told, data }, 40);
        expect(event.tenant).toBe(subject.split('.')[1]);
        expect(Number.isFinite(event.size)).toBe(true);
        expect(['id-time-body', 'time-body', 'body', 'url-body', 'none']).toContain(event.signed);
        if (data.length > 40) expect(event.data).toBeNull();
        expect(Object.getPrototypeOf(event.annotations ?? {})).toBe(Object.prototype);
      },
    ),
    { numRuns: 1000 },
  );
});

test('an event’s id is one place in its tenant’s subjects, whatever its type is called', () => {
  fc.assert(
    fc.property(
      text,
      fc.option(text, { nil: undefined }),
      fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/),
      (one, type, key) => {
        const id = eventId('code', type, key);
        const subject = eventSubject('acme', eventIdSchema.parse(id));
        expect(subject).toMatch(/^events\.acme\.code\.[A-Za-z0-9_=-]{1,64}\.[A-Za-z0-9_-]+$/);
        expect(parseEventSubject(subject)).toEqual({ tenant: 'acme', eventId: id });
        expect(parseEventId(id)).toEqual({ source: 'code', typeToken: encodeType(type), key });
        if (encodeType(one) === encodeType(type))
          expect(one.toWellFormed() || 'unknown').toBe(type?.toWellFormed() || 'unknown');
      },
    ),
    { numRuns: 1000 },
  );
});

test('any environment is read or refused by one line that names the variable and shows no value', () => {
  const good: Readonly<Record<string, string>> = {
    DATABASE_URL: 'postgres://u:p@h/db',
    REDIS_URL: 'redis://h',
    NATS_URL: 'nats://h:4222,tls://i',
    PORT: '4001',
    JWKS_URL: 'https://id/keys',
    JWT_ISSUER: 'https://id',
    JWT_AUDIENCE: 'holdpoint',
    JWT_PERSON_CLAIM: 'idtyp=user|email',
    HOLDPOINT_MASTER_KEY: 'ab'.repeat(32),
    HOLDPOINT_RECORDS_DAYS: '400',
    TRUST_PROXY: '10.0.0.0/8,::1',
    INGEST_TENANT_RATE: '100/1000',
    INGEST_TENANT_MAX_BYTES: '1000',
    PUBLIC_URL: 'https://console/',
    OIDC_ISSUER: 'https://id',
    OIDC_CLIENT_ID: 'x',
  };
  const one = fc
    .constantFrom(...Object.keys(good))
    .chain((name) => fc.tuple(fc.constant(name), mutatedText(good[name] ?? '')));
  fc.assert(
    fc.property(one, fc.constantFrom(...SERVICES), ([name, value], service) => {
      try {
        const config = readConfig({ ...good, [name]: value }, service, '/');
        expect(config.port).toBeLessThan(65_536);
        expect(JSON.stringify(config)).not.toMatch(/:null[,}]/);
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
        const { message, variable } = error as ConfigError;
        expect(message).toMatch(/^[A-Z_]+: [^\n]+$/);
        expect(Object.keys(good).concat('OIDC_DISCOVERY_URL')).toContain(variable);
        if (value.length > 12) expect(message).not.toContain(value);
      }
    }),
    { numRuns: 1500 },
  );
});

test('nothing of it can be stored that is not text', () => {
  expect(NASTY.filter((one) => !isStorable(one))).toHaveLength(4);
});
