import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { removeExpiredKv } from '../src/store/connector-kv.ts';
import { createConnectorKv } from '../src/worker/connector-kv.ts';
import { actionRow, receiptsOf, seedAction, seedFreeze } from './fixtures.ts';
import { becomes, executorHarness, type Harness } from './harness.ts';
import { subjectMessages } from './outcomes.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await executorHarness();
  await harness.start();
});
beforeEach(() => {
  harness.observed.length = 0;
});
afterAll(() => harness.stop());

const calls = (action: string) => harness.observed.filter((one) => one.action === action);

test('an allowed action is applied once, with intent and outcome receipts and an outcome message', async () => {
  const action = await seedAction(harness.db, { args: { returns: { id: 7 } } });
  await harness.decide([action, action]);
  const row = await becomes(harness.db, action.id, 'applied');
  expect(row).toMatchObject({ attempts: 1, result: { id: 7 }, error: null, worker: null });
  await harness.decide([action]);
  const [outcome] = await subjectMessages(harness.nats, 'outcomes.acme.applied.bot', action.id);
  expect(outcome).toMatchObject({ outcome: 'applied', ok: true, attempts: 1, result: { id: 7 }, connector: 'alpha' });
  expect(calls(action.id).map(({ what }) => what)).toEqual(['start', 'end']);
  expect(calls(action.id)[0]).toMatchObject({ key: `key-${action.id}`, entity: action.entity, attempt: 1 });
  expect(await receiptsOf(harness.db, action.id)).toEqual(['intent:running', 'outcome:applied']);
});

test('a read runs without a lane', async () => {
  const read = await seedAction(harness.db, { risk: 'read', args: { returns: [1] } });
  await harness.decide([read]);
  expect(await becomes(harness.db, read.id, 'applied')).toMatchObject({ result: [1] });
});

test('what nobody rang for is found by the sweep', async () => {
  const write = await seedAction(harness.db);
  const read = await seedAction(harness.db, { risk: 'read' });
  await becomes(harness.db, write.id, 'applied');
  await becomes(harness.db, read.id, 'applied');
});

test('an entity’s effects over two connectors run in order: the queue of the next head is rung', async () => {
  const entity = 'two-connectors';
  const actions = [];
  for (let index = 0; index < 6; index += 1) {
    actions.push(await seedAction(harness.db, { entity, connector: index % 2 ? 'beta' : 'alpha' }));
  }
  await harness.decide(actions.slice(0, 1));
  await becomes(harness.db, actions.at(-1)?.id as string, 'applied');
  const seen = harness.observed.filter((one) => one.entity === entity);
  expect(seen.map(({ action }) => action)).toEqual(actions.flatMap(({ id }) => [id, id]));
});

test('a refusal is the end; the next of the entity runs', async () => {
  const refused = await seedAction(harness.db, { args: { throws: 'Terminal', more: { message: 'no such order' } } });
  const next = await seedAction(harness.db, { entity: refused.entity as string });
  await harness.decide([refused]);
  expect(await becomes(harness.db, refused.id, 'failed')).toMatchObject({ error: 'no such order', attempts: 1 });
  await becomes(harness.db, next.id, 'applied');
});

test('a retry backs off, blocks its own entity and nothing else, and keeps its key', async () => {
  const args = { untilAttempt: 3, throws: 'Retryable' };
  const first = await seedAction(harness.db, { args, tool: 'safe' });
  const behind = await seedAction(harness.db, { entity: first.entity as string });
  const elsewhere = await seedAction(harness.db);
  await harness.decide([first, elsewhere]);
  await becomes(harness.db, behind.id, 'applied');
  await becomes(harness.db, elsewhere.id, 'applied');
  expect(await actionRow(harness.db, first.id)).toMatchObject({ state: 'applied', attempts: 3, unsure: false });
  const lane = harness.observed.filter(({ entity }) => entity === first.entity);
  expect(lane.map(({ action, attempt, what }) => [action === first.id, attempt, what])).toEqual([
    [true, 1, 'start'],
    [true, 2, 'start'],
    [true, 3, 'start'],
    [true, 3, 'end'],
    [false, 1, 'start'],
    [false, 1, 'end'],
  ]);
  expect(new Set(calls(first.id).map(({ key }) => key)).size).toBe(1);
  expect(await receiptsOf(harness.db, first.id)).toEqual([
    'intent:running',
    'outcome:queued',
    'intent:running',
    'outcome:queued',
    'intent:running',
    'outcome:applied',
  ]);
});

