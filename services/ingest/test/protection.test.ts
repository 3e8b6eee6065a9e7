import { HTTP_LIMITS } from '@holdpoint/shared/runtime/http-connections';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, deliver, eventually, type Harness, ingestHarness, metric, SECRET, type Sent } from './harness.ts';
import { deliveryHead, type RawConnection, rawConnection } from './raw-connection.ts';

const PLENTY = { perSecond: 100_000, burst: 100_000 };
/** Practically a bucket that does not fill again. */
const once = (burst: number) => ({ perSecond: 0.001, burst });

const LIMITED = `export default [
  { id: 'few', provider: 'fabric', secrets: ['${SECRET}'], rateLimit: { perSecond: 0.001, burst: 6 } },
  { id: 'sparing', provider: 'fabric', secrets: ['${SECRET}'], rateLimit: { perSecond: 0.001, burst: 2 } },
  { id: 'steady', provider: 'fabric', secrets: ['${SECRET}'], rateLimit: { perSecond: 40, burst: 10 } },
  { id: 'alone', provider: 'fabric', secrets: ['${SECRET}'], rateLimit: { perSecond: 0.001, burst: 3 } },
  { id: 'inside', provider: 'fabric', secrets: ['${SECRET}'], allowFrom: ['10.0.0.0/8', '2001:db8::/32'] },
  { id: 'one', provider: 'fabric', secrets: ['${SECRET}'] },
  { id: 'two', provider: 'fabric', secrets: ['${SECRET}'] },
];`;

let harness: Harness;
let serial = 0;

beforeAll(async () => {
  harness = await ingestHarness({
    redis: true,
    files: {
      'tenants/limited/sources.ts': LIMITED,
      'tenants/load/sources.ts': LIMITED,
      'tenants/silent/sources.ts': LIMITED,
      'tenants/own/sources.ts': LIMITED,
      'tenants/own/limits.ts': 'export default { deliveries: { perSecond: 0.001, burst: 4 } };',
    },
  });
});
afterAll(() => harness.stop());

/** A delivery that was never sent before. */
function push(url: string, source: string, over: Partial<Sent> = {}): Promise<Answer> {
  serial += 1;
  return deliver(`${url}/hooks/${source}`, 'fabric', { body: `{"n":${serial}}`, type: 'push', ...over });
}

const inTurn = async (count: number, send: (at: number) => Promise<Answer>): Promise<number[]> => {
  const statuses: number[] = [];
  for (let at = 0; at < count; at += 1) statuses.push((await send(at)).status);
  return statuses;
};
const countOf = (statuses: readonly number[], wanted: number) => statuses.filter((status) => status === wanted).length;

describe("a source's rate", () => {
  it('is shared by all instances, and what is beyond it is told when to come back', async () => {
    const urls = [(await harness.start()).url, (await harness.start()).url];
    for (const url of urls) await eventually(async () => (await note(url)) === 'ok');
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, at) => push(urls[at % 2] as string, 'limited/few')),
    );
    expect(
      countOf(
        answers.map(({ status }) => status),
        202,
      ),
    ).toBe(6);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(24);
    expect(refused[0]?.body).toMatchObject({ code: 'RATE_LIMIT', retryable: true });
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(100);
    const labels = { tenant: 'limited', source: 'few', result: 'rate_limited' };
    const counted = await Promise.all(urls.map((url) => metric(url, 'deliveries_total', labels)));
    expect(counted.reduce((a, b) => a + b, 0)).toBe(24);
  });

  it('is not used up by deliveries that do not verify', async () => {
    const { url } = await harness.start();
    expect(countOf(await inTurn(10, () => push(url, 'limited/sparing', { secret: 'another' })), 401)).toBe(10);
    expect(await inTurn(3, () => push(url, 'limited/sparing'))).toEqual([202, 202, 429]);
  });

  it('is asked before the body is read', async () => {
    const { url } = await harness.start();
    await inTurn(3, () => push(url, 'limited/sparing'));
    const connection = await rawConnection(url);
    connection.say(deliveryHead('/hooks/limited/sparing', { 'content-length': 1_000_000 }));
    const heard = await connection.closed();
    expect(heard).toMatch(/^HTTP\/1\.1 429/);
    expect(heard).toMatch(/connection: close/i);
  });

  it('lets through in a while what it gives in that while, by instances together', async () => {
    const urls = [(await harness.start()).url, (await harness.start()).url, (await harness.start()).url];
    for (const url of urls) await eventually(async () => (await note(url)) === 'ok');
    const startedAt = performance.now();
    let taken = 0;
    while (performance.now() - startedAt < 1_500) {
      const answers = await Promise.all([...urls, ...urls, ...urls].map((url) => push(url, 'limited/steady')));
      taken += answers.filter(({ status }) => status === 202).length;
    }
    const seconds = (performance.now() - startedAt) / 1000;
    expect(taken).toBeLessThanOrEqual(10 + 40 * seconds + urls.length);
    expect(taken).toBeGreaterThan(10);
  });
});

