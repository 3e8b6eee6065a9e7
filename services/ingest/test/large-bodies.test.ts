import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { sha256 } from '@holdpoint/shared/domain/digest';
import type { EventId } from '@holdpoint/shared/domain/ids';
import { STREAMS } from '@holdpoint/shared/messages/streams';
import { bodyPieceSubject, bodySubjects, eventSubject, wholeBodySubject } from '@holdpoint/shared/messages/subjects';
import { systemClock } from '@holdpoint/shared/runtime/clock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BodyStore, streamBodyStore } from '../src/stream/body-store.ts';
import { signDelivery } from '../src/testing/sign-delivery.ts';
import { type Answer, ask, deliver, eventually, type Harness, ingestHarness, SECRET } from './harness.ts';

const MIB = 1024 * 1024;
const LARGEST = 25 * MIB;
/** What NATS takes by default, less what is left for headers. */
const INLINE_MAX = MIB - 16 * 1024;

let harness: Harness;
let url: string;
let key: string;

beforeAll(async () => {
  harness = await ingestHarness();
  url = (await harness.start()).url;
  key = await harness.key('acme');
});
afterAll(() => harness.stop());

const wide = (body: Buffer, over: { at?: string; tenant?: string; type?: string } = {}): Promise<Answer> => {
  const { at = url, tenant = 'acme', type = 'export.done' } = over;
  return deliver(`${at}/hooks/${tenant}/wide`, 'fabric', { body: body as never, type });
};
const raw = async (id: string, asker = key): Promise<Buffer> =>
  (await ask(`${url}/v1/events/${id}?raw`, asker)).body as Buffer;
const bodies = async () => (await harness.nats.jsm.streams.info(STREAMS.BODIES.name)).state;
const message = (id: string, tenant = 'acme') =>
  harness.nats.jsm.direct.getMessage(STREAMS.EVENTS.name, { last_by_subj: eventSubject(tenant, id as EventId) });
const eventCount = async () => (await harness.nats.jsm.streams.info(STREAMS.EVENTS.name)).state.messages;

