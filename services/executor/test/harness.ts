import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { registerApp } from '@holdpoint/shared/db/apps';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { hashApiKey } from '@holdpoint/shared/runtime/auth';
import { newToken } from '@holdpoint/shared/runtime/ids';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import { connectNats, type Nats, publishAll } from '@holdpoint/shared/runtime/nats';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { type TestServers, testServers } from '@holdpoint/stack/testing/test-servers';
import pg from 'pg';
import { expect } from 'vitest';
import { EXECUTOR_LIMITS, type ExecutorConfig, type ExecutorLimits } from '../src/config.ts';
import { startExecutor } from '../src/service.ts';
import { actionRow, type Row, type Seeded, writeWorkspace } from './fixtures.ts';

/** Quick leases and sweeps, so that a test sees in seconds what takes minutes in life. */
export const QUICK: ExecutorLimits = { ...EXECUTOR_LIMITS, leaseMs: 1_500, sweepEveryMs: 500, dueEveryMs: 50 };

/** What connectors did, as they told the observer: one call each way, in order. */
export interface Observed {
  readonly at: number;
  readonly what: 'start' | 'end';
  readonly action: string;
  readonly entity: string;
  readonly key: string;
  readonly attempt: number;
  readonly connector: string;
}

export interface Harness {
  readonly servers: TestServers;
  readonly nats: Nats;
  readonly db: pg.Pool;
  readonly owner: pg.Pool;
  readonly observed: Observed[];
  readonly observerUrl: string;
  readonly logs: string[];
  start(over?: Partial<ExecutorConfig>, limits?: Partial<ExecutorLimits>): Promise<RunningService>;
  config(over?: Partial<ExecutorConfig>, limits?: Partial<ExecutorLimits>): ExecutorConfig;
  /** Tells the executor of what was decided, as the evaluator would. */
  decide(actions: readonly Seeded[], connector?: string): Promise<void>;
  key(tenant?: string, scopes?: ('plan' | 'read' | 'admin' | 'platform')[]): Promise<string>;
  stop(): Promise<void>;
}

const TOOLS = `{
  write: { risk: 'write' },
  safe: { risk: 'write', idempotent: true, retry: { attempts: 3, minDelayMs: 20, maxDelayMs: 200 } },
  brief: { risk: 'write', timeoutMs: 200 },
  secret: { risk: 'write', secretArgs: ['token', 'auth.password'] },
  look: { risk: 'read', retry: { attempts: 3, minDelayMs: 10, maxDelayMs: 20 } },
}`;

/** Two connectors with the same tools. What a call does stands in its arguments. */
const RUN = (connector: string, observer: string) => `
const tell = (what, ctx) => fetch('${observer}', { method: 'POST', body: JSON.stringify({ what, action: ctx.actionId,
  entity: ctx.entityKey, key: ctx.idempotencyKey, attempt: ctx.attempt, connector: '${connector}' }) });
const fail = (name, more = {}) => Object.assign(new Error(more.message ?? name), { name }, more);
async function run(args, ctx) {
  await tell('start', ctx);
  if (args.kill) await new Promise(() => {});
  if (args.ms) await new Promise((resolve) => setTimeout(resolve, args.ms));
  if (args.stray === 'rejection') void Promise.reject(new Error('stray of ' + args.token));
  if (args.stray === 'timer') setTimeout(() => { throw new Error('stray of ' + args.token); }, 20);
  if (args.stray === 'exit') process.exit(0);
  if (args.stray === 'late exit') setTimeout(() => process.exit(0), 20);
  if (args.stray === 'abort') process.abort();
  if (args.hang) await new Promise(() => {});
  if (args.untilAttempt && ctx.attempt < args.untilAttempt) throw fail(args.throws ?? 'Retryable', args.more);
  if (args.throws && !args.untilAttempt) throw fail(args.throws, args.more);
  if (args.url) await ctx.fetch(args.url);
  if (args.remember) await ctx.kv.set('seen', args.remember);
  await tell('end', ctx);
  return args.returns === 'secret' ? { echoed: ctx.secret('apiKey') + ' ' + args.token }
    : args.returns === 'kv' ? { seen: await ctx.kv.get('seen') }
    : args.returns === 'odd' ? { big: 10n } : args.returns === 'large' ? 'x'.repeat(300000)
    : args.returns === 'nul' ? { 'a\\u0000': 'b\\u0000\\ud800' } : args.returns;
}
export default { run: { write: run, safe: run, brief: run, secret: run, look: run } };`;

