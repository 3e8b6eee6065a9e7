import { access, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OWNER, passwordVariable } from '@holdpoint/shared/messages/nats-accounts';
import {
  ConfigError,
  environmentSchema,
  readConfig,
  SERVICES,
  type ServiceName,
} from '@holdpoint/shared/runtime/config';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { vendorUrls } from '../../workspace/vendors/vendors.ts';
import { type ComposePart, interpolate, readCompose, readDockerfile, variablesOf } from './compose-file.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const textOf = (path: string): Promise<string> => readFile(join(root, path), 'utf8');

const { text, file } = await readCompose(root);
const parts = Object.entries(file.services);
const example = Object.fromEntries(
  (await textOf('.env.example'))
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
);
const filledIn = Object.fromEntries(variablesOf(text).map(({ name, required }) => [name, required ? 'given' : '']));

/** What the example workspace's connectors ask for. */
const EXAMPLE = ['SHOP_URL', ...Object.keys(vendorUrls({}))];

/** What runs to its end, and is no server. */
/** At NATS: whoever makes the streams, and who has a login of its own there. */
const NATS_LOGINS = [...SERVICES, 'operators=acme'];

const ONE_SHOTS = new Set(['migrate', 'nats-volume']);
/** Speaks to NATS alone and listens nowhere: when it dies, it is started again. */
const UNASKED = new Set(['operators']);
/** Whose user its Dockerfile names. */
const OWN_IMAGE = file.services.migrate?.image;
const OWNER_OF_A_VOLUME = 'nats-volume';

function part(name: string): ComposePart {
  const found = file.services[name];
  if (!found) throw new Error(`there is no ${name}`);
  return found;
}

function environmentOf(name: string): Record<string, string> {
  const environment = Object.entries(part(name).environment ?? {});
  return Object.fromEntries(environment.map(([key, value]) => [key, interpolate(value, filledIn)]));
}

describe('docker-compose.yml', async () => {
  // It names its dialect by an address that the validator does not know it under.
  const { $schema: _dialect, ...schema } = JSON.parse(await textOf('test/house/fixtures/compose-spec.json'));
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);

  test('is what the Compose specification asks for', () => {
    validate(file);
    expect(validate.errors).toBeNull();
  });

  test('is checked by something that can fail', () => {
    expect(validate({ services: { a: { image: 'a', helthcheck: {} } } })).toBe(false);
    expect(validate({ services: { a: { image: 'a', ports: 80 } } })).toBe(false);
  });

  test('brings every service, the servers and the migration', () => {
    expect(Object.keys(file.services)).toEqual(
      expect.arrayContaining([...SERVICES, 'postgres', 'redis', 'nats', 'migrate']),
    );
  });

  test('pins images by version, and names no registry', () => {
    for (const [, { image }] of parts) expect(image).toMatch(/^[a-z]+:\d+\.\d+[\w.-]*$/);
  });

  test('builds the one image once', () => {
    expect(parts.filter(([, { build }]) => build !== undefined).map(([name]) => name)).toEqual(['migrate']);
    for (const name of SERVICES) expect(part(name).image).toBe(OWN_IMAGE);
  });

  test('publishes on loopback only, and no server at all', () => {
    for (const [, { ports = [] }] of parts) for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    for (const name of ['postgres', 'redis', 'nats']) expect(part(name).ports).toBeUndefined();
  });

  test('asks every part that stays whether it is well', () => {
    const unasked = parts.filter(([, { healthcheck }]) => healthcheck === undefined).map(([name]) => name);
    expect(unasked.sort()).toEqual([...ONE_SHOTS, ...UNASKED].sort());
    for (const name of SERVICES) {
      const [port = ''] = /\d+$/.exec(part(name).ports?.[0] ?? '') ?? [];
      expect(part(name).healthcheck?.test).toEqual(['CMD', 'node', 'deploy/healthcheck.mjs', port]);
      expect(Number(port)).toBe(readConfig(environmentOf(name), name).port);
    }
  });

  test('runs nothing as root, but what gives a volume away', () => {
    const roots = parts.filter(([, { user, image }]) =>
      /^(root|0)(:|$)/.test(user ?? (image === OWN_IMAGE ? 'node' : 'root')),
    );
    expect(roots.map(([name]) => name)).toEqual([OWNER_OF_A_VOLUME]);
  });

  test('keeps what the servers keep on volumes', () => {
    expect(part('postgres').volumes).toEqual(['postgres:/var/lib/postgresql']);
    expect(part('redis').volumes).toEqual(['redis:/data']);
    expect(part('nats').volumes).toContain('nats:/data');
    expect(Object.keys(file.volumes).sort()).toEqual(['nats', 'postgres', 'redis']);
  });

  test('has a Redis that keeps its file and forgets nothing', () => {
    const command = part('redis').command?.join(' ');
    expect(command).toContain('--appendonly yes');
    expect(command).toContain('--maxmemory-policy noeviction');
    expect(command).toContain('--requirepass $');
  });

  test('has a NATS that syncs every write and asks for a password', async () => {
    expect(part('nats').volumes).toContain('./deploy/nats.conf:/etc/nats/holdpoint.conf:ro');
    expect(part('nats').command).toContain('/etc/nats/holdpoint.conf');
    const config = await textOf('deploy/nats.conf');
    expect(config).toMatch(/^\s*sync_interval: always$/m);
    expect(config).toMatch(/^\s*store_dir: "\/data"$/m);
    expect(part('nats').volumes).toContain('./deploy/nats-accounts.conf:/etc/nats/nats-accounts.conf:ro');
    expect(config).toMatch(/^include \.\/nats-accounts\.conf$/m);
    const accounts = await textOf('deploy/nats-accounts.conf');
    const variables = [...accounts.matchAll(/password: \$(\w+)/g)].map(([, variable = '']) => variable);
    expect(variables).toEqual([OWNER, ...NATS_LOGINS].map(passwordVariable));
    // Unquoted, a password of digits would be read as a number.
    for (const variable of variables) expect(environmentOf('nats')[variable]).toBe('"given"');
  });

  test('starts files that are there', async () => {
    const files = parts.flatMap(([, { command = [] }]) => command).filter((word) => /^[a-z].*\.(ts|mjs)$/.test(word));
    expect(files.length).toBeGreaterThan(SERVICES.length);
    for (const path of files) await access(join(root, path));
  });
});

