import { sha256 } from '@holdpoint/shared/domain/digest';
import { eventSubject, eventSubjects, wholeBodySubject } from '@holdpoint/shared/messages/subjects';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BATCH_MAX_ITEMS } from '../src/providers/json-spans.ts';
import {
  type Answer,
  ask,
  CRM_URL,
  deliver,
  eventually,
  type Harness,
  ingestHarness,
  keysOf,
  metric,
} from './harness.ts';

let harness: Harness;
let url: string;

beforeAll(async () => {
  harness = await ingestHarness();
  url = (await harness.start()).url;
});
afterAll(() => harness.stop());

/** As HubSpot writes it, but for the space that shows that nothing is written anew. */
const change = (objectId: number, attemptNumber = 0) =>
  `{"eventId":100,"subscriptionId":7, "occurredAt":1790000000123,"subscriptionType":"contact.propertyChange","attemptNumber":${attemptNumber},"objectId":${objectId}}`;
const crm = (body: string, at = url): Promise<Answer> =>
  deliver(`${at}/hooks/bulk/crm`, 'hubspot', {
    body,
    url: CRM_URL,
    headers: { 'content-type': 'application/json' },
  });

const stored = (id: string) =>
  harness.nats.jsm.direct.getMessage('EVENTS', { last_by_subj: eventSubject('bulk', id as never) });

async function storedOf(source: string): Promise<number> {
  const info = await harness.nats.jsm.streams.info('EVENTS', { subjects_filter: eventSubjects('bulk', source) });
  return Object.keys(info.state.subjects ?? {}).length;
}

const lastDead = () => harness.nats.jsm.streams.getMessage('DEAD', { last_by_subj: 'dead.EVENTS.bulk' });
const deadCount = async () => (await harness.nats.jsm.streams.info('DEAD')).state.messages;
const statuses = ({ body }: Answer) => body.items.map(({ status }: { status: string }) => status);