describe('a body that its event cannot hold', () => {
  it('of 25 MiB is accepted and comes back byte for byte, and its event says where it is', async () => {
    const body = randomBytes(LARGEST);
    const { status, body: answer } = await wide(body);
    expect([status, answer.status]).toEqual([202, 'accepted']);
    const event = await message(answer.event_id);
    expect(event?.data).toHaveLength(0);
    expect(event?.header.get('ce-dataref')).toBe(`/v1/events/${answer.event_id}?raw`);
    expect(event?.header.get('ce-datasize')).toBe(String(LARGEST));
    expect(event?.header.get('ce-digest')).toBe(sha256(body));

    expect((await raw(answer.event_id)).equals(body)).toBe(true);
    const shown = (await ask(`${url}/v1/events/${answer.event_id}`, key)).body;
    expect([shown.size, shown.data]).toEqual([LARGEST, null]);
    const listed = (await ask(`${url}/v1/events?source=wide&limit=1`, key)).body.items[0];
    expect([listed.id, listed.size]).toEqual([answer.event_id, LARGEST]);
  });

  it('is put aside from the first byte on that the event store does not take', async () => {
    const fits = await wide(Buffer.alloc(INLINE_MAX, 'a'));
    const over = await wide(Buffer.alloc(INLINE_MAX + 1, 'a'));
    expect([fits.status, over.status]).toEqual([202, 202]);
    expect((await message(fits.body.event_id))?.data).toHaveLength(INLINE_MAX);
    expect((await message(over.body.event_id))?.data).toHaveLength(0);
    expect((await raw(over.body.event_id)).equals(Buffer.alloc(INLINE_MAX + 1, 'a'))).toBe(true);
  });

  it('of one byte more than 25 MiB is refused with 413, told its length or not, and leaves nothing', async () => {
    const before = [(await bodies()).last_seq, await eventCount()];
    const body = Buffer.alloc(LARGEST + 1, 'b');
    const answer = await wide(body);
    expect([answer.status, answer.body.code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    expect(await sendChunked(body)).toBe(413);
    expect([(await bodies()).last_seq, await eventCount()]).toEqual(before);
  });

  it('is accepted in chunks', async () => {
    expect(await sendChunked(randomBytes(3 * MIB + 17))).toBe(202);
  });

  it('is not sent to the store again by a duplicate', async () => {
    const body = randomBytes(2 * MIB);
    const first = await wide(body);
    const { last_seq } = await bodies();
    const again = await wide(body);
    expect([again.status, again.body]).toEqual([200, { status: 'duplicate', event_id: first.body.event_id }]);
    // The same bytes as another event need no second copy either.
    expect((await wide(body, { type: 'import.done' })).status).toBe(202);
    expect((await bodies()).last_seq).toBe(last_seq);
  });

  it('delivered many times at once through two instances makes one event, whose body is whole', async () => {
    const other = (await harness.start()).url;
    const body = randomBytes(2 * MIB);
    const answers = await Promise.all(Array.from({ length: 8 }, (_, at) => wide(body, { at: at % 2 ? url : other })));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(7).fill(200), 202]);
    expect((await raw(answers[0]?.body.event_id)).equals(body)).toBe(true);
  });

  it('ten of 25 MiB at once are stored or told to come again, and in the end all are read back', async () => {
    const ten = Array.from({ length: 10 }, () => randomBytes(LARGEST));
    // A sender that is still writing when it is refused may see its connection break instead of the answer.
    const atOnce = await Promise.all(ten.map((body) => wide(body).catch(() => undefined)));
    const accepted = atOnce.filter((answer) => answer?.status === 202);
    expect(accepted.length).toBeGreaterThan(0);
    expect(new Set(atOnce.map((answer) => answer?.status ?? 503)).difference(new Set([202, 503])).size).toBe(0);
    const ids: string[] = [];
    for (const [at, body] of ten.entries()) {
      const answer = atOnce[at]?.status === 202 ? atOnce[at] : await wide(body);
      expect([200, 202]).toContain(answer.status);
      ids.push(answer.body.event_id);
    }
    for (const [at, id] of ids.entries()) expect((await raw(id)).equals(ten[at] as Buffer)).toBe(true);
  }, 120_000);

  it('more of them at once than there is room in hand are told to come again before they are sent anywhere', async () => {
    const publisher = { timeoutMs: 2_000, inFlightMax: 100, inFlightMaxBytes: 7 * MIB, retryAfterSeconds: 7 };
    const tight = await harness.start({ publisher });
    const bodiesOf3 = Array.from({ length: 5 }, () => randomBytes(3 * MIB));
    process.kill(harness.servers.nats.pid, 'SIGSTOP');
    let answers: Answer[];
    try {
      answers = await Promise.all(bodiesOf3.map((body) => wide(body, { at: tight.url })));
    } finally {
      process.kill(harness.servers.nats.pid, 'SIGCONT');
    }
    const details = answers.map(({ status, body }) => `${status} ${body.detail}`).sort();
    expect(details.filter((one) => one === '503 too many events are being stored')).toHaveLength(3);
    expect(details.filter((one) => one === '503 the event could not be stored')).toHaveLength(2);
    for (const body of bodiesOf3) await eventually(async () => [200, 202].includes((await wide(body)).status));
  });

  it('is replayed without being stored again, under a reference of its own', async () => {
    const body = randomBytes(2 * MIB);
    const { body: first } = await wide(body);
    const { last_seq } = await bodies();
    const replayed = await ask(`${url}/v1/events/${first.event_id}/replay`, key, { method: 'POST' });
    expect([replayed.status, replayed.body.size]).toEqual([200, 2 * MIB]);
    expect((await bodies()).last_seq).toBe(last_seq);
    const event = await message(replayed.body.id);
    expect(event?.header.get('ce-dataref')).toBe(`/v1/events/${replayed.body.id}?raw`);
    expect(event?.header.get('ce-rootid')).toBe(first.event_id);
    expect((await raw(replayed.body.id)).equals(body)).toBe(true);
  });
});

