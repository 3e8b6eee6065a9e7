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
    ['JWT_PERSON_CLAIM', 'idtyp'],
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
      personClaim: { name: 'kind', value: 'human=yes' },
    });
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