describe('a batch', () => {
  it('is an event an item, each with its own bytes; one that is none is kept in DEAD with its reason', async () => {
    const answer = await crm(`[ ${change(1)} ,"not an event",\n${change(2)}]`);
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({
      items: [
        { status: 'accepted', event_id: expect.stringMatching(/^crm\.contact=2EpropertyChange\.[0-9a-f]{40}$/) },
        { status: 'dead', reason: 'is no object' },
        { status: 'accepted', event_id: expect.stringMatching(/^crm\.contact=2EpropertyChange\.[0-9a-f]{40}$/) },
      ],
    });
    for (const [at, objectId] of [
      [0, 1],
      [2, 2],
    ] as const) {
      const message = await stored(answer.body.items[at].event_id);
      expect(Buffer.from(message?.data ?? []).toString()).toBe(change(objectId));
      expect(message?.header.get('ce-subject')).toBe(String(objectId));
      expect(message?.header.get('ce-time')).toBe('2026-09-21T14:13:20.123Z');
      expect(message?.header.get('ce-signed')).toBe('time-body');
      expect(message?.header.get('content-type')).toBe('application/json');
    }
    const dead = await lastDead();
    expect(Buffer.from(dead?.data ?? []).toString()).toBe('"not an event"');
    expect(dead?.header.get('Holdpoint-Dead-Reason')).toBe('is no object');
    expect(dead?.header.get('Holdpoint-Dead-Subject')).toBe('events.bulk.crm.*.*');
    expect(await metric(url, 'deliveries_total', { source: 'crm', result: 'dead' })).toBe(1);
  });

  it('of bad items only is one line in the log, however many they are', async () => {
    const lines = () => harness.logs.filter((line) => line.includes('items of a batch are no events')).length;
    const before = lines();
    const answer = await crm(`[${Array.from({ length: 70 }, (_, at) => at).join(',')}]`);
    expect(new Set(statuses(answer))).toEqual(new Set(['dead']));
    expect(lines()).toBe(before + 1);
  });

  it('keeps items that no message can hold where large bodies are, what is no event too', async () => {
    const large = change(77).replace(/}$/, `,"propertyValue":"${'x'.repeat(1_100_000)}"}`);
    const bad = `"${'y'.repeat(1_200_000)}"`;
    const answer = await crm(`[${large},${bad}]`);
    expect([answer.status, ...statuses(answer)]).toEqual([202, 'accepted', 'dead']);
    const key = await harness.key('bulk');
    const raw = await ask(`${url}/v1/events/${answer.body.items[0].event_id}?raw`, key);
    expect(raw.body.toString()).toBe(large);
    const dead = await lastDead();
    expect(dead?.data).toHaveLength(0);
    expect(dead?.header.get('ce-digest')).toBe(sha256(bad));
    const whole = wholeBodySubject('bulk', sha256(bad));
    const kept = await harness.nats.jsm.direct.getMessage('BODIES', { last_by_subj: whole });
    expect(kept?.json()).toEqual({ size: bad.length });
    expect((await crm(`[${large},${bad}]`)).status).toBe(202);
  });

  it('that comes again is all duplicates, though HubSpot counts its attempts in every item', async () => {
    const first = await crm(`[${change(11)},${change(12)},null]`);
    const [events, dead] = [await storedOf('crm'), await deadCount()];
    const again = await crm(`[${change(11, 1)},${change(12, 1)},null]`);
    expect([again.status, statuses(again)]).toEqual([202, ['duplicate', 'duplicate', 'dead']]);
    expect(again.body.items[0].event_id).toBe(first.body.items[0].event_id);
    expect([await storedOf('crm'), await deadCount()]).toEqual([events, dead]);
    const known = await crm(`[${change(11, 2)},${change(12, 2)}]`);
    expect([known.status, statuses(known)]).toEqual([200, ['duplicate', 'duplicate']]);
  });

  it('may hold one event twice, and nothing at all', async () => {
    const twice = await crm(`[${change(21)},${change(21)}]`);
    expect(statuses(twice).sort()).toEqual(['accepted', 'duplicate']);
    const none = await crm('[]');
    expect([none.status, none.body]).toEqual([202, { items: [] }]);
  });

  it('is answered in its own order, however many items it holds', async () => {
    const before = await storedOf('crm');
    const answer = await crm(`[${Array.from({ length: 300 }, (_, at) => change(1000 + at)).join(',')}]`);
    expect(answer.body.items).toHaveLength(300);
    const last = await stored(answer.body.items[299].event_id);
    expect(last?.header.get('ce-subject')).toBe('1299');
    expect(await storedOf('crm')).toBe(before + 300);
  });

  it('of more items than anyone sends is refused with 413 before one is stored', async () => {
    const before = await storedOf('crm');
    const answer = await crm(`[${change(31)},${'1,'.repeat(BATCH_MAX_ITEMS - 1)}1]`);
    expect([answer.status, answer.body.code, answer.body.details]).toEqual([
      413,
      'PAYLOAD_TOO_LARGE',
      { max_items: BATCH_MAX_ITEMS },
    ]);
    expect(await storedOf('crm')).toBe(before);
    expect(await metric(url, 'deliveries_total', { source: 'crm', result: 'too_large' })).toBe(1);
  });

  it('is believed only under the URL that its sender signed: the public one, or the one that was called', async () => {
    const here = `${url}/hooks/bulk/crm-here`;
    const body = `[${change(41)}]`;
    const send = (to: string, signedFor: string) => deliver(to, 'hubspot', { body, url: signedFor });
    expect((await send(here, here)).status).toBe(202);
    expect((await send(`${here}?a=%3A1`, `${here}?a=:1`)).status).toBe(200);
    expect((await send(here, CRM_URL)).status).toBe(401);
    expect((await send(`${url}/hooks/bulk/crm`, `${url}/hooks/bulk/crm`)).status).toBe(401);
  });

  it('of SendGrid’s is keyed by the ids it signs; what lacks one is dead', async () => {
    const event = (id: string, rest = '') => `{"event":"bounce","sg_event_id":"${id}","timestamp":1790000000${rest}}`;
    const mail = (body: string) =>
      deliver(`${url}/hooks/bulk/mail`, 'sendgrid', { body, secret: keysOf('sendgrid').signing });
    const first = await mail(`[${event('a')},\r\n${event('b')},{"event":"open"}]\r\n`);
    expect(first.body.items.map(({ status, reason }: Record<string, string>) => reason ?? status)).toEqual([
      'accepted',
      'accepted',
      'has no sg_event_id',
    ]);
    const again = await mail(`[${event('b', ',"attempt":2')},${event('c')}]`);
    expect(statuses(again)).toEqual(['duplicate', 'accepted']);
    expect(await metric(url, 'delivery_conflict_total', { source: 'mail' })).toBe(1);
  });
});

