import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { receiptsOf, type Seeded, seedAction, writeWorkspace } from './fixtures.ts';
import { becomes, executorHarness, type Harness } from './harness.ts';
import { subjectMessages } from './outcomes.ts';

/** Where in an attempt its process is killed. */
const POINTS = ['after the claim', 'in the call', 'after the call', 'after the finish'] as const;
type Point = (typeof POINTS)[number];
/** What a tool declares about being repeated. */
const TOOLS = ['idempotent', 'reconcile', 'neither'] as const;
type ToolName = (typeof TOOLS)[number];

interface Expected {
  readonly state: 'applied' | 'indeterminate';
  readonly calls: number;
  readonly asked: number;
  readonly attempts: number;
}
const done = (attempts: number, asked = 0): Expected => ({ state: 'applied', calls: 1, asked, attempts });
const unknown = (calls: number): Expected => ({ state: 'indeterminate', calls, asked: 0, attempts: 1 });
const EXPECTED: Readonly<Record<Point, Readonly<Record<ToolName, Expected>>>> = {
  'after the claim': { idempotent: done(2), reconcile: done(2, 1), neither: unknown(0) },
  'in the call': { idempotent: { ...done(2), calls: 2 }, reconcile: done(2, 1), neither: unknown(1) },
  'after the call': { idempotent: { ...done(2), calls: 2 }, reconcile: done(2, 1), neither: unknown(1) },
  'after the finish': { idempotent: done(1), reconcile: done(1), neither: done(1) },
};

/** The far end, which nobody kills: it does what it is asked at once, and remembers who asked. */
interface Remote {
  readonly url: string;
  readonly calls: { readonly action: string; readonly key: string }[];
  readonly asked: string[];
  /** Calls of this action are never answered; it is told when one is there. */
  holds: { readonly action: string; readonly arrived: () => void } | undefined;
  readonly server: Server;
}

let harness: Harness;
let remote: Remote;
let workspaceDir: string;
const children: ChildProcess[] = [];
const killed = new Map<string, Seeded>();

beforeAll(async () => {
  harness = await executorHarness();
  remote = await openRemote();
  workspaceDir = await writeWorkspace(workspaceFiles(remote.url));
  for (const point of POINTS) {
    for (const tool of TOOLS) killed.set(`${point} ${tool}`, await killAt(point, tool));
  }
  // Doorbells of the dead ring on for as long as their leases, which are long here.
  const redis = new Redis(harness.servers.redisUrl);
  await redis.flushall();
  redis.disconnect();
  // From here on somebody lives, and finds what the dead have left.
  await harness.start({ workspaceDir }, { settleDelayMs: 0 });
}, 240_000);

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await harness.stop();
  remote.server.closeAllConnections();
  await new Promise((resolve) => remote.server.close(resolve));
  await rm(workspaceDir, { recursive: true, force: true });
});

describe.each(POINTS)('killed %s', (point) => {
  test.each(TOOLS)('%s', async (tool) => {
    const action = killed.get(`${point} ${tool}`) as Seeded;
    const { state, calls, asked, attempts } = EXPECTED[point][tool];
    expect(await becomes(harness.db, action.id, 'applied', 'indeterminate', 'failed')).toMatchObject({
      state,
      attempts,
    });
    const seen = remote.calls.filter((call) => call.action === action.id);
    expect(seen.map(({ key }) => key)).toEqual(Array.from({ length: calls }, () => `key-${action.id}`));
    expect(remote.asked.filter((id) => id === action.id)).toHaveLength(asked);
    const told = await subjectMessages(harness.nats, `outcomes.acme.${state}.bot`, action.id);
    expect(told).toMatchObject([{ outcome: state, attempts }]);
    const receipts = await receiptsOf(harness.db, action.id);
    expect(receipts.filter((one) => one === 'intent:running')).toHaveLength(attempts);
    expect(receipts.at(-1)).toMatch(new RegExp(`^(outcome|settlement):${state}$`));
  });
});

