import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { registerApp } from '@holdpoint/shared/db/apps';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { hashApiKey } from '@holdpoint/shared/runtime/auth';
import { HTTP_LIMITS } from '@holdpoint/shared/runtime/http-connections';
import { newToken } from '@holdpoint/shared/runtime/ids';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import { connectNats, type Nats } from '@holdpoint/shared/runtime/nats';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { type TestServers, testServers } from '@holdpoint/stack/testing/test-servers';
import { BODIES_MAX_BYTES, type IngestConfig, PUBLISHER_LIMITS } from '../src/config.ts';
import type { ProviderId } from '../src/providers/index.ts';
import { startIngest } from '../src/service.ts';
import { type DeliveryToSign, SAMPLES, signDelivery } from '../src/testing/sign-delivery.ts';

export const SECRET = `whsec_${Buffer.from('twenty-four bytes secret').toString('base64')}`;

/** Where HubSpot believes it delivers. */
export const CRM_URL = 'https://hooks.example.com/crm';

/** Of a provider that signs with a private key. */
export const keysOf = (provider: 'sendgrid' | 'adobe-commerce') => SAMPLES[provider].keys('current');

const SOURCES = {
  acme: `export default [
    { id: 'code', provider: 'github', secrets: ['${SECRET}'] },
    { id: 'payments', provider: 'stripe', secrets: [{ secret: 'PAYMENTS' }], bodyMaxBytes: 2000 },
    { id: 'shop', provider: 'shopify', secrets: ['${SECRET}'] },
    { id: 'std', provider: 'standard-webhooks', secrets: ['${SECRET}'] },
    { id: 'wide', provider: 'fabric', secrets: ['${SECRET}'], bodyMaxBytes: 26214400 },
    { id: 'wake', provider: 'fabric', secrets: ['${SECRET}'], agent: 'triage', subscription: 'orders' },
    { id: 'keyed', provider: 'fabric', secrets: ['${SECRET}'], dedupe: 'id', agent: 'triage', subscription: 'keyed' },
  ];`,
  zeta: `export default [{ id: 'code', provider: 'github', secrets: ['${SECRET}'] },
    { id: 'payments', provider: 'stripe', secrets: ['${SECRET}'] },
    { id: 'wide', provider: 'fabric', secrets: ['${SECRET}'], bodyMaxBytes: 26214400 }];`,
  bulk: `export default [
    { id: 'crm', provider: 'hubspot', secrets: ['${SECRET}'], publicUrl: '${CRM_URL}', bodyMaxBytes: 4000000 },
    { id: 'crm-here', provider: 'hubspot', secrets: ['${SECRET}'] },
    { id: 'mail', provider: 'sendgrid', secrets: ['${keysOf('sendgrid').configured}'] },
    { id: 'books', provider: 'xero', secrets: ['${SECRET}'] },
    { id: 'pages', provider: 'meta', secrets: ['${SECRET}'], options: { verifyToken: 'a token' } },
    { id: 'commerce', provider: 'adobe-commerce', secrets: [\`${keysOf('adobe-commerce').configured}\`] },
  ];`,
};

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: an answer is looked at by its test, field by field
  readonly body: any;
}

export interface Harness {
  readonly servers: TestServers;
  readonly nats: Nats;
  readonly workspaceDir: string;
  /** What the instances logged, line by line. */
  readonly logs: string[];
  start(over?: Partial<IngestConfig>): Promise<RunningService>;
  /** An API key of a tenant. */
  key(tenant: string, scopes?: ('plan' | 'read' | 'admin')[]): Promise<string>;
  stop(): Promise<void>;
}

export interface HarnessOptions {
  /** With a Redis; without, the instances look for one where there is none. */
  readonly redis?: boolean;
  /** More of the workspace: by path. */
  readonly files?: Readonly<Record<string, string>>;
}