test('finds the stand-ins of the vendors where they listen', () => {
  const [, , , ports = '', host] = part('vendors').command as string[];
  expect(host).toBe('0.0.0.0');
  expect(environmentOf('executor')).toMatchObject(vendorUrls(JSON.parse(ports), 'vendors'));
});

describe.each(SERVICES)('%s', (name: ServiceName) => {
  const environment = environmentOf(name);

  test('is given what its configuration reads, and no more', async () => {
    const known = Object.keys(environmentSchema.shape);
    const secrets = name === 'executor' ? EXAMPLE : [];
    expect(Object.keys(environment).filter((key) => ![...known, ...secrets].includes(key))).toEqual([]);
    const page = await textOf('docs/reference/config.md');
    for (const key of known) expect(page).toContain(`\`${key}\``);
    const { host, workspaceDir } = readConfig(environment, name, '/holdpoint');
    expect({ host, workspaceDir }).toEqual({ host: '0.0.0.0', workspaceDir: '/holdpoint/mounted/workspace' });
  });

  test('takes on whatever it is configured by', () => {
    const own = new Set(['PORT', 'INSTANCE_ID', 'NATS_CREDS']);
    if (name !== 'ingest' && name !== 'executor') own.add('HOLDPOINT_MASTER_KEY');
    if (name !== 'executor' && name !== 'approvals') own.add('HOLDPOINT_PRIVATE_NETWORK');
    if (name !== 'evaluator') own.add('HOLDPOINT_RECORDS_DAYS');
    if (name !== 'ingest') {
      for (const key of ['INGEST_TENANT_RATE', 'INGEST_ADDRESS_RATE', 'INGEST_TENANT_MAX_BYTES']) own.add(key);
    }
    if (name !== 'approvals' && name !== 'executor')
      for (const key of ['PUBLIC_URL', 'OIDC_CLIENT_SECRET']) own.add(key);
    if (name !== 'approvals') {
      for (const key of ['EXECUTOR_URL', 'EVALUATOR_URL', 'INGEST_URL', 'QUEUES_URL']) own.add(key);
    }
    const missing = Object.keys(environmentSchema.shape).filter((key) => !(key in environment) && !own.has(key));
    expect(missing).toEqual([]);
  });

  test('does not start without what it requires', () => {
    for (const key of ['DATABASE_URL', 'REDIS_URL', 'NATS_URL']) {
      expect(() => readConfig({ ...environment, [key]: '' }, name)).toThrow(ConfigError);
    }
  });

  test('logs in as the restricted role, after the migration', () => {
    expect(environment).not.toHaveProperty('DATABASE_OWNER_URL');
    expect(new URL(environment.DATABASE_URL ?? '').username).toBe('holdpoint_app');
    expect(JSON.stringify(part(name))).not.toContain('POSTGRES_PASSWORD');
    expect(part(name).depends_on?.migrate?.condition).toBe('service_completed_successfully');
  });

  test('may change nothing around it', () => {
    expect(part(name)).toMatchObject({ init: true, read_only: true, cap_drop: ['ALL'], restart: 'unless-stopped' });
    expect(part(name).volumes).toHaveLength(1);
    expect(part(name).volumes?.[0]).toMatch(/:\/holdpoint\/mounted\/workspace:ro$/);
  });

  test('is left the time to drain', async () => {
    const service = await textOf('packages/shared/src/runtime/service.ts');
    const drainMaxMs = Number(/DRAIN_MAX_MS = ([\d_]+)/.exec(service)?.[1]?.replaceAll('_', ''));
    const graceMs = Number(/^(\d+)s$/.exec(part(name).stop_grace_period ?? '')?.[1]) * 1000;
    expect(graceMs).toBeGreaterThan(drainMaxMs);
  });

  test('is given secrets of the workspace by a file of its own, or none', () => {
    const files = part(name).env_file?.map(({ path }) => path) ?? [];
    expect(files).toEqual(name === 'evaluator' ? [] : [`.env.${name}`]);
  });
});

