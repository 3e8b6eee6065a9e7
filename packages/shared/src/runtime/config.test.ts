import { describe, expect, test } from 'vitest';
import { ConfigError, type Environment, readConfig } from './config.ts';

const minimal = {
  DATABASE_URL: 'postgres://user:pass@127.0.0.1:5432/holdpoint',
  REDIS_URL: 'redis://127.0.0.1:6379',
  NATS_URL: 'nats://127.0.0.1:4222',
};

function refusal(env: Environment): string {
  try {
    readConfig(env, 'executor');
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error('was accepted');
}

describe('readConfig', () => {
  test('the three servers are enough; the rest has defaults', () => {
    expect(readConfig(minimal, 'approvals', '/srv')).toEqual({
      service: 'approvals',
      console: { services: {} },
      privateNetwork: 'refuse',
      host: '127.0.0.1',
      port: 4004,
      databaseUrl: minimal.DATABASE_URL,
      redisUrl: minimal.REDIS_URL,
      natsUrl: minimal.NATS_URL,
      workspaceDir: '/srv/workspace',
      logLevel: 'info',
      trustProxy: false,
    });
  });

  test.each([
    ['ingest', 4001],
    ['evaluator', 4002],
    ['executor', 4003],
    ['approvals', 4004],
  ] as const)('%s listens on %d unless told', (service, port) => {
    expect(readConfig(minimal, service).port).toBe(port);
    expect(readConfig({ ...minimal, PORT: '0' }, service).port).toBe(0);
  });

  test('an empty variable counts as absent', () => {
    expect(readConfig({ ...minimal, PORT: '', LOG_LEVEL: '', JWKS_URL: '' }, 'ingest').port).toBe(4001);
    expect(refusal({ ...minimal, DATABASE_URL: '' })).toBe('DATABASE_URL: is required');
  });

  test.each([
    ['DATABASE_URL', 'mysql://127.0.0.1/x'],
    ['DATABASE_URL', 'db.internal'],
    ['REDIS_URL', '127.0.0.1:6379'],
    ['NATS_URL', 'nats://a:4222,http://b:4222'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '4e3'],
    ['LOG_LEVEL', 'loud'],
    ['JWT_PERSON_CLAIM', 'idtyp=user|=x'],
    ['HOLDPOINT_MASTER_KEY', 'c2hvcnQ='],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'localhost:4318'],
    ['INSTANCE_ID', 'with space'],
  ])('a bad %s stops the service with one line that names it and hides its value', (variable, value) => {
    const message = refusal({ ...minimal, [variable]: value });
    expect(message).toMatch(new RegExp(`^${variable}: \\S`));
    expect(message).not.toContain('\n');
    expect(message).not.toContain(value);
  });

  test.each(['DATABASE_URL', 'REDIS_URL', 'NATS_URL'])('%s is required', (variable) => {
    expect(refusal({ ...minimal, [variable]: undefined })).toBe(`${variable}: is required`);
  });

  test('the variables that name an issuer stand or fall together', () => {
    const jwt = { JWKS_URL: 'https://id.example/jwks', JWT_ISSUER: 'https://id.example', JWT_AUDIENCE: 'holdpoint' };
    for (const missing of Object.keys(jwt)) {
      expect(refusal({ ...minimal, ...jwt, [missing]: undefined })).toMatch(new RegExp(`^${missing}: is required`));
    }
    expect(readConfig({ ...minimal, ...jwt, JWT_PERSON_CLAIM: 'kind=human=yes' }, 'approvals').jwt).toEqual({
      jwksUrl: 'https://id.example/jwks',
      issuer: 'https://id.example',
      audience: 'holdpoint',
      tenantClaim: 'tenant',
      audiencesClaim: 'groups',
      personClaims: [{ name: 'kind', value: 'human=yes' }],
    });
  });

  describe('signing in with a browser', () => {
    const oidc = { OIDC_ISSUER: 'https://id.example/', OIDC_CLIENT_ID: 'console', PUBLIC_URL: 'https://ops.example//' };

    test('is for the console, and for the executor where it says how browsers reach it', () => {
      expect(readConfig({ ...minimal, ...oidc, OIDC_CLIENT_SECRET: 's' }, 'approvals').oidc).toEqual({
        issuer: 'https://id.example/',
        discoveryUrl: 'https://id.example/.well-known/openid-configuration',
        clientId: 'console',
        clientSecret: 's',
        scopes: 'openid profile email',
        name: 'single sign-on',
        publicUrl: 'https://ops.example',
        tenantClaim: 'tenant',
        audiencesClaim: 'groups',
        personClaims: [{ name: 'idtyp', value: 'user' }],
      });
      expect(readConfig({ ...minimal, ...oidc }, 'executor').oidc).toBeDefined();
      expect(readConfig({ ...minimal, ...oidc, PUBLIC_URL: '' }, 'executor')).not.toHaveProperty('oidc');
      expect(readConfig({ ...minimal, ...oidc }, 'ingest')).not.toHaveProperty('oidc');
    });

    test.each<[string, Environment, string]>([
      ['no client', { OIDC_CLIENT_ID: '' }, 'OIDC_CLIENT_ID: is required where OIDC_ISSUER is set'],
      ['no issuer', { OIDC_ISSUER: '' }, 'OIDC_ISSUER: is required where OIDC_CLIENT_ID is set'],
      ['no way back', { PUBLIC_URL: '' }, 'PUBLIC_URL: is required where OIDC_ISSUER is set'],
      ['no openid', { OIDC_SCOPES: 'profile' }, 'OIDC_SCOPES: must have openid'],
      ['plain http', { OIDC_ISSUER: 'http://id.example' }, 'OIDC_ISSUER: must be a URL that begins with https://'],
      [
        'plain http',
        { OIDC_DISCOVERY_URL: 'http://id.example/x' },
        'OIDC_DISCOVERY_URL: must be a URL that begins with',
      ],
      ['no URL', { OIDC_ISSUER: 'urn:id' }, 'OIDC_ISSUER: must be a URL that begins with https://'],
      [
        'another issuer than that of tokens',
        { JWKS_URL: 'https://id.example/jwks', JWT_ISSUER: 'https://other.example', JWT_AUDIENCE: 'holdpoint' },
        'OIDC_ISSUER: must be what JWT_ISSUER is',
      ],
    ])('is refused with %s', (_, change, message) => {
      expect(() => readConfig({ ...minimal, ...oidc, ...change }, 'approvals')).toThrow(message);
    });

    test('takes plain http on this machine', () => {
      for (const OIDC_ISSUER of ['http://127.0.0.1:4009', 'http://localhost:4009']) {
        expect(readConfig({ ...minimal, ...oidc, OIDC_ISSUER }, 'approvals').oidc?.issuer).toBe(OIDC_ISSUER);
      }
    });
  });

  test("a person's marks are several, with or without a value", () => {
    const jwt = { JWKS_URL: 'https://id.example/jwks', JWT_ISSUER: 'https://id.example', JWT_AUDIENCE: 'holdpoint' };
    const { personClaims } = readConfig({ ...minimal, ...jwt, JWT_PERSON_CLAIM: 'oid|a.b=c=d' }, 'ingest').jwt ?? {};
    expect(personClaims).toEqual([{ name: 'oid' }, { name: 'a.b', value: 'c=d' }]);
  });

  test('the limits of ingest have defaults, are read by nobody else, and are refused by name', () => {
    expect(readConfig(minimal, 'ingest').ingest).toEqual({
      tenantRate: { perSecond: 10_000, burst: 20_000 },
      addressRate: { perSecond: 100, burst: 1_000 },
    });
    const env = { ...minimal, INGEST_ADDRESS_RATE: '5/50', INGEST_TENANT_MAX_BYTES: '1000000' };
    expect(readConfig(env, 'ingest').ingest).toMatchObject({
      addressRate: { perSecond: 5, burst: 50 },
      tenantEventsMaxBytes: 1_000_000,
    });
    expect(readConfig(env, 'executor')).not.toHaveProperty('ingest');
    expect(refusal({ ...minimal, INGEST_TENANT_RATE: '5' })).toMatch(/^INGEST_TENANT_RATE: must be <a second>/);
  });

  test('where the other services are is for the console alone, each for itself', () => {
    const env = { ...minimal, EXECUTOR_URL: 'http://executor:4003', QUEUES_URL: 'https://ops.example/queues' };
    expect(readConfig(env, 'approvals').console).toEqual({
      services: { executor: 'http://executor:4003' },
      queuesUrl: 'https://ops.example/queues',
    });
    expect(readConfig(env, 'executor')).not.toHaveProperty('console');
    expect(refusal({ ...minimal, INGEST_URL: 'ingest:4001' })).toMatch(/^INGEST_URL: must be a URL/);
  });

  test('the master key reaches only the services that open secrets', () => {
    const env = { ...minimal, HOLDPOINT_MASTER_KEY: 'ab'.repeat(32) };
    expect(readConfig(env, 'ingest').masterKey).toEqual(new Uint8Array(32).fill(0xab));
    expect(readConfig(env, 'executor').masterKey).toHaveLength(32);
    expect(readConfig(env, 'evaluator')).not.toHaveProperty('masterKey');
    expect(readConfig(env, 'approvals')).not.toHaveProperty('masterKey');
  });

  test.each([
    ['true', true],
    ['false', false],
    ['2', 2],
    ['10.0.0.0/8, 127.0.0.1', ['10.0.0.0/8', '127.0.0.1']],
  ])('TRUST_PROXY %s', (text, expected) => {
    expect(readConfig({ ...minimal, TRUST_PROXY: text }, 'ingest').trustProxy).toEqual(expected);
  });
});