describe("a tenant's rate", () => {
  it('is of all its sources together, and leaves other tenants alone', async () => {
    const { url } = await harness.start({ ingest: { tenantRate: once(5), addressRate: PLENTY } });
    const statuses = await inTurn(8, (at) => push(url, at % 2 ? 'load/one' : 'load/two'));
    expect(statuses).toEqual([202, 202, 202, 202, 202, 429, 429, 429]);
    expect((await push(url, 'limited/two')).status).toBe(202);
  });

  it('is what its limits.ts says, where it has one', async () => {
    const { url } = await harness.start();
    expect(await inTurn(6, (at) => push(url, at % 2 ? 'own/one' : 'own/two'))).toEqual([202, 202, 202, 202, 429, 429]);
  });
});

describe('an address', () => {
  it('that only guesses is no longer answered, but what is verified from there still is', async () => {
    const { url } = await harness.start({ ingest: { tenantRate: PLENTY, addressRate: once(5) } });
    expect((await push(url, 'limited/one')).status).toBe(202);
    const guesses = await inTurn(20, (at) => push(url, `limited/guess${at}`));
    expect(guesses.slice(0, 5)).toEqual([404, 404, 404, 404, 404]);
    expect(guesses.slice(-10)).toEqual(Array(10).fill(429));
    expect((await push(url, 'limited/one')).status).toBe(202);
    expect((await push(url, 'limited/one', { secret: 'another' })).status).toBe(401);
    // Nothing from here was ever verified for this one.
    expect((await push(url, 'limited/two')).status).toBe(429);
  });
});

describe('without Redis', () => {
  it('from the start, webhooks are accepted under the same limits and the service is ready', async () => {
    const { url } = await harness.start({ redisUrl: 'redis://127.0.0.1:1' });
    expect(await inTurn(5, () => push(url, 'limited/alone'))).toEqual([202, 202, 202, 429, 429]);
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, ((await ready.json()) as { checks: unknown }).checks]).toEqual([
      200,
      { nats: 'ok', redis: expect.stringMatching(/^away/) },
    ]);
  });

  it('for a while under load, nothing fails, and the limit holds before, meanwhile and after', async () => {
    const { url } = await harness.start();
    const statuses: number[] = [];
    let going = true;
    await eventually(async () => (await note(url)) === 'ok');
    const startedAt = performance.now();
    const load = Promise.all(
      Array.from({ length: 8 }, async () => {
        while (going) statuses.push((await push(url, 'load/steady')).status);
      }),
    );
    const taken = () => countOf(statuses, 202);
    const more = (count: number, from = taken()) => eventually(async () => taken() >= from + count);
    await more(15);
    await harness.servers.redis.stop();
    await eventually(async () => (await note(url)).startsWith('away'));
    await more(30);
    await harness.servers.redis.start();
    await eventually(async () => (await note(url)) === 'ok');
    await more(30);
    going = false;
    await load;
    expect(statuses.filter((status) => status !== 202 && status !== 429)).toEqual([]);
    // Redis keeps its buckets; were it to lose them there would be one burst more.
    expect(taken()).toBeLessThanOrEqual(2 * 10 + (40 * (performance.now() - startedAt)) / 1000 + 1);
  });
});

