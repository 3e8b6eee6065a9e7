import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { registerApp } from '@holdpoint/shared/db/apps';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { STREAMS, type StreamName } from '@holdpoint/shared/messages/streams';
import { planSubject } from '@holdpoint/shared/messages/subjects';
import { hashApiKey } from '@holdpoint/shared/runtime/auth';
import type { ServiceConfig } from '@holdpoint/shared/runtime/config';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import { connectNats, ensureStreams, type Nats } from '@holdpoint/shared/runtime/nats';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { type TestServers, testServers } from '@holdpoint/stack/testing/test-servers';
import type { Kysely } from 'kysely';
import type { EvaluatorConfig } from '../src/config.ts';
import { startEvaluator } from '../src/service.ts';

export const WORKSPACE = {
  'connectors/shop/tools.ts': `export default { name: 'shop', tools: {
    'orders.read': { risk: 'read' },
    'orders.hold': { risk: 'write' },
    'orders.refund': { risk: 'write', value: (args) => args.amount, secretArgs: ['card'] },
    'orders.cancel': { risk: 'destructive' },
    'orders.spin': { risk: 'write' },
  } };`,
  'connectors/shop/run.ts':
    "const none = () => null; export default { run: { 'orders.read': none, 'orders.hold': none, 'orders.refund': none, 'orders.cancel': none, 'orders.spin': none } };",
  'tenants/acme/policies.ts': `export default [
    { id: 'holds', connector: 'shop', tool: 'orders.hold', maxValue: 500, decision: 'ALLOW' },
    { id: 'refunds', connector: 'shop', tool: 'orders.refund', decision: 'ALERT' },
    { id: 'spins', connector: 'shop', tool: 'orders.spin', predicate: (action) => { if (action.value === 1) for (;;); return true; }, decision: 'ALLOW' },
  ];`,
} as const;

export interface Kit {
  readonly servers: TestServers;
  readonly db: Kysely<Database>;
  readonly nats: Nats;
  readonly keys: { readonly admin: string; readonly operator: string };
  readonly workspaceDir: string;
  start(over?: Partial<EvaluatorConfig>): Promise<RunningService>;
  publish(plan: unknown, operator?: string, tenant?: string): Promise<void>;
  post(service: RunningService, path: string, body: unknown, key?: string): Promise<Response>;
  /** All messages of a stream so far, parsed. */
  messages(stream: StreamName): Promise<{ subject: string; body: never; headers: Map<string, string>; text: string }[]>;
  /** Looks until the condition holds. */
  until<T>(look: () => Promise<T | undefined | false>, maxMs?: number): Promise<T>;
  stop(): Promise<void>;
}

export async function createKit(files: Readonly<Record<string, string>> = WORKSPACE): Promise<Kit> {
  const servers = await testServers({ redis: false });
  const logger = createLogger({ service: 'test', level: 'silent', instance: 'test' });
  const workspaceDir = await writeWorkspace(files);
  const nats = await connectNats({ url: servers.natsUrl, name: 'test', logger });
  await ensureStreams(nats.jsm, Object.values(STREAMS), logger);
  const db = createDatabase<Database>(
    createPool({ url: servers.databaseOwnerUrl, applicationName: 'test', max: 4, logger }),
  );
  const keys = { admin: 'hp_admin', operator: 'hp_operator' };
  const app = { tenant: 'acme', audiences: [] };
  await registerApp(db, {
    ...app,
    id: 'admin',
    key_hash: hashApiKey(keys.admin),
    scopes: ['admin'],
    operators: null,
  });
  await registerApp(db, {
    ...app,
    id: 'risk-app',
    key_hash: hashApiKey(keys.operator),
    scopes: ['plan', 'read'],
    operators: ['risk'],
  });
  const running: RunningService[] = [];
  const config: ServiceConfig = {
    service: 'evaluator',
    host: '127.0.0.1',
    port: 0,
    databaseUrl: servers.databaseUrl,
    redisUrl: 'redis://127.0.0.1:1',
    natsUrl: servers.natsUrl,
    workspaceDir,
    logLevel: 'silent',
    trustProxy: false,
  };
  return {
    servers,
    db,
    nats,
    keys,
    workspaceDir,
    async start(over = {}) {
      const service = await startEvaluator({ ...config, ...over });
      running.push(service);
      return service;
    },
    async publish(plan, operator = 'risk', tenant = 'acme') {
      const body = typeof plan === 'string' ? plan : JSON.stringify(plan);
      await nats.js.publish(planSubject(tenant, operator), body);
    },
    post: (service, path, body, key = keys.operator) =>
      fetch(`${service.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
        body: JSON.stringify(body),
      }),
    async messages(stream) {
      const { state } = await nats.jsm.streams.info(stream);
      const found = [];
      for (let seq = state.first_seq; seq <= state.last_seq && state.messages > 0; seq += 1) {
        const message = await nats.jsm.streams.getMessage(stream, { seq });
        if (!message) continue;
        const text = new TextDecoder().decode(message.data);
        const headers = new Map([...(message.header ?? [])].map(([name, [value]]) => [name, value ?? '']));
        found.push({ subject: message.subject, body: parse(text) as never, headers, text });
      }
      return found;
    },
    async until(look, maxMs = 15_000) {
      const deadline = performance.now() + maxMs;
      for (;;) {
        const found = await look();
        if (found) return found;
        if (performance.now() > deadline) throw new Error(`it did not come about within ${maxMs} ms`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
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

let actionCount = 0;

/** A line of a plan, with a key and an entity of its own unless told. */
export function line(tool: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  actionCount += 1;
  return {
    connector: 'shop',
    tool,
    args: {},
    entity_key: `order:${actionCount}`,
    idempotency_key: `key-${actionCount}`,
    ...more,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function writeWorkspace(files: Readonly<Record<string, string>>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'holdpoint-workspace-'));
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await writeFile(join(dir, file), text);
  }
  return dir;
}