export async function ingestHarness({ redis = false, files = {} }: HarnessOptions = {}): Promise<Harness> {
  const servers = await testServers({ redis });
  const workspaceDir = await mkdtemp(join(tmpdir(), 'holdpoint-workspace-'));
  const sources = Object.entries(SOURCES).map(([tenant, text]) => [`tenants/${tenant}/sources.ts`, text] as const);
  for (const [path, text] of [...sources, ...Object.entries(files)]) {
    const file = join(workspaceDir, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  const logger = createLogger({ service: 'test', level: 'silent', instance: 'test' });
  const nats = await connectNats({ url: servers.natsUrl, name: 'test', logger });
  const logs: string[] = [];
  const running: RunningService[] = [];
  const db = createDatabase<Database>(createPool({ url: servers.databaseOwnerUrl, applicationName: 'test', max: 1 }));

  return {
    servers,
    nats,
    workspaceDir,
    logs,
    async start(over = {}) {
      const service = await startIngest({
        service: 'ingest',
        host: '127.0.0.1',
        port: 0,
        databaseUrl: servers.databaseUrl,
        redisUrl: redis ? servers.redisUrl : 'redis://127.0.0.1:1',
        natsUrl: servers.natsUrl,
        workspaceDir,
        logLevel: 'debug',
        trustProxy: false,
        secretEnvironment: { PAYMENTS: SECRET },
        publisher: PUBLISHER_LIMITS,
        http: HTTP_LIMITS,
        counts: { saveEveryMs: 50, readEveryMs: 100 },
        bodiesMaxBytes: BODIES_MAX_BYTES,
        // Every test comes from the same address.
        ingest: {
          tenantRate: { perSecond: 100_000, burst: 100_000 },
          addressRate: { perSecond: 100_000, burst: 100_000 },
          // Streams are made small and full by some tests.
          tenantEventsMaxBytes: 4 * 1024 ** 3,
        },
        logDestination: { write: (line: string) => void logs.push(line) },
        ...over,
      });
      running.push(service);
      return service;
    },
    async key(tenant, scopes = ['admin']) {
      const key = `hp_${newToken()}`;
      const app = {
        id: newToken().slice(0, 12),
        tenant,
        key_hash: hashApiKey(key),
        scopes,
        operators: null,
        audiences: [],
      };
      await registerApp(db, app);
      return key;
    },
    async stop() {
      await Promise.all(running.map((service) => service.stop()));
      await nats.close();
      await db.destroy();
      await servers.stop();
      await rm(workspaceDir, { recursive: true, force: true });
    },
  };
}

/** The only `hooks.ts` of instances that are started from then on, by tenant. */
export async function writeHooks(harness: Harness, webhooks: Readonly<Record<string, string>>): Promise<void> {
  for (const tenant of Object.keys(SOURCES)) {
    const file = join(harness.workspaceDir, 'tenants', tenant, 'hooks.ts');
    const text = webhooks[tenant];
    if (text === undefined) await rm(file, { force: true });
    else await writeFile(file, `export default { webhooks: [${text}] };`);
  }
}

export type Sent = Omit<DeliveryToSign, 'secret'> & {
  readonly secret?: string;
  readonly headers?: Record<string, string>;
};

/** Delivers as the provider would. */
export async function deliver(url: string, provider: ProviderId, delivery: Sent): Promise<Answer> {
  const { headers, secret = SECRET, ...rest } = delivery;
  const signed = signDelivery(provider, { secret, ...rest });
  return answer(
    await fetch(url, {
      method: 'POST',
      headers: { ...signed, ...headers },
      body: new Uint8Array(Buffer.from(rest.body as string)),
    }),
  );
}

export async function ask(url: string, key: string, init: { method?: string; body?: unknown } = {}): Promise<Answer> {
  const { method = 'GET', body } = init;
  return answer(
    await fetch(url, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }),
  );
}

async function answer(response: Response): Promise<Answer> {
  const bytes = Buffer.from(await response.arrayBuffer());
  const json = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, headers: response.headers, body: json ? JSON.parse(bytes.toString()) : bytes };
}

/** The value of a metric with exactly these labels; 0 where there is none yet. */
export async function metric(url: string, name: string, labels: Record<string, string> = {}): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text
    .split('\n')
    .find(
      (one) =>
        one.startsWith(`holdpoint_${name}{`) && Object.entries(labels).every(([k, v]) => one.includes(`${k}="${v}"`)),
    );
  return line === undefined ? 0 : Number(line.split(' ').at(-1));
}

/** Polls until the condition holds. */
export async function eventually<T>(attempt: () => Promise<T | undefined | false>, withinMs = 15_000): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    const found = await attempt();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
