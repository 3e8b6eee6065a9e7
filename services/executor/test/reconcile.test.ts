import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { actionRow, type Row, receiptsOf, type Seeded, seedAction, writeWorkspace } from './fixtures.ts';
import { becomes, executorHarness, type Harness } from './harness.ts';

let harness: Harness;
let remote: Server;
let workspaceDir: string;
let url: string;
let service: string;
const seen: { path: string; action: string; key: string }[] = [];
/** What `reconcile` answers for an action, one a question; the last stays. */
const answers = new Map<string, unknown[]>();

beforeAll(async () => {
  harness = await executorHarness();
  remote = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://remote');
    const [action, key] = [searchParams.get('action') ?? '', searchParams.get('key') ?? ''];
    seen.push({ path: pathname, action, key });
    const said = answers.get(action) ?? [];
    if (pathname === '/asked') response.end(JSON.stringify({ said: said.length > 1 ? said.shift() : said[0] }));
    // A call is answered only from its second time on: whatever is run first has no answer.
    else if (seen.filter((one) => one.action === action && one.path === '/run').length > 1) response.end('{}');
    else request.socket.destroy();
  });
  await new Promise<void>((resolve) => remote.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(remote.address() as AddressInfo).port}`;
  workspaceDir = await writeWorkspace(files());
  const started = await harness.start(
    { workspaceDir, secretEnvironment: { KEY: 'sk_very_secret' } },
    { settleDelayMs: 0, leaseMs: 800 },
  );
  service = started.url;
});
afterAll(async () => {
  await harness.stop();
  remote.closeAllConnections();
  await new Promise((resolve) => remote.close(resolve));
  await rm(workspaceDir, { recursive: true, force: true });
});

const paths = (action: Seeded) => seen.filter((one) => one.action === action.id).map(({ path }) => path);

async function begin(said: unknown[], tool = 'pay', args: Row = {}): Promise<Seeded> {
  const action = await seedAction(harness.db, { connector: 'bank', tool, args });
  answers.set(action.id, said);
  await harness.decide([action], 'bank');
  return action;
}

test('a call without an answer is asked about when its settle delay is over, and recorded as applied with its result', async () => {
  const action = await begin([{ applied: { id: 7 } }]);
  const row = await becomes(harness.db, action.id, 'applied');
  expect(row).toMatchObject({ result: { id: 7 }, attempts: 2, unsure: false });
  expect(paths(action)).toEqual(['/run', '/asked']);
  expect(await receiptsOf(harness.db, action.id)).toEqual([
    'intent:running',
    'outcome:queued',
    'intent:running',
    'settlement:applied',
  ]);
  const { rows } = await harness.db.query(
    "SELECT extract(epoch FROM max(at) - min(at))::float8 AS waited FROM receipts WHERE action = $1 AND kind = 'intent'",
    [action.id],
  );
  // The call's time and a lease, though the limits say 0.
  expect(rows[0].waited).toBeGreaterThanOrEqual(1.3);
});

test('what had not happened is run in the same attempt, with the same key', async () => {
  const action = await begin(['not_applied']);
  expect(await becomes(harness.db, action.id, 'applied')).toMatchObject({ attempts: 2 });
  expect(paths(action)).toEqual(['/run', '/asked', '/run']);
  expect(new Set(seen.filter((one) => one.action === action.id).map(({ key }) => key)).size).toBe(1);
});

test('what had not happened, and has no tries left, has failed', async () => {
  const action = await begin(['not_applied'], 'once');
  expect(await becomes(harness.db, action.id, 'failed')).toMatchObject({ error: expect.stringContaining('no tries') });
  expect(paths(action)).toEqual(['/run', '/asked']);
});

test('a refusal after it was found not to have happened is a refusal', async () => {
  const action = await begin(['not_applied'], 'pay', { refuseAt: 2 });
  expect(await becomes(harness.db, action.id, 'failed')).toMatchObject({ error: 'refused', unsure: false });
});

test('a connector that does not know, or answers nonsense, leaves it to a person, with no secret in the error', async () => {
  const unknown = await begin(['unknown']);
  const odd = await begin(['maybe sk_very_secret tok_4711'], 'pay', { token: 'tok_4711' });
  expect(await becomes(harness.db, unknown.id, 'indeterminate')).toMatchObject({ attempts: 2 });
  const { error } = await becomes(harness.db, odd.id, 'indeterminate');
  expect(error).toContain('reconcile answered "maybe ••• •••"');
  expect(paths(unknown)).toEqual(['/run', '/asked']);
});

test('a question that hangs or fails is asked again, and its lane goes on once it is answered', async () => {
  const action = await begin(['hang', 'Retryable', 'TypeError', 'applied']);
  const behind = await seedAction(harness.db, { connector: 'bank', tool: 'look', entity: action.entity as string });
  answers.set(behind.id, []);
  expect(await becomes(harness.db, action.id, 'applied')).toMatchObject({ attempts: 5 });
  expect(paths(action)).toEqual(['/run', '/asked', '/asked', '/asked', '/asked']);
  expect((await becomes(harness.db, behind.id, 'applied', 'indeterminate')).started_at).not.toBeNull();
});

test('questions are bounded', async () => {
  const action = await begin(['Retryable']);
  const row = await becomes(harness.db, action.id, 'indeterminate');
  expect(row.error).toContain('could not be asked');
  // Three tries, and five more in which it may be asked.
  expect(row.attempts).toBe(8);
  expect(paths(action).filter((path) => path === '/run')).toHaveLength(1);
});

test('what may have happened is not run early by a retry, nor run at all past its plan’s end', async () => {
  const action = await begin(['not_applied']);
  await expect.poll(async () => (await actionRow(harness.db, action.id)).unsure, { timeout: 10_000 }).toBe(true);
  const headers = { authorization: `Bearer ${await harness.key()}` };
  const early = await fetch(`${service}/v1/actions/${action.id}/retry`, { method: 'POST', headers });
  expect(early.status).toBe(409);
  await harness.db.query('UPDATE actions SET expires_at = clock_timestamp() WHERE id = $1', [action.id]);
  await becomes(harness.db, action.id, 'expired');
  expect(paths(action)).toEqual(['/run', '/asked']);
  expect(await receiptsOf(harness.db, action.id)).toEqual([
    'intent:running',
    'outcome:queued',
    'intent:running',
    'settlement:queued',
    'outcome:expired',
  ]);
});

function files(): Record<string, string> {
  const shared = "risk: 'write', timeoutMs: 500, secretArgs: ['token']";
  const retry = 'minDelayMs: 1, maxDelayMs: 20';
  return {
    'connectors/bank/tools.ts': `export default { name: 'bank', limits: { breaker: false }, tools: {
  pay: { ${shared}, retry: { attempts: 3, ${retry} } }, once: { ${shared}, retry: { attempts: 1, ${retry} } },
  look: { ${shared} } } };`,
    'connectors/bank/run.ts': `const get = (path, ctx) =>
  ctx.fetch('${url}/' + path + '?action=' + ctx.actionId + '&key=' + ctx.idempotencyKey);
const run = async (args, ctx) => {
  if (args.refuseAt === ctx.attempt) throw Object.assign(new Error('refused'), { name: 'Terminal' });
  return (await get('run', ctx)).json();
};
async function reconcile(_args, ctx) {
  ctx.secret('apiKey');
  const { said } = await (await get('asked', ctx)).json();
  if (said === 'hang') await new Promise(() => {});
  if (said === 'Retryable' || said === 'TypeError') throw Object.assign(new Error('later'), { name: said });
  return said;
}
export default { run: { pay: run, once: run, look: run }, reconcile: { pay: reconcile, once: reconcile } };`,
    'tenants/acme/policies.ts': 'export default [];',
    'tenants/acme/connectors.ts': `export default { bank: { credentials: { apiKey: { secret: 'KEY' } } } };`,
  };
}
