import { writeOutbox } from '@holdpoint/shared/db/outbox';
import { startRelay } from '@holdpoint/shared/db/relay';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { DEAD_HEADERS } from '@holdpoint/shared/messages/facts';
import { STREAMS } from '@holdpoint/shared/messages/streams';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import { connectNats, ensureStreams, type Nats } from '@holdpoint/shared/runtime/nats';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import { type TestServers, testServers } from '@holdpoint/stack/testing/test-servers';
import type { Kysely } from 'kysely';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

const logger = createLogger({ service: 'test', level: 'silent', instance: 'test' });
let servers: TestServers;
let nats: Nats;
let db: Kysely<Database>;
beforeAll(async () => {
  servers = await testServers({ redis: false });
  nats = await connectNats({ url: servers.natsUrl, name: 'test', logger });
  await ensureStreams(nats.jsm, Object.values(STREAMS), logger);
  db = createDatabase<Database>(createPool({ url: servers.databaseUrl, applicationName: 'test', max: 2, logger }));
});
afterAll(async () => {
  await nats.close();
  await db.destroy();
  await servers.stop();
});

test('a fact that no message can hold does not keep the others from leaving: it is a dead letter', async () => {
  const fact = (id: string, body: unknown) => ({ subject: 'outcomes.acme.applied.risk', id, body });
  await db.transaction().execute(async (tx) => {
    await writeOutbox(tx, [fact('too-large', { result: 'x'.repeat(2_000_000) })]);
    await writeOutbox(tx, [fact('fine', { result: 1 })]);
  });
  const relay = startRelay({ db, nats, logger });
  await vi.waitFor(async () => expect(await db.selectFrom('outbox').select('id').execute()).toEqual([]), {
    timeout: 15_000,
  });
  await relay.stop();
  const told = await nats.jsm.streams.getMessage('OUTCOMES', { last_by_subj: 'outcomes.acme.applied.risk' });
  expect(told?.json()).toEqual({ result: 1 });
  const dead = await nats.jsm.streams.getMessage('DEAD', { last_by_subj: 'dead.OUTCOMES.acme' });
  expect(dead?.json()).toMatchObject({ id: 'too-large', subject: 'outcomes.acme.applied.risk' });
  expect(dead?.header.get(DEAD_HEADERS.code)).toBe('PAYLOAD_TOO_LARGE');
});
