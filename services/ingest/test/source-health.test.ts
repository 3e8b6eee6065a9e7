import type { Database } from '@holdpoint/shared/db/schema/index';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import { type PrivatePostgres, privatePostgres } from '@holdpoint/stack/testing/test-servers';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, ask, deliver, eventually, type Harness, ingestHarness, SECRET, type Sent } from './harness.ts';

const SOURCES = `export default ['calm', 'many', 'wrong', 'old', 'early', 'big', 'none', 'away', 'order'].map((id) => ({
  id, provider: 'standard-webhooks', secrets: ['${SECRET}'], bodyMaxBytes: 2000,
  ...(id === 'many' && { rateLimit: { perSecond: 0.001, burst: 3 } }),
}));`;

let harness: Harness;
let url: string;
let other: string;
let key: string;
let serial = 0;

beforeAll(async () => {
  harness = await ingestHarness({
    files: { 'tenants/seen/sources.ts': SOURCES, 'tenants/blind/sources.ts': SOURCES },
  });
  url = (await harness.start()).url;
  other = (await harness.start()).url;
  key = await harness.key('seen');
});
afterAll(() => harness.stop());

function send(at: string, source: string, over: Partial<Sent> = {}): Promise<Answer> {
  serial += 1;
  return deliver(`${at}/hooks/seen/${source}`, 'standard-webhooks', {
    id: `msg_${serial}`,
    body: `{"type":"a.b","n":${serial}}`,
    ...over,
  });
}

// biome-ignore lint/suspicious/noExplicitAny: an answer is looked at by its test, field by field
async function healthOf(at: string, source: string): Promise<any> {
  const { body } = await ask(`${at}/v1/sources?limit=200`, key);
  return body.items.find(({ id }: { id: string }) => id === source).health;
}

const saved = (at: string, source: string, counts: Record<string, number>) =>
  eventually(async () => {
    const health = await healthOf(at, source);
    return Object.entries(counts).every(([result, count]) => health.counts[result] === count) && health;
  });

