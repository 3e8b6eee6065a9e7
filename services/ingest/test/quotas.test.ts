import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PrivatePostgres, privatePostgres } from '@holdpoint/stack/testing/test-servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  ask,
  deliver,
  eventually,
  type Harness,
  ingestHarness,
  metric,
  SECRET,
  type Sent,
} from './harness.ts';

const SOURCE = `export default [{ id: 'in', provider: 'fabric', secrets: ['${SECRET}'], bodyMaxBytes: 4000000 }];`;
const PLENTY = { perSecond: 100_000, burst: 100_000 };
/** As it is unless told: an equal share each. */
const SHARES = { ingest: { tenantRate: PLENTY, addressRate: PLENTY } };
const QUOTA_BYTES = 20_000;
/** Of which a quota holds 12 with their headers. */
const BODY_BYTES = 1_000;
const EVENT_MAX_BYTES = BODY_BYTES + 700;

const OWN = ['told', 'racing', 'shared', 'restarted', 'purged', 'replayed', 'blind', 'large', 'exact'];
const names = [...OWN, 'free', 'greedy', 'modest'];

let harness: Harness;
let serial = 0;

beforeAll(async () => {
  harness = await ingestHarness({
    files: Object.fromEntries(
      names.flatMap((tenant) => [
        [`tenants/${tenant}/sources.ts`, SOURCE],
        ...(OWN.includes(tenant)
          ? [[`tenants/${tenant}/limits.ts`, `export default { eventsMaxBytes: ${QUOTA_BYTES} };`]]
          : []),
      ]),
    ),
  });
});
afterAll(() => harness.stop());

function send(url: string, tenant: string, over: Partial<Sent> = {}): Promise<Answer> {
  serial += 1;
  return deliver(`${url}/hooks/${tenant}/in`, 'fabric', {
    type: 'a.b',
    body: JSON.stringify({ serial, padding: 'x'.repeat(BODY_BYTES - 30) }),
    ...over,
  });
}

/** Delivers until it is refused: how many were accepted, and the refusal. */
async function fill(urls: readonly string[], tenant: string): Promise<{ accepted: number; refusal: Answer }> {
  for (let accepted = 0; accepted < 500; accepted += 1) {
    const answer = await send(urls[accepted % urls.length] as string, tenant);
    if (answer.status !== 202) return { accepted, refusal: answer };
  }
  throw new Error(`${tenant} was never refused`);
}

async function quotaOf(url: string, tenant: string): Promise<{ used_bytes: number; max_bytes: number }> {
  return (await ask(`${url}/v1/sources`, await harness.key(tenant))).body.quota;
}

/** Bytes of the stream's messages of one tenant, as the server counts them: nobody else may store meanwhile. */
const streamBytes = async () => (await harness.nats.jsm.streams.info('EVENTS')).state.bytes;

describe("a tenant's quota", () => {
  it('counts what the stream counts', async () => {
    const { url } = await harness.start();
    const before = await streamBytes();
    for (let n = 0; n < 5; n += 1) {
      await send(url, 'exact', { headers: { 'idempotency-key': `k${n}`, 'content-type': 'application/json' } });
    }
    await send(url, 'exact', { body: '', type: 'ä.b/c' });
    expect((await quotaOf(url, 'exact')).used_bytes).toBe((await streamBytes()) - before);
  });

  it('ends in 429 that names it, in one line of the log, and in a count, and costs nobody else', async () => {
    const { url } = await harness.start();
    const { accepted, refusal } = await fill([url], 'told');
    expect(accepted).toBeGreaterThanOrEqual(Math.floor(QUOTA_BYTES / EVENT_MAX_BYTES));
    expect(accepted * BODY_BYTES).toBeLessThan(QUOTA_BYTES);
    expect(refusal.status).toBe(429);
    expect(refusal.body).toMatchObject({
      code: 'RATE_LIMIT',
      retryable: true,
      detail: `the tenant's quota in the event store is used up: ${QUOTA_BYTES} bytes within seven days`,
    });
    expect(refusal.headers.get('retry-after')).toBe('300');
    for (let n = 0; n < 4; n += 1) expect((await send(url, 'told')).status).toBe(429);
    expect(await metric(url, 'deliveries_total', { tenant: 'told', result: 'over_quota' })).toBe(5);
    expect(harness.logs.filter((line) => /"tenant":"told".*used up its quota/.test(line))).toHaveLength(1);
    expect((await send(url, 'free')).status).toBe(202);
    const { used_bytes, max_bytes } = await quotaOf(url, 'told');
    expect(max_bytes).toBe(QUOTA_BYTES);
    expect(used_bytes).toBeLessThanOrEqual(QUOTA_BYTES);
    await eventually(async () => (await metric(url, 'tenant_quota_used_bytes', { tenant: 'told' })) === used_bytes);
  });

  it('is kept to by deliveries that race for the last of it', async () => {
    const { url } = await harness.start();
    const answers = await Promise.all(Array.from({ length: 60 }, () => send(url, 'racing')));
    const accepted = answers.filter(({ status }) => status === 202).length;
    expect(accepted).toBeGreaterThanOrEqual(Math.floor(QUOTA_BYTES / EVENT_MAX_BYTES));
    expect(accepted * BODY_BYTES).toBeLessThan(QUOTA_BYTES);
    expect((await quotaOf(url, 'racing')).used_bytes).toBeLessThanOrEqual(QUOTA_BYTES);
  });

  it('is of all instances together, and known to one that starts later', async () => {
    const urls = [(await harness.start()).url, (await harness.start()).url];
    const first = await send(urls[0] as string, 'shared');
    expect(first.status).toBe(202);
    await eventually(async () => (await quotaOf(urls[1] as string, 'shared')).used_bytes > 0);
    await fill(urls, 'shared');
    for (const url of urls) await eventually(async () => (await send(url, 'shared')).status === 429);
    const late = await harness.start();
    // Each knows of the others what they had saved when it last looked.
    const used = async (url: string) => (await quotaOf(url, 'shared')).used_bytes;
    await eventually(async () => new Set(await Promise.all([late.url, ...urls].map(used))).size === 1);
    expect((await send(late.url, 'shared')).status).toBe(429);
  });

  it('survives a restart', async () => {
    const first = await harness.start({ counts: { saveEveryMs: 60_000, readEveryMs: 60_000 } });
    await fill([first.url], 'restarted');
    await first.stop();
    expect((await send((await harness.start()).url, 'restarted')).status).toBe(429);
  });

  it('counts replays, which are refused beyond it', async () => {
    const { url } = await harness.start();
    const { body } = await send(url, 'replayed');
    const key = await harness.key('replayed');
    const replay = () => ask(`${url}/v1/events/${body.event_id}/replay`, key, { method: 'POST', body: {} });
    const before = (await quotaOf(url, 'replayed')).used_bytes;
    expect((await replay()).status).toBe(200);
    expect((await quotaOf(url, 'replayed')).used_bytes).toBeGreaterThan(before + BODY_BYTES);
    await fill([url], 'replayed');
    expect(await replay()).toMatchObject({ status: 429, body: { code: 'RATE_LIMIT' } });
  });

  it('counts of a body that is put aside only the event that refers to it', async () => {
    const { url } = await harness.start();
    expect((await send(url, 'large', { body: 'x'.repeat(2_000_000) })).status).toBe(202);
    expect((await quotaOf(url, 'large')).used_bytes).toBeLessThan(2_000);
  });

  it('is whole again after the stream was emptied', async () => {
    const { url } = await harness.start();
    await fill([url], 'purged');
    await harness.nats.jsm.streams.purge('EVENTS');
    await eventually(async () => (await send(url, 'purged')).status === 202);
  });
});