export async function executorHarness(): Promise<Harness> {
  const servers = await testServers();
  const observed: Observed[] = [];
  const observer = await openObserver(observed);
  const observerUrl = `http://127.0.0.1:${(observer.address() as AddressInfo).port}/`;
  const workspaceDir = await writeWorkspace({
    'connectors/alpha/tools.ts': `export default { name: 'alpha', tools: ${TOOLS} };`,
    'connectors/beta/tools.ts': `export default { name: 'beta', tools: ${TOOLS} };`,
    'connectors/alpha/run.ts': RUN('alpha', observerUrl),
    'connectors/beta/run.ts': RUN('beta', observerUrl),
    'tenants/acme/policies.ts': 'export default [];',
    'tenants/acme/connectors.ts': `export default { alpha: { credentials: { apiKey: { secret: 'ALPHA_KEY' } } }, beta: {} };`,
  });
  const logger = createLogger({ service: 'test', level: 'silent', instance: 'test' });
  const nats = await connectNats({ url: servers.natsUrl, name: 'test', logger });
  const db = new pg.Pool({ connectionString: servers.databaseUrl, max: 4 });
  const owner = new pg.Pool({ connectionString: servers.databaseOwnerUrl, max: 2 });
  const apps = createDatabase<Database>(createPool({ url: servers.databaseOwnerUrl, applicationName: 'test', max: 1 }));
  const logs: string[] = [];
  const running: RunningService[] = [];

  const config: Harness['config'] = (over = {}, limits = {}) => ({
    service: 'executor',
    host: '127.0.0.1',
    port: 0,
    databaseUrl: servers.databaseUrl,
    redisUrl: servers.redisUrl,
    natsUrl: servers.natsUrl,
    workspaceDir,
    logLevel: 'debug',
    trustProxy: false,
    privateNetwork: 'allow',
    secretEnvironment: { ALPHA_KEY: 'sk_very_secret' },
    limits: { ...QUICK, ...limits },
    logDestination: { write: (line: string) => void logs.push(line) },
    ...over,
  });

  return {
    servers,
    nats,
    db,
    owner,
    observed,
    observerUrl,
    logs,
    config,
    async start(over, limits) {
      const service = await startExecutor(config(over, limits));
      running.push(service);
      return service;
    },
    async decide(actions, connector = 'alpha') {
      await publishAll(
        nats.js,
        actions.map(({ id, laneId, entity, tenant }) => ({
          subject: `decisions.${tenant}.allow.bot`,
          body: JSON.stringify({
            id,
            tenant,
            operator: 'bot',
            plan_id: 'p',
            items: [
              {
                action_id: id,
                plan_id: 'p',
                index: 0,
                decision: 'ALLOW',
                reasons: [],
                matched: [],
                policy_version: 'v1',
                state: 'queued',
                at: new Date().toISOString(),
                connector,
                tool: 'write',
                entity_key: entity,
                idempotency_key: 'k',
                lane_id: laneId,
              },
            ],
          }),
        })),
      );
    },
    async key(tenant = 'acme', scopes = ['admin']) {
      const key = `hp_${newToken()}`;
      const id = newToken().slice(0, 12);
      await registerApp(apps, { id, tenant, key_hash: hashApiKey(key), scopes, operators: null, audiences: [] });
      return key;
    },
    async stop() {
      await Promise.all(running.map((service) => service.stop()));
      await nats.close();
      await Promise.all([db.end(), owner.end(), apps.destroy()]);
      await new Promise((resolve) => observer.close(resolve));
      observer.closeAllConnections();
      await servers.stop();
      await rm(workspaceDir, { recursive: true, force: true });
    },
  };
}

/** Waits until an action is in one of the states. */
export async function becomes(db: pg.Pool, id: string, ...states: string[]): Promise<Row> {
  await expect.poll(async () => (await actionRow(db, id)).state, { timeout: 15_000, interval: 20 }).toBeOneOf(states);
  return actionRow(db, id);
}

/** Waits until nothing is queued or running. */
export async function settles(db: pg.Pool, timeout = 25_000): Promise<void> {
  const open = async () => {
    const { rows } = await db.query("SELECT count(*)::int AS n FROM actions WHERE state IN ('queued', 'running')");
    return rows[0].n;
  };
  await expect.poll(open, { timeout, interval: 30 }).toBe(0);
}

async function openObserver(observed: Observed[]): Promise<Server> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      observed.push({ at: performance.now(), ...JSON.parse(body) });
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
