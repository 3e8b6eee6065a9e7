import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import { connectNats } from '@holdpoint/shared/runtime/nats';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seedAction, writeWorkspace } from './fixtures.ts';
import { becomes, executorHarness, type Harness } from './harness.ts';

const CREDENTIAL = 'cred-7f3a9-marked';
const TOKEN = 'tok-51be0-marked';
const PASSWORD = 'pass "word" 88d-marked';
/** Also as it stands inside JSON, and JSON inside JSON. */
const MARKED = /cred-7f3a9|tok-51be0|88d-marked/;

/** What is known to hold arguments: they are what is executed. */
const HOLD_ARGUMENTS = { actions: ['args'] } as const satisfies Record<string, readonly string[]>;

const TOOLS = `export default { name: 'leaky', limits: { breaker: false }, tools: {
  good: { risk: 'write', secretArgs: ['token', 'auth.password'] },
  slow: { risk: 'write', secretArgs: ['token', 'auth.password'], timeoutMs: 150 },
  again: { risk: 'write', secretArgs: ['token', 'auth.password'], idempotent: true, timeoutMs: 150,
    retry: { attempts: 2, minDelayMs: 10, maxDelayMs: 20 } },
  asked: { risk: 'write', secretArgs: ['token', 'auth.password'], timeoutMs: 150, settleDelayMs: 100 },
  look: { risk: 'read', secretArgs: ['token', 'auth.password'], retry: { attempts: 2, minDelayMs: 10, maxDelayMs: 20 } },
} };`;

/** Says all it knows, wherever it can. */
const RUN = `
const all = (args, ctx) => [ctx.secret('apiKey'), args.token, args.auth?.password].join(' | ');
const start = ({ tenants }) => tenants.acme.secret('apiKey');
async function run(args, ctx) {
  const said = all(args, ctx);
  ctx.log.info({ said, nested: { args, list: [said] }, err: new Error(said, { cause: new Error(said) }) }, said);
  ctx.log.error(new Error(said));
  if (args.stray) setTimeout(() => { throw new Error(said); }, 5);
  if (args.stray) void Promise.reject(new Error(said));
  if (args.fetch) await ctx.fetch('http://127.0.0.1:9/' + encodeURIComponent(args.token), { headers: { authorization: ctx.secret('apiKey') } });
  if (args.hang) await new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(new Error(said))));
  if (args.throws) throw Object.assign(new Error(said, { cause: new Error(said) }), { name: args.throws });
  if (args.throwsText) throw said;
  return { [said]: said, args, large: args.large ? 'x'.repeat(300000) + said : said };
}
const ask = async (args, ctx) => ({ applied: all(args, ctx) });
export default {
  init(given) { given.log.info({ key: start(given) }, 'begun with ' + start(given)); },
  health(given) { throw new Error('ill of ' + start(given)); },
  close() { throw new Error('closed'); },
  run: { good: run, slow: run, again: run, asked: run, look: run },
  reconcile: { asked: ask },
};`;

let harness: Harness;
let workspaceDir: string;
let kill = () => true;

beforeAll(async () => {
  harness = await executorHarness();
  workspaceDir = await writeWorkspace({
    'connectors/leaky/tools.ts': TOOLS,
    'connectors/leaky/run.ts': RUN,
    'tenants/acme/policies.ts': 'export default [];',
    'tenants/acme/connectors.ts': "export default { leaky: { credentials: { apiKey: { secret: 'LEAKY_KEY' } } } };",
  });
});
afterAll(async () => {
  kill();
  await harness.stop();
  await rm(workspaceDir, { recursive: true, force: true });
});