test('everyone has a login at NATS of its own, and the migration the owner’s', () => {
  for (const login of NATS_LOGINS) {
    const name = login === 'operators=acme' ? 'operators' : login;
    const own = variablesOf(JSON.stringify(part(name).environment)).map((one) => one.name);
    expect(own.filter((variable) => variable.startsWith('NATS_'))).toEqual([passwordVariable(login)]);
    expect(new URL(environmentOf(name).NATS_URL ?? '').username).toBe(encodeURIComponent(login));
  }
  expect(new URL(environmentOf('migrate').NATS_OWNER_URL ?? '').username).toBe(OWNER);
});

describe('the migration', () => {
  test('is alone in knowing the owners', () => {
    const ofNats = parts.filter(([, one]) => JSON.stringify(one).includes('{NATS_PASSWORD'));
    expect(ofNats.map(([name]) => name)).toEqual(['nats', 'migrate']);
    const knowing = parts.filter(([, one]) => JSON.stringify(one).includes('POSTGRES_PASSWORD')).map(([name]) => name);
    expect(knowing.sort()).toEqual(['migrate', 'postgres']);
    const { DATABASE_OWNER_URL = '', DATABASE_URL } = environmentOf('migrate');
    expect(new URL(DATABASE_OWNER_URL).username).toBe(environmentOf('postgres').POSTGRES_USER);
    expect(DATABASE_URL).toBe(environmentOf('ingest').DATABASE_URL);
  });
});

describe('.env.example', () => {
  test('names what compose takes from it', () => {
    const optional = new Set([...EXAMPLE, 'HOLDPOINT_TENANT']);
    const missing = variablesOf(text).filter(({ name }) => !(name in example) && !optional.has(name));
    expect(missing).toEqual([]);
    const taken = new Set(variablesOf(text).map(({ name }) => name));
    expect(Object.keys(example).filter((name) => !taken.has(name))).toEqual([]);
  });

  test('brings no secret, and neither does compose', () => {
    const secrets = variablesOf(text).filter(({ name }) => /PASSWORD|KEY|SECRET|TOKEN/.test(name));
    expect(secrets.length).toBeGreaterThan(3);
    for (const { name, required } of secrets) {
      expect(example[name]).toBe('');
      expect(required || ['HOLDPOINT_MASTER_KEY', 'OIDC_CLIENT_SECRET'].includes(name)).toBe(true);
    }
    expect(text).not.toMatch(/(PASSWORD|KEY|SECRET|TOKEN)[A-Z_]*:-[^}]/);
  });

  test('is the only one of its kind that is shared', async () => {
    const [ignored, left] = await Promise.all([textOf('.gitignore'), textOf('.dockerignore')]);
    expect(ignored.split('\n')).toEqual(expect.arrayContaining(['.env', '.env.*', '!.env.example']));
    expect(left.split('\n')).toEqual(expect.arrayContaining(['**/.env', '**/.env.*', '**/node_modules', '**/.git']));
  });
});

describe('Dockerfile', async () => {
  const instructions = readDockerfile(await textOf('Dockerfile'));
  const all = (word: string): string[] => instructions.filter((one) => one.word === word).map(({ rest }) => rest);

  test('says only what a Dockerfile can say', () => {
    const known = new Set(['FROM', 'ENV', 'WORKDIR', 'COPY', 'RUN', 'USER', 'EXPOSE', 'CMD']);
    expect(instructions.filter(({ word }) => !known.has(word))).toEqual([]);
    expect(instructions[0]?.word).toBe('FROM');
    expect(() => readDockerfile('FROM a\nnonsense')).toThrow();
  });

  test('stands on a pinned Node that runs TypeScript', () => {
    const [major = 0, minor = 0] = (/^node:(\d+)\.(\d+)\.\d+-/.exec(all('FROM')[0] ?? '') ?? []).slice(1).map(Number);
    expect(major > 22 || (major === 22 && minor >= 18)).toBe(true);
    expect(new Set(all('FROM').map((from) => from.split(' ')[0])).size).toBe(1);
  });

  test('installs by the lockfile, with the pnpm of the repository', async () => {
    const [, pnpm] = /'(pnpm@[\d.]+)'/.exec(await textOf('scripts/run.mjs')) ?? [];
    const install = all('RUN').find((run) => run.includes('install')) ?? '';
    expect(install).toContain(`npx --yes ${pnpm} install --prod --frozen-lockfile`);
    // A plain filter follows development's dependencies too, down to the embedded servers.
    expect(install).not.toMatch(/--filter\s/);
  });

  test('runs as somebody who may change nothing', () => {
    const last = instructions.slice(instructions.findLastIndex(({ word }) => word === 'FROM'));
    expect(last.filter(({ word }) => word === 'USER').map(({ rest }) => rest)).toEqual(['node']);
    expect(last.find(({ word }) => word === 'COPY')?.rest).not.toContain('--chown');
  });
});