test('retries are bounded: what never happened fails, what may have is indeterminate', async () => {
  const never = await seedAction(harness.db, { tool: 'safe', args: { throws: 'Retryable' } });
  const maybe = await seedAction(harness.db, { tool: 'safe', args: { throws: 'Unknown' } });
  await harness.decide([never, maybe]);
  expect(await becomes(harness.db, never.id, 'failed')).toMatchObject({ attempts: 3 });
  expect(await becomes(harness.db, maybe.id, 'indeterminate')).toMatchObject({ attempts: 3 });
});

test('a rate limit is waited out', async () => {
  const args = { untilAttempt: 2, throws: 'RateLimited', more: { retryAfterMs: 400 } };
  const action = await seedAction(harness.db, { tool: 'safe', args });
  await harness.decide([action]);
  await becomes(harness.db, action.id, 'applied');
  const [first, second] = calls(action.id).filter(({ what }) => what === 'start');
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(395);
});

test('no answer in time: the lane is not hung, and what happened is unknown', async () => {
  const action = await seedAction(harness.db, { tool: 'brief', args: { hang: true } });
  const behind = await seedAction(harness.db, { entity: action.entity as string });
  await harness.decide([action]);
  expect(await becomes(harness.db, action.id, 'indeterminate')).toMatchObject({ error: 'no answer within 200 ms' });
  const [outcome] = await subjectMessages(harness.nats, 'outcomes.acme.indeterminate.bot', action.id);
  expect(outcome).toMatchObject({ ok: false });
  expect(await actionRow(harness.db, behind.id)).toMatchObject({ state: 'queued' });
});

test('anything else that is thrown is unknown; a connection that was never made is not', async () => {
  const thrown = await seedAction(harness.db, { args: { throws: 'TypeError' } });
  const refused = await seedAction(harness.db, { args: { url: await closedUrl() } });
  await harness.decide([thrown, refused]);
  await becomes(harness.db, thrown.id, 'indeterminate');
  await expect.poll(async () => (await actionRow(harness.db, refused.id)).attempts).toBeGreaterThan(0);
  expect(await becomes(harness.db, refused.id, 'queued')).toMatchObject({ unsure: false });
});

test('a tool that is not there fails with a clear error', async () => {
  const action = await seedAction(harness.db, { tool: 'gone' });
  await harness.decide([action]);
  expect(await becomes(harness.db, action.id, 'failed')).toMatchObject({ error: 'there is no tool alpha:gone here' });
});

test('secrets stand in no result, error, log or receipt', async () => {
  const token = 'tok_4711_secret';
  const password = 'hunter22';
  const echoed = await seedAction(harness.db, { tool: 'secret', args: { token, returns: 'secret' } });
  const thrown = await seedAction(harness.db, {
    tool: 'secret',
    args: {
      auth: { password },
      throws: 'Terminal',
      more: { message: `wrong password ${password} for sk_very_secret` },
    },
  });
  await harness.decide([echoed, thrown]);
  expect(await becomes(harness.db, echoed.id, 'applied')).toMatchObject({ result: { echoed: '••• •••' } });
  expect(await becomes(harness.db, thrown.id, 'failed')).toMatchObject({ error: 'wrong password ••• for •••' });
  const { rows } = await harness.db.query('SELECT r::text AS text FROM receipts r WHERE action = ANY ($1)', [
    [echoed.id, thrown.id],
  ]);
  const everything = [...harness.logs, ...rows.map(({ text }) => text)].join('\n');
  expect(rows.length).toBeGreaterThan(3);
  for (const secret of [token, password, 'sk_very_secret']) expect(everything).not.toContain(secret);
});