describe('a Redis that does not answer', () => {
  it('holds up a delivery for a second at most, then nobody for a while, under the same limits', async () => {
    const { url } = await harness.start();
    await eventually(async () => (await note(url)) === 'ok');
    process.kill(harness.servers.redis.pid, 'SIGSTOP');
    try {
      const startedAt = performance.now();
      expect(await inTurn(5, () => push(url, 'silent/alone'))).toEqual([202, 202, 202, 429, 429]);
      expect(performance.now() - startedAt).toBeLessThan(4_000);
    } finally {
      process.kill(harness.servers.redis.pid, 'SIGCONT');
    }
  });
});

async function note(url: string): Promise<string> {
  return ((await (await fetch(`${url}/readyz`)).json()) as { checks: { redis: string } }).checks.redis;
}

describe('allowFrom', () => {
  it('refuses other addresses before the body is read, and tells nothing', async () => {
    const { url } = await harness.start();
    const connection = await rawConnection(url);
    connection.say(deliveryHead('/hooks/limited/inside', { 'content-length': 1_000_000 }));
    const heard = await connection.closed();
    expect(heard).toMatch(/^HTTP\/1\.1 403/);
    expect(heard).not.toContain('10.0');
    expect(await metric(url, 'deliveries_total', { source: 'inside', result: 'forbidden' })).toBe(1);
    // A stranger's word about where it comes from.
    expect((await push(url, 'limited/inside', { headers: { 'x-forwarded-for': '10.1.2.3' } })).status).toBe(403);
  });

  it.each([
    ['10.1.2.3', 202],
    ['::ffff:10.1.2.3', 202],
    ['::ffff:a01:203', 202],
    ['2001:db8::7', 202],
    ['11.1.2.3', 403],
    ['::ffff:11.1.2.3', 403],
    ['2001:db9::7', 403],
    ['nonsense', 403],
  ])('behind a proxy that is trusted: %s is %d', async (address, status) => {
    const { url } = await harness.start({ trustProxy: 1 });
    expect((await push(url, 'limited/inside', { headers: { 'x-forwarded-for': address } })).status).toBe(status);
  });
});