describe('between tenants', () => {
  it('the same bytes are two bodies: neither suppresses, shows or takes away the other', async () => {
    const zeta = await harness.key('zeta');
    const body = randomBytes(2 * MIB);
    const ours = await wide(body);
    const theirs = await wide(body, { tenant: 'zeta' });
    expect([ours.status, theirs.status]).toEqual([202, 202]);
    const { body: replayed } = await ask(`${url}/v1/events/${ours.body.event_id}/replay`, key, { method: 'POST' });
    expect((await ask(`${url}/v1/events/${replayed.id}?raw`, zeta)).status).toBe(404);

    await harness.nats.jsm.streams.purge(STREAMS.BODIES.name, { filter: bodySubjects('acme') });
    expect((await raw(theirs.body.event_id, zeta)).equals(body)).toBe(true);
    const gone = await ask(`${url}/v1/events/${ours.body.event_id}?raw`, key);
    expect([gone.status, gone.body.code]).toEqual([404, 'NOT_FOUND']);
  });
});

describe('when the store fails', () => {
  it('NATS killed in the middle of an upload is 503, and the retry makes one whole event', async () => {
    const body = randomBytes(LARGEST);
    const before = await eventCount();
    const middle = harness.nats.nc.subscribe(bodyPieceSubject('acme', sha256(body), 9), { max: 1 });
    const cut = wide(body);
    for await (const _ of middle) process.kill(harness.servers.nats.pid, 'SIGSTOP');
    await harness.servers.nats.kill();
    expect(await cut).toMatchObject({ status: 503, body: { code: 'DEPENDENCY_UNAVAILABLE', retryable: true } });

    await harness.servers.nats.start();
    await eventually(async () => (await fetch(`${url}/readyz`)).status === 200);
    await eventually(() =>
      harness.nats
        .ping()
        .then(() => true)
        .catch(() => false),
    );
    expect(await eventCount()).toBe(before);
    const retried = await wide(body);
    expect(retried.status).toBe(202);
    expect(await eventCount()).toBe(before + 1);
    expect((await raw(retried.body.event_id)).equals(body)).toBe(true);
  });

  it('a full store is 503 and no event; with room again the retry is accepted', async () => {
    const { jsm } = harness.nats;
    const { config, state } = await jsm.streams.info(STREAMS.BODIES.name);
    const body = randomBytes(2 * MIB);
    await jsm.streams.update(STREAMS.BODIES.name, { ...config, max_bytes: state.bytes + MIB });
    const before = await eventCount();
    const full = await wide(body);
    expect([full.status, full.body.code]).toEqual([503, 'DEPENDENCY_UNAVAILABLE']);
    expect(Number(full.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await eventCount()).toBe(before);
    // What is no larger than an event goes on.
    expect((await wide(Buffer.from('{"small":1}'))).status).toBe(202);
    await jsm.streams.update(STREAMS.BODIES.name, config);
    expect((await wide(body)).status).toBe(202);
  });

  it('a store that is gone is set up again', async () => {
    await harness.nats.jsm.streams.delete(STREAMS.BODIES.name);
    const body = randomBytes(2 * MIB);
    expect((await wide(body)).status).toBe(503);
    await eventually(async () => (await wide(body)).status === 202);
    expect((await harness.nats.jsm.streams.info(STREAMS.BODIES.name)).config.max_bytes).toBe(STREAMS.BODIES.max_bytes);
  });
});

describe('the body store', () => {
  const HOUR = 3_600_000;
  const store = (aheadMs = 0, tenantMaxBytes = 100 * MIB): BodyStore =>
    streamBodyStore({
      js: harness.nats.js,
      jsm: harness.nats.jsm,
      clock: () => new Date(systemClock().getTime() + aheadMs),
      tenantMaxBytes,
    });
  const read = async (tenant: string, digest: string): Promise<Buffer> =>
    Buffer.concat(await Array.fromAsync((await store().open(tenant, digest)) ?? []));

  it('stores a body again that would age out before a new event does, and one that is young enough not', async () => {
    const body = randomBytes(600_000);
    const digest = sha256(body);
    await store().put('keeper', digest, body);
    const { last_seq } = await bodies();
    expect(await store(11 * HOUR).keep('keeper', digest)).toBe(true);
    await store(11 * HOUR).put('keeper', digest, body);
    expect((await bodies()).last_seq).toBe(last_seq);
    expect(await store(13 * HOUR).keep('keeper', digest)).toBe(true);
    expect((await bodies()).last_seq).toBe(last_seq + 4);
    await store(13 * HOUR).put('keeper', digest, body);
    expect((await bodies()).last_seq).toBe(last_seq + 8);
    expect((await read('keeper', digest)).equals(body)).toBe(true);
    expect(await store().keep('keeper', sha256('never stored'))).toBe(false);
  });

  it('gives nothing of a body whose upload broke off, and has all of it after the next', async () => {
    const body = randomBytes(600_000);
    const digest = sha256(body);
    await harness.nats.js.publish(bodyPieceSubject('breaker', digest, 0), body.subarray(0, 256 * 1024));
    expect(await store().open('breaker', digest)).toBeUndefined();
    expect(await store().keep('breaker', digest)).toBe(false);
    await store().put('breaker', digest, body);
    expect((await read('breaker', digest)).equals(body)).toBe(true);
  });

  it('lets a reader read on while the body is stored again', async () => {
    const body = randomBytes(600_000);
    const digest = sha256(body);
    await store().put('reader', digest, body);
    const got: Uint8Array[] = [];
    for await (const piece of (await store().open('reader', digest)) ?? []) {
      got.push(piece);
      if (got.length === 1) await store(13 * HOUR).put('reader', digest, body);
    }
    expect(Buffer.concat(got).equals(body)).toBe(true);
  });

  it('outlasts the events: they are kept for a shorter time by more than the age at which a body is stored again', () => {
    const spareMs = (STREAMS.BODIES.max_age - STREAMS.EVENTS.max_age) / 1e6;
    expect(spareMs).toBeGreaterThan(13 * HOUR);
  });

  it('gives no tenant more than its share, and leaves no part of what does not fit', async () => {
    const body = randomBytes(MIB);
    await store(0, 1.5 * MIB).put('sharer', sha256(body), body);
    const more = randomBytes(MIB);
    await expect(store(0, 1.5 * MIB).put('sharer', sha256(more), more)).rejects.toThrow(/room/);
    const left = await harness.nats.jsm.direct.getMessage(STREAMS.BODIES.name, {
      last_by_subj: bodyPieceSubject('sharer', sha256(more), 0),
    });
    expect(left).toBeNull();
  });

  it('never passes off a body that is not what its digest says', async () => {
    const body = randomBytes(600_000);
    const digest = sha256(body);
    await store().put('victim', digest, body);
    await harness.nats.js.publish(bodyPieceSubject('victim', digest, 1), randomBytes(256 * 1024));
    await expect(read('victim', digest)).rejects.toThrow(/digest/);
    await harness.nats.jsm.streams.purge(STREAMS.BODIES.name, { filter: bodyPieceSubject('victim', digest, 1) });
    await expect(read('victim', digest)).rejects.toThrow(/missing/);
    await harness.nats.jsm.streams.purge(STREAMS.BODIES.name, { filter: wholeBodySubject('victim', digest) });
    expect(await store().open('victim', digest)).toBeUndefined();
  });
});

/** Without a length, in pieces as they come. */
function sendChunked(body: Buffer): Promise<number | undefined> {
  const headers = signDelivery('fabric', { secret: SECRET, body });
  return new Promise((resolve, reject) => {
    const outgoing = request(`${url}/hooks/acme/wide`, { method: 'POST', headers }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    outgoing.on('error', reject);
    for (let at = 0; at < body.length; at += 1_000_000) outgoing.write(body.subarray(at, at + 1_000_000));
    outgoing.end();
  });
}