/** Seeds one action, lets a process of its own come to the point with it, and kills that process there. */
async function killAt(point: Point, tool: ToolName): Promise<Seeded> {
  const action = await seedAction(harness.db, { connector: 'remote', tool });
  const arrived = Promise.withResolvers<void>();
  remote.holds = point === 'in the call' ? { action: action.id, arrived: arrived.resolve } : undefined;
  const child = await spawnExecutor(point);
  if (point === 'in the call') {
    await arrived.promise;
    child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  remote.holds = undefined;
  return action;
}

/**
 * An executor in a process of its own that kills itself, as a kernel would, where its talk with Postgres shows the point. Its
 * lease is long, so that it judges nobody.
 */
async function spawnExecutor(point: Point): Promise<ChildProcess> {
  const { logDestination: _, ...config } = harness.config({ workspaceDir }, { leaseMs: 60_000 });
  const file = join(workspaceDir, `child-${children.length}.mjs`);
  const module = (path: string) => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));
  await writeFile(
    file,
    `import { createRequire } from 'node:module';
const pg = createRequire(${module('../../../packages/shared/package.json')})('pg');
const query = pg.Client.prototype.query;
const die = () => { process.kill(process.pid, 'SIGKILL'); return new Promise(() => {}); };
pg.Client.prototype.query = function (...args) {
  const text = typeof args[0] === 'string' ? args[0] : args[0]?.text;
  if (!text?.includes('executor_flush')) return query.apply(this, args);
  const values = args[0]?.values ?? args[1];
  const finishes = values[0] !== '{}';
  if (${JSON.stringify(point)} === 'after the call' && finishes) return die();
  const answer = query.apply(this, args);
  const watch = (result) => {
    if (${JSON.stringify(point)} === 'after the claim' && result.rows.some((row) => row.claimed)) return die();
    if (${JSON.stringify(point)} === 'after the finish' && finishes) return die();
    return result;
  };
  return typeof answer?.then === 'function' ? answer.then(watch) : answer;
};
const { startExecutor } = await import(${module('../src/service.ts')});
await startExecutor(${JSON.stringify({ ...config, logLevel: 'silent' })});`,
  );
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'ignore', 'inherit'] });
  children.push(child);
  return child;
}

function workspaceFiles(url: string): Record<string, string> {
  const shared = "risk: 'write', timeoutMs: 500, retry: { attempts: 3, minDelayMs: 20, maxDelayMs: 100 }";
  return {
    'connectors/remote/tools.ts': `export default { name: 'remote', limits: { breaker: false }, tools: {
  idempotent: { ${shared}, idempotent: true }, reconcile: { ${shared} }, neither: { ${shared} } } };`,
    'connectors/remote/run.ts': `const ask = async (path, ctx) =>
  (await ctx.fetch('${url}' + path, { method: 'POST', body: JSON.stringify({ action: ctx.actionId, key: ctx.idempotencyKey }) })).json();
const run = (_args, ctx) => ask('call', ctx);
export default { run: { idempotent: run, reconcile: run, neither: run },
  reconcile: { reconcile: async (_args, ctx) => {
    const { done } = await ask('asked', ctx);
    return done ? { applied: { done } } : 'not_applied';
  } } };`,
    'tenants/acme/policies.ts': 'export default [];',
  };
}

async function openRemote(): Promise<Remote> {
  const calls: Remote['calls'] = [];
  const asked: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const { action, key } = JSON.parse(body);
      if (request.url === '/asked') asked.push(action);
      else calls.push({ action, key });
      if (remote.holds?.action === action) return remote.holds?.arrived();
      response.end(JSON.stringify({ done: calls.some((call) => call.action === action) }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const opened: Remote = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    calls,
    asked,
    holds: undefined,
    server,
  };
  return opened;
}