describe('a slow or greedy connection', () => {
  const hasty = { ...HTTP_LIMITS, headersMaxMs: 300, requestMaxMs: 600, checkEveryMs: 50 };
  const head = (length: number) => deliveryHead('/hooks/limited/one', { 'content-length': length });

  async function open(url: string, count: number): Promise<RawConnection[]> {
    return Promise.all(Array.from({ length: count }, () => rawConnection(url)));
  }

  it('that never ends its headers is cut off with 408, however steadily it sends', async () => {
    const { url } = await harness.start({ http: { ...hasty, requestMaxMs: 25_000 } });
    const connection = await rawConnection(url);
    connection.say('POST /hooks/limited/one HTTP/1.1\r\nhost: test\r\n');
    const dribble = setInterval(() => connection.say('x-a: b\r\n'), 20);
    const startedAt = performance.now();
    const heard = await connection.closed().finally(() => clearInterval(dribble));
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    expect(heard).toMatch(/^HTTP\/1\.1 408 .*application\/problem\+json/s);
  });

  it('that says nothing at all is cut off too', async () => {
    const { url } = await harness.start({ http: hasty });
    expect(await (await rawConnection(url)).closed()).toMatch(/^HTTP\/1\.1 408/);
  });

  it('that never ends its body is cut off with 408, and gives its room back', async () => {
    const { url } = await harness.start({ http: hasty });
    const connection = await rawConnection(url);
    connection.say(head(100_000));
    const dribble = setInterval(() => connection.say('x'.repeat(50)), 20);
    await eventually(async () => (await metric(url, 'bodies_held_bytes')) > 0);
    const heard = await connection.closed().finally(() => clearInterval(dribble));
    expect(heard).toMatch(/^HTTP\/1\.1 408/);
    expect(heard.match(/HTTP\/1\.1/g)).toHaveLength(1);
    await eventually(async () => (await metric(url, 'bodies_held_bytes')) === 0);
    expect(await metric(url, 'deliveries_total', { source: 'one', result: 'incomplete' })).toBe(1);
  });

  it('that stops half-way in its body and goes is counted and forgotten', async () => {
    const { url } = await harness.start();
    const connection = await rawConnection(url);
    connection.say(`${head(1_000)}${'x'.repeat(500)}`);
    await eventually(async () => (await metric(url, 'bodies_held_bytes')) === 500);
    connection.socket.destroy();
    await eventually(async () => (await metric(url, 'bodies_held_bytes')) === 0);
    expect(await metric(url, 'deliveries_total', { source: 'one', result: 'incomplete' })).toBe(1);
  });

  it.each([
    ['ten thousand headers', 'a: b\r\n'.repeat(10_000)],
    ['a header of 20,000 bytes', `a: ${'b'.repeat(20_000)}\r\n`],
  ])('with %s is answered 431', async (_, headers) => {
    const { url } = await harness.start();
    const connection = await rawConnection(url);
    connection.say(`POST /hooks/limited/one HTTP/1.1\r\nhost: test\r\n${headers}\r\n`);
    expect(await connection.closed()).toMatch(/^HTTP\/1\.1 431/);
  });

  it('with three thousand short headers is heard to the last: a doubled one is seen', async () => {
    const { url } = await harness.start();
    const connection = await rawConnection(url);
    const name = 'x-fabric-signature: sha256=00\r\n';
    connection.say(
      `POST /hooks/limited/one HTTP/1.1\r\nhost: t\r\ncontent-length: 2\r\n${name}${'a:\r\n'.repeat(3_000)}${name}\r\n{}`,
    );
    expect(await connection.status()).toBe(401);
    connection.socket.destroy();
    expect(harness.logs.some((line) => line.includes('header_doubled'))).toBe(true);
  });

  it('beyond so many is closed unheard, and the others are served', async () => {
    const { url } = await harness.start({ http: { ...HTTP_LIMITS, connectionsMax: 3 } });
    const kept = await open(url, 3);
    const beyond = await rawConnection(url);
    beyond.say('GET /healthz HTTP/1.1\r\nhost: test\r\n\r\n');
    expect(await beyond.closed()).toBe('');
    kept[0]?.say('GET /healthz HTTP/1.1\r\nhost: test\r\n\r\n');
    expect(await kept[0]?.status()).toBe(200);
    for (const { socket } of kept) socket.destroy();
    await eventually(async () => (await fetch(`${url}/healthz`).catch(() => undefined))?.ok);
  });

  it('cannot fill the memory: bodies beyond the room for them are 503, other tenants have their half', async () => {
    const { url } = await harness.start({ bodiesMaxBytes: 40_000 });
    const slow = await open(url, 3);
    for (const connection of slow) connection.say(`${head(900_000)}${'x'.repeat(9_000)}`);
    expect(await Promise.any(slow.map((connection) => connection.status()))).toBe(503);
    await eventually(async () => (await metric(url, 'bodies_held_bytes')) === 18_000);
    expect((await push(url, 'limited/one', { body: 'y'.repeat(5_000) })).status).toBe(503);
    expect((await push(url, 'acme/wide', { body: 'y'.repeat(5_000) })).status).toBe(202);
    for (const { socket } of slow) socket.destroy();
    await eventually(async () => (await push(url, 'limited/one', { body: 'y'.repeat(5_000) })).status === 202);
  });
});