describe('a batch and a failing event store', () => {
  it('is 503 at once while NATS is away, and its retry loses and doubles nothing', async () => {
    const early = await crm(`[${change(51)}]`);
    const [events, dead] = [await storedOf('crm'), await deadCount()];
    const batch = (attempt: number) => `["dead",${[51, 52, 53].map((id) => change(id, attempt)).join(',')}]`;
    await harness.servers.nats.stop();
    await eventually(async () => (await fetch(`${url}/readyz`)).status === 503);
    const startedAt = performance.now();
    const refused = await crm(batch(0));
    expect([refused.status, refused.body.code]).toEqual([503, 'DEPENDENCY_UNAVAILABLE']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(performance.now() - startedAt).toBeLessThan(1_000);

    await harness.servers.nats.start();
    await eventually(async () => (await fetch(`${url}/readyz`)).status === 200);
    await eventually(() =>
      harness.nats.ping().then(
        () => true,
        () => false,
      ),
    );
    const retried = await crm(batch(1));
    expect(statuses(retried)).toEqual(['dead', 'duplicate', 'accepted', 'accepted']);
    expect(retried.body.items[1].event_id).toBe(early.body.items[0].event_id);
    expect([await storedOf('crm'), await deadCount()]).toEqual([events + 2, dead + 1]);
  });

  it('is 503 where only a part of it finds room, and the retry stores the rest', async () => {
    const { jsm } = harness.nats;
    const { config, state } = await jsm.streams.info('EVENTS');
    const before = await storedOf('crm');
    const batch = `[${Array.from({ length: 40 }, (_, at) => change(6000 + at)).join(',')}]`;
    await jsm.streams.update('EVENTS', { ...config, max_bytes: state.bytes + 10_000 });
    const refused = await crm(batch).finally(() => jsm.streams.update('EVENTS', config));
    expect(refused.status).toBe(503);
    const part = (await storedOf('crm')) - before;
    expect(part).toBeGreaterThan(0);
    expect(part).toBeLessThan(40);
    const retried = statuses(await crm(batch));
    expect(retried.filter((status: string) => status === 'duplicate')).toHaveLength(part);
    expect(await storedOf('crm')).toBe(before + 40);
  });
});

describe('an answer in the provider’s own terms', () => {
  it('Xero: 200 and 401 without a body, events or none', async () => {
    const books = `${url}/hooks/bulk/books`;
    const none = '{"events":[],"lastEventSequence":0,"firstEventSequence":0,"entropy":"S0m3r4Nd0mt3xt"}';
    const some =
      '{"events":[{"resourceId":"r-1","eventDateUtc":"2026-09-21T14:13:20.123","eventType":"UPDATE","eventCategory":"INVOICE"}],"firstEventSequence":1,"lastEventSequence":1,"entropy":"x"}';
    for (const body of [none, some, some]) {
      const answer = await deliver(books, 'xero', { body });
      expect([answer.status, answer.body.length], body).toEqual([200, 0]);
      const forged = await deliver(books, 'xero', { body, secret: 'another' });
      expect([forged.status, forged.body.length], body).toEqual([401, 0]);
      expect(forged.headers.get('set-cookie')).toBeNull();
    }
    expect(await storedOf('books')).toBe(1);
    expect(await metric(url, 'deliveries_total', { source: 'books', result: 'handshake' })).toBe(1);
    expect(await metric(url, 'deliveries_total', { source: 'books', result: 'refused' })).toBe(3);
  });

  it('Meta: the challenge of a GET that knows the token, and 404 for any other', async () => {
    const ask = async (query: string) => {
      const answer = await fetch(`${url}/hooks/bulk/pages${query}`);
      return [answer.status, answer.status === 200 ? await answer.text() : '', answer.headers.get('content-type')];
    };
    const asked = '?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=';
    expect(await ask(`${asked}a%20token`)).toEqual([200, '1158201444', expect.stringContaining('text/plain')]);
    for (const query of [
      '',
      asked,
      `${asked}another`,
      `${asked}a%20token&hub.verify_token=a%20token`,
      `?hub.mode=subscribe&hub.verify_token=a%20token`,
      `?hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=a%20token`,
      `?hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token=a%20token`,
    ]) {
      expect((await ask(query))[0], query).toBe(404);
    }
    const entries = '{"object":"page","entry":[{"id":"1","time":1790000000},{"id":"2","time":1790000000}]}';
    const answer = await deliver(`${url}/hooks/bulk/pages`, 'meta', { body: entries });
    expect(statuses(answer)).toEqual(['accepted', 'accepted']);
    const message = await stored(answer.body.items[1].event_id);
    expect([Buffer.from(message?.data ?? []).toString(), message?.header.get('ce-type')]).toEqual([
      '{"id":"2","time":1790000000}',
      'page',
    ]);
  });

  it('Adobe Commerce: an operation, or the shop’s own process would end', async () => {
    const commerce = () =>
      deliver(`${url}/hooks/bulk/commerce`, 'adobe-commerce', {
        body: '{"order":{"id":1}}',
        secret: keysOf('adobe-commerce').signing,
      });
    for (const answer of [await commerce(), await commerce()]) {
      expect([answer.status, answer.body]).toEqual([200, { op: 'success' }]);
      expect(answer.headers.get('x-holdpoint-event-id')).toMatch(/^commerce\.unknown\./);
    }
  });
});
