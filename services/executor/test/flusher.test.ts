import { randomUUID } from 'node:crypto';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import { type TestServers, testServers } from '@holdpoint/stack/testing/test-servers';
import type { Kysely } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFlusher, type Flusher } from '../src/worker/flusher.ts';
import { actionRow, flush, type Seeded, seedAction } from './fixtures.ts';

let servers: TestServers;
let client: pg.Client;
let db: Kysely<Database>;
let flusher: Flusher;
const failures: string[] = [];
const logger = createLogger({
  service: 'test',
  level: 'error',
  instance: 'test',
  destination: { write: (line) => void (line.includes('a flush failed') && failures.push(line)) },
});

beforeAll(async () => {
  servers = await testServers({ redis: false, nats: false });
  client = new pg.Client({ connectionString: servers.databaseUrl });
  await client.connect();
  db = createDatabase<Database>(createPool({ url: servers.databaseUrl, applicationName: 'flusher-test', max: 2 }));
  flusher = createFlusher({
    db,
    worker: randomUUID(),
    authorisedMaxSeconds: 3600,
    logger,
    onFinished: () => {},
    abandon: new AbortController().signal,
  });
});
afterAll(async () => {
  await client.end();
  await db.destroy();
  await servers.stop();
});

const lane = (action: Seeded) => action.laneId as number;

test('a unique violation in a flush affects only its own row, and not even what that one finished', async () => {
  const good = await seedAction(client);
  const finishing = await seedAction(client);
  const { claimed } = await flusher.claim(lane(finishing), 'alpha');
  // A lane that was tampered with: behind its head something runs.
  const bad = await seedAction(client);
  const behind = await seedAction(client, { entity: bad.entity as string });
  await client.query("UPDATE actions SET state = 'running', worker = $2, token = $2 WHERE id = $1", [
    behind.id,
    randomUUID(),
  ]);
  const token = claimed?.token as string;
  const [first, second] = await Promise.allSettled([
    flusher.claim(lane(good), 'alpha'),
    flusher.finish({ to: 'applied', result: 1, action: finishing.id, token }, { lane: lane(bad), connector: 'alpha' }),
  ]);
  expect(first).toMatchObject({ status: 'fulfilled', value: { verdict: 'claimed', claimed: { id: good.id } } });
  expect(second).toMatchObject({ status: 'fulfilled', value: { finished: true } });
  expect(await actionRow(client, finishing.id)).toMatchObject({ state: 'applied' });
  expect(await actionRow(client, bad.id)).toMatchObject({ state: 'queued' });
});

test('a result that the database refuses costs the result, not the effect', async () => {
  const action = await seedAction(client);
  const { claimed } = await flusher.claim(lane(action), 'alpha');
  const token = claimed?.token as string;
  const answer = await flusher.finish({ to: 'applied', result: { bad: '\u0000' }, action: action.id, token });
  expect(answer.finished).toBe(true);
  expect(await actionRow(client, action.id)).toMatchObject({
    state: 'applied',
    result: { unserialisable: expect.any(String) },
  });
});

test('an end that the database refuses is offered until it is taken, for else its row would run on for ever', async () => {
  const owner = new pg.Client({ connectionString: servers.databaseOwnerUrl });
  await owner.connect();
  const action = await seedAction(client);
  const { claimed } = await flusher.claim(lane(action), 'alpha');
  await owner.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''not now''; END'`);
  await owner.query(
    "CREATE TRIGGER refuse BEFORE UPDATE ON actions FOR EACH ROW WHEN (NEW.state = 'applied') EXECUTE FUNCTION refuse()",
  );
  failures.length = 0;
  const token = claimed?.token as string;
  const finishing = flusher.finish({ to: 'applied', result: 1, action: action.id, token });
  await expect.poll(() => failures.length, { timeout: 20_000 }).toBeGreaterThan(5);
  expect(flusher.tokens.has(token)).toBe(true);
  await owner.query('DROP FUNCTION refuse CASCADE');
  expect((await finishing).finished).toBe(true);
  expect(await actionRow(client, action.id)).toMatchObject({ state: 'applied' });
  await owner.end();
}, 30_000);

test('the same token asks again and is told what it has: an answer lost on the way leaves no row that nobody runs', async () => {
  const action = await seedAction(client);
  const token = randomUUID();
  const claims = [{ lane: lane(action), token }];
  const [, first] = await flush(client, { claims });
  const [, again] = await flush(client, { claims });
  expect(again).toMatchObject({ verdict: 'claimed', claimed: { id: action.id, attempts: 1, token } });
  expect(again?.claimed).toEqual(first?.claimed);
  const read = await seedAction(client, { risk: 'read' });
  const reads = { [read.id]: token };
  await flush(client, { reads });
  expect((await flush(client, { reads }))[1]).toMatchObject({ claimed: { id: read.id, attempts: 1 } });
});

test('asks go on through broken connections until they are answered', async () => {
  const actions: Seeded[] = [];
  for (let index = 0; index < 60; index += 1) actions.push(await seedAction(client));
  const breakAll = () =>
    client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'flusher-test'");
  for (const action of actions) {
    // Now before the statement, now in it, now between its commit and its answer.
    const [{ verdict, claimed }] = await Promise.all([flusher.claim(lane(action), 'alpha'), breakAll()]);
    expect(verdict).toBe('claimed');
    const token = claimed?.token as string;
    await Promise.all([flusher.finish({ to: 'applied', result: null, action: action.id, token }), breakAll()]);
  }
  for (const action of actions)
    expect(await actionRow(client, action.id)).toMatchObject({ state: 'applied', attempts: 1 });
  expect(flusher.tokens.size).toBe(1);
}, 60_000);