test('what a call is trusted with is found nowhere afterwards but in its arguments', async () => {
  const { url, lines, stop } = await startMain();
  const seed = async (tool: string, more: object, risk: 'write' | 'read' = 'write') => {
    const args = { token: TOKEN, auth: { password: PASSWORD }, ...more };
    const action = await seedAction(harness.db, { connector: 'leaky', tool, args, risk });
    await harness.decide([action], 'leaky');
    return action;
  };
  const seeded = await Promise.all([
    seed('good', {}),
    seed('good', { large: true }),
    seed('good', { throws: 'Terminal' }),
    seed('good', { throws: 'TypeError' }),
    seed('good', { throwsText: true }),
    seed('slow', { hang: true }),
    seed('again', { throws: 'Retryable' }),
    seed('again', { hang: true }),
    seed('again', { fetch: true }),
    seed('asked', { hang: true }),
    seed('good', { stray: true }),
    seed('look', {}, 'read'),
    seed('look', { throws: 'TypeError' }, 'read'),
  ]);
  const states = await Promise.all(
    seeded.map(async ({ id }) => (await becomes(harness.db, id, 'applied', 'failed', 'indeterminate')).state),
  );
  expect(new Set(states)).toEqual(new Set(['applied', 'failed', 'indeterminate']));
  await expect.poll(() => lines.filter((line) => line.includes('left an error behind')).length).toBe(2);
  const places = {
    readyz: await (await fetch(`${url}/readyz`)).text(),
    metrics: await (await fetch(`${url}/metrics`)).text(),
    api: await api(
      url,
      seeded.map(({ id }) => id),
    ),
    redis: await everyRedisValue(),
  };
  expect(places.readyz).toContain('failing: ill of •••');
  await stop();
  const found = { ...places, logs: lines.join('\n'), nats: await everyMessage(), ...(await everyTable()) };
  for (const [place, text] of Object.entries(found)) expect(MARKED.exec(text)?.[0], `in ${place}`).toBeUndefined();
  expect(Object.keys(found)).toEqual(expect.arrayContaining(['receipts', 'actions', 'outbox', 'connector_kv']));
  expect(found.logs).toContain('begun with •••');
  expect(found.nats).toContain('•••');
  expect(found.redis).toContain('leaky');
}, 60_000);

/** A process of its own, so that what its connector leaves behind is handed to whom it belongs. */
async function startMain(): Promise<{ url: string; lines: string[]; stop(): Promise<unknown> }> {
  const { databaseUrl, redisUrl, natsUrl } = harness.config();
  const child = spawn(process.execPath, [fileURLToPath(new URL('./programs/quick-executor.ts', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH ?? '',
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      NATS_URL: natsUrl,
      HOLDPOINT_WORKSPACE: workspaceDir,
      HOLDPOINT_PRIVATE_NETWORK: 'allow',
      LEAKY_KEY: CREDENTIAL,
      LOG_LEVEL: 'trace',
      PORT: '0',
    },
  });
  const lines: string[] = [];
  const running = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (line.includes('executor is running')) running.resolve(JSON.parse(line).url);
    });
  }
  const ended = once(child, 'exit');
  ended.then(() => running.reject(new Error(lines.join('\n'))));
  kill = () => child.kill('SIGKILL');
  return {
    url: await running.promise,
    lines,
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

async function api(url: string, ids: readonly string[]): Promise<string> {
  const headers = { authorization: `Bearer ${await harness.key('acme', ['read'])}` };
  const pages = ['/v1/actions', '/v1/receipts?limit=200', ...ids.map((id) => `/v1/actions/${id}`)];
  return (await Promise.all(pages.map(async (page) => (await fetch(url + page, { headers })).text()))).join('\n');
}

async function everyTable(): Promise<Record<string, string>> {
  const client = new pg.Client({ connectionString: harness.servers.databaseOwnerUrl });
  await client.connect();
  const { rows: tables } = await client.query<{ name: string }>(
    "SELECT c.relname AS name FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace",
  );
  const texts: Record<string, string> = {};
  for (const { name } of tables) {
    const left = (HOLD_ARGUMENTS as Record<string, readonly string[]>)[name] ?? [];
    const { rows } = await client.query(`SELECT (to_jsonb(t) - $1::text[])::text AS row FROM ${name} t`, [left]);
    texts[name] = rows.map(({ row }) => row).join('\n');
  }
  await client.end();
  return texts;
}

async function everyRedisValue(): Promise<string> {
  const redis = new Redis(harness.servers.redisUrl);
  const found: string[] = [];
  for (const key of await redis.keys('*')) {
    const kind = await redis.type(key);
    const read = {
      string: () => redis.get(key),
      hash: () => redis.hgetall(key),
      list: () => redis.lrange(key, 0, -1),
      set: () => redis.smembers(key),
      zset: () => redis.zrange(key, '0', '-1'),
      stream: () => redis.xrange(key, '-', '+'),
    }[kind];
    found.push(`${key} ${JSON.stringify(await read?.())}`);
  }
  redis.disconnect();
  return found.join('\n');
}

async function everyMessage(): Promise<string> {
  const logger = createLogger({ service: 'test', level: 'silent', instance: 'test' });
  const nats = await connectNats({ url: harness.servers.natsUrl, name: 'reader', logger });
  const found: string[] = [];
  for await (const { config, state } of nats.jsm.streams.list()) {
    if (state.messages === 0) continue;
    const consumer = await nats.js.consumers.get(config.name);
    for await (const message of await consumer.fetch({ max_messages: state.messages, expires: 1_000 })) {
      found.push(`${message.subject} ${message.string()} ${[...(message.headers ?? [])].join()}`);
    }
  }
  await nats.close();
  return found.join('\n');
}