describe('unless told', () => {
  it("a tenant has an equal share of the stream, and cannot take another's", async () => {
    const { url } = await harness.start(SHARES);
    const { jsm } = harness.nats;
    await jsm.streams.purge('EVENTS');
    const { config } = await jsm.streams.info('EVENTS');
    const own = OWN.length * QUOTA_BYTES;
    const others = (await readdir(join(harness.workspaceDir, 'tenants'))).length - OWN.length;
    await jsm.streams.update('EVENTS', { ...config, max_bytes: own + others * QUOTA_BYTES });
    try {
      await eventually(async () => (await quotaOf(url, 'greedy')).max_bytes === QUOTA_BYTES);
      const greedy = await fill([url], 'greedy');
      expect(greedy.refusal.body.code).toBe('RATE_LIMIT');
      const modest = await fill([url], 'modest');
      expect(modest.accepted).toBe(greedy.accepted);
      expect(modest.refusal.body.code).toBe('RATE_LIMIT');
    } finally {
      await jsm.streams.update('EVENTS', config);
    }
  });
});

describe('quotas that leave nothing', () => {
  it('stop the start with a line that says so', async () => {
    const workspaceDir = await mkdtemp(join(tmpdir(), 'holdpoint-workspace-'));
    for (const [tenant, text] of [
      ['much', `export default { eventsMaxBytes: ${2 * 1024 ** 3} };`],
      ['rest', 'export default {};'],
    ] as const) {
      await mkdir(join(workspaceDir, 'tenants', tenant), { recursive: true });
      await writeFile(join(workspaceDir, 'tenants', tenant, 'limits.ts'), text);
    }
    await expect(harness.start({ workspaceDir })).rejects.toThrow(
      /eventsMaxBytes of all limits.ts together is 2147483648/,
    );
    await rm(workspaceDir, { recursive: true });
  });
});

describe('while Postgres is away', () => {
  let postgres: PrivatePostgres;
  beforeAll(async () => {
    postgres = await privatePostgres();
  });
  afterAll(() => postgres.stop());

  it('what was known last and what this instance adds to it hold the tenant to its quota', async () => {
    const { url } = await harness.start({ databaseUrl: postgres.databaseUrl });
    for (let n = 0; n < 3; n += 1) expect((await send(url, 'blind')).status).toBe(202);
    await eventually(async () => (await metric(url, 'tenant_quota_used_bytes', { tenant: 'blind' })) > 3 * BODY_BYTES);
    await postgres.server.stop();
    const { accepted, refusal } = await fill([url], 'blind');
    expect(refusal.status).toBe(429);
    expect((accepted + 3) * BODY_BYTES).toBeLessThan(QUOTA_BYTES);
    expect(accepted + 3).toBeGreaterThanOrEqual(Math.floor(QUOTA_BYTES / EVENT_MAX_BYTES));
  });
});