test('an effect that happened is applied whatever its answer looks like', async () => {
  const answers = { odd: { unserialisable: 'object' }, nul: { 'a\ufffd': 'b\ufffd\ufffd' } };
  for (const [returns, stored] of Object.entries(answers)) {
    const action = await seedAction(harness.db, { args: { returns } });
    await harness.decide([action]);
    expect(await becomes(harness.db, action.id, 'applied')).toMatchObject({ result: stored });
  }
  const large = await seedAction(harness.db, { args: { returns: 'large' } });
  await harness.decide([large]);
  expect((await becomes(harness.db, large.id, 'applied')).result).toEqual({
    truncated: true,
    bytes: 300_002,
    beginning: expect.stringMatching(/^"x{100000}/),
  });
  const [told] = await subjectMessages(harness.nats, 'outcomes.acme.applied.bot', large.id);
  expect(told).not.toHaveProperty('result');
  const nothing = await seedAction(harness.db);
  await harness.decide([nothing]);
  expect((await becomes(harness.db, nothing.id, 'applied')).result).toBeNull();
});

test('a connector remembers in its own memory', async () => {
  const action = await seedAction(harness.db, { args: { remember: 'x', returns: 'kv' } });
  await harness.decide([action]);
  expect(await becomes(harness.db, action.id, 'applied')).toMatchObject({ result: { seen: 'x' } });
});

test('what a connector remembers is its own in its tenant, bounded, and gone when its time is up', async () => {
  const db = createDatabase<Database>(
    createPool({ url: harness.servers.databaseUrl, applicationName: 'test', max: 2 }),
  );
  const kv = createConnectorKv(db, 'acme', 'alpha');
  await kv.set('cursor', 'one');
  await kv.set('cursor', 'two');
  expect(await kv.get('cursor')).toBe('two');
  expect(await createConnectorKv(db, 'zeta', 'alpha').get('cursor')).toBeNull();
  expect(await createConnectorKv(db, 'acme', 'beta').get('cursor')).toBeNull();
  await expect(kv.set('cursor', 'x'.repeat(64 * 1024 + 1))).rejects.toThrow(RangeError);
  await expect(kv.get('')).rejects.toThrow(RangeError);
  await harness.db.query("UPDATE connector_kv SET expires_at = clock_timestamp() WHERE key = 'cursor'");
  expect(await kv.get('cursor')).toBeNull();
  expect(await removeExpiredKv(db, 10)).toBe(1);
  expect(await removeExpiredKv(db, 10)).toBe(0);
  await kv.set('cursor', 'three');
  await kv.delete('cursor');
  expect(await kv.get('cursor')).toBeNull();
  await db.destroy();
});

test('what is frozen does not run; lifted, effects and reads go to be scored again', async () => {
  const freeze = await seedFreeze(harness.db);
  const action = await seedAction(harness.db);
  const read = await seedAction(harness.db, { risk: 'read' });
  const other = await seedAction(harness.db, { tenant: 'zeta' });
  await harness.decide([action, read, other]);
  await becomes(harness.db, other.id, 'applied');
  expect(await actionRow(harness.db, action.id)).toMatchObject({ state: 'queued', attempts: 0 });
  expect(await actionRow(harness.db, read.id)).toMatchObject({ state: 'queued', attempts: 0 });
  await harness.db.query('UPDATE freezes SET lifted_at = clock_timestamp() WHERE id = $1', [freeze]);
  await becomes(harness.db, action.id, 'rescore');
  await becomes(harness.db, read.id, 'rescore');
});

/** Where somebody listened a moment ago. */
async function closedUrl(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}/`;
}