describe('what is known of a source', () => {
  it('begins with nothing', async () => {
    expect(await healthOf(url, 'none')).toEqual({
      status: 'unused',
      counts: {},
      last_delivery: null,
      last_failure: null,
    });
  });

  it('is counted by result over all instances, and the same at each of them', async () => {
    const twice = { id: 'twice', body: '{"type":"a.b"}' };
    await send(url, 'calm', twice);
    await send(other, 'calm', twice);
    const last = await send(other, 'calm');
    await saved(url, 'calm', { accepted: 2, duplicate: 1 });
    const health = await healthOf(url, 'calm');
    expect(health).toEqual(await healthOf(other, 'calm'));
    expect(health).toMatchObject({ status: 'ok', last_failure: null, last_delivery: { event_id: last.body.event_id } });
    expect(Date.now() - Date.parse(health.last_delivery.at)).toBeLessThan(15_000);
  });

  it('says why the last failure was one, in a sentence for people', async () => {
    await send(url, 'wrong');
    expect(
      (await send(url, 'wrong', { secret: `whsec_${Buffer.from('not the secret at all..').toString('base64')}` }))
        .status,
    ).toBe(401);
    expect(await saved(url, 'wrong', { accepted: 1, refused: 1 })).toMatchObject({
      status: 'failing',
      last_failure: {
        result: 'refused',
        reason: 'signature_mismatch',
        help: expect.stringContaining('another secret'),
      },
    });
    await send(url, 'wrong');
    expect(await saved(url, 'wrong', { accepted: 2 })).toMatchObject({
      status: 'ok',
      last_failure: { reason: 'signature_mismatch' },
    });
  });

  it('names a clock that is wrong, either way', async () => {
    const now = Math.floor(Date.now() / 1000);
    await send(url, 'old', { timestamp: now - 420 });
    expect((await saved(url, 'old', { refused: 1 })).last_failure).toMatchObject({
      reason: 'timestamp_stale',
      help: expect.stringMatching(/^the timestamp is 7 minutes old: is this machine's clock right/),
    });
    await send(url, 'early', { timestamp: now + 4000 });
    expect((await saved(url, 'early', { refused: 1 })).last_failure.reason).toBe('timestamp_future');
  });

  it('holds what was refused unread', async () => {
    await send(url, 'big', { body: 'x'.repeat(3_000) });
    expect((await saved(url, 'big', { too_large: 1 })).last_failure).toMatchObject({
      result: 'too_large',
      reason: null,
      help: expect.stringContaining('bodyMaxBytes'),
    });
    for (let n = 0; n < 5; n += 1) await send(url, 'many');
    expect(await saved(url, 'many', { accepted: 3, rate_limited: 2 })).toMatchObject({ status: 'failing' });
  });

  it('holds nothing of what a stranger sends', async () => {
    const marker = 'planted-by-a-stranger';
    await deliver(`${url}/hooks/seen/order`, 'standard-webhooks', {
      body: `{"type":"${marker}"}`,
      id: marker,
      headers: { 'webhook-signature': `v1,${marker}`, 'user-agent': marker },
    });
    await saved(url, 'order', { refused: 1 });
    const db = createDatabase<Database>(
      createPool({ url: harness.servers.databaseOwnerUrl, applicationName: 'test', max: 1 }),
    );
    const { rows } = await sql<{ text: string }>`SELECT source_results::text AS text FROM source_results`.execute(db);
    await db.destroy();
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.map(({ text }) => text).join('\n')).not.toContain(marker);
    expect(rows.map(({ text }) => text).join('\n')).not.toContain(SECRET);
  });

  it("is of the asker's tenant alone", async () => {
    const { body } = await ask(`${url}/v1/sources?limit=200`, await harness.key('blind'));
    expect(body.items.map(({ health }: { health: { status: string } }) => health.status)).toEqual(
      Array(9).fill('unused'),
    );
  });

  it('is told to admins, not to keys that only read', async () => {
    const { status, body } = await ask(`${url}/v1/sources?limit=200`, await harness.key('seen', ['admin']));
    expect(status).toBe(200);
    const calm = body.items.find(({ id }: { id: string }) => id === 'calm');
    expect(calm).toMatchObject({
      id: 'calm',
      tenant: 'seen',
      provider: 'standard-webhooks',
      health: await healthOf(url, 'calm'),
    });
    expect((await ask(`${url}/v1/sources`, await harness.key('seen', ['plan', 'read']))).status).toBe(403);
  });

  it('is saved by an instance that drains, and known to the one that comes after it', async () => {
    const short = await harness.start({ counts: { saveEveryMs: 60_000, readEveryMs: 60_000 } });
    await saved(url, 'calm', { accepted: 2 });
    await send(short.url, 'calm');
    await short.stop();
    expect((await healthOf((await harness.start()).url, 'calm')).counts.accepted).toBe(3);
  });
});

describe('while Postgres is away', () => {
  let postgres: PrivatePostgres;
  beforeAll(async () => {
    postgres = await privatePostgres();
  });
  afterAll(() => postgres.stop());

  it('deliveries are accepted and counted, and the counts follow', async () => {
    const lone = await harness.start({ databaseUrl: postgres.databaseUrl });
    await send(lone.url, 'away');
    const db = createDatabase<Database>(
      createPool({ url: postgres.databaseOwnerUrl, applicationName: 'test', max: 1 }),
    );
    const accepted = async () =>
      (
        await sql<{
          count: number;
        }>`SELECT count FROM source_results WHERE source = 'away' AND result = 'accepted'`.execute(db)
      ).rows[0]?.count;
    await eventually(async () => (await accepted()) === 1);
    await postgres.server.stop();
    for (let n = 0; n < 3; n += 1) expect((await send(lone.url, 'away')).status).toBe(202);
    expect((await fetch(`${lone.url}/readyz`)).status).toBe(200);
    await postgres.server.start();
    await eventually(async () => (await accepted().catch(() => 0)) === 4, 25_000);
    await db.destroy();
  });
});
