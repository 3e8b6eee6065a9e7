import type { Database } from '@holdpoint/shared/db/schema/index';
import { encodeType } from '@holdpoint/shared/domain/event';
import type { EventId } from '@holdpoint/shared/domain/ids';
import { STREAMS } from '@holdpoint/shared/messages/streams';
import { eventSubject, eventSubjects } from '@holdpoint/shared/messages/subjects';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, ask, deliver, eventually, type Harness, ingestHarness } from './harness.ts';

let harness: Harness;
let url: string;
let key: string;

beforeAll(async () => {
  harness = await ingestHarness();
  url = (await harness.start()).url;
  key = await harness.key('acme');
});
afterAll(() => harness.stop());

interface Item {
  readonly replay_of: string;
  readonly id: string;
  readonly status: string;
}

const range = (body: object, at = url): Promise<Answer> =>
  ask(`${at}/v1/events/replay`, key, { method: 'POST', body: { source: 'code', ...body } });
const push = async (body: string, type: string): Promise<string> =>
  (await deliver(`${url}/hooks/acme/code`, 'github', { body, type })).body.event_id;
/** Events of a type of their own, and the times around them. */
async function accept(type: string, count: number): Promise<{ ids: string[]; since: string; until: string }> {
  const since = new Date().toISOString();
  const ids: string[] = [];
  for (let n = 0; n < count; n++) ids.push(await push(`{"${type}":${n}}`, type));
  return { ids, since, until: await nextMillisecond() };
}
/** A time after everything that is stored: the stream's clock is finer than a text's. */
async function nextMillisecond(): Promise<string> {
  const now = Date.now();
  await eventually(async () => Date.now() > now);
  return new Date(now + 1).toISOString();
}
const header = async (id: string, name: string): Promise<string | undefined> => {
  const query = { last_by_subj: eventSubject('acme', id as EventId) };
  return (await harness.nats.jsm.direct.getMessage(STREAMS.EVENTS.name, query))?.header.get(name);
};
const countOf = async (type: string): Promise<number> => {
  const subjects_filter = eventSubjects('acme', 'code', encodeType(type));
  const { state } = await harness.nats.jsm.streams.info(STREAMS.EVENTS.name, { subjects_filter });
  return Object.keys(state.subjects ?? {}).length;
};
const statuses = (answer: Answer): string[] => answer.body.items.map((item: Item) => item.status);
const originals = (answer: Answer): string[] => answer.body.items.map((item: Item) => item.replay_of);

describe('POST /v1/events/replay', () => {
  it('replays what was accepted between two times, oldest first, each under a new id with its root', async () => {
    await push('{"before":1}', 'order');
    await nextMillisecond();
    const { ids, since, until } = await accept('order', 4);
    await push('{"after":1}', 'order');
    await push('{"other":1}', 'other');
    const answer = await range({ type: 'order', since, until });
    expect(answer.status).toBe(200);
    expect(originals(answer)).toEqual(ids);
    expect(statuses(answer)).toEqual(['replayed', 'replayed', 'replayed', 'replayed']);
    expect(answer.body.next_cursor).toBeUndefined();
    const newest = await ask(`${url}/v1/events?source=code&type=order&limit=4`, key);
    expect(newest.body.items.map(({ id }: Item) => id).reverse()).toEqual(answer.body.items.map(({ id }: Item) => id));
    expect(newest.body.items.map((item: { root_id: string }) => item.root_id).reverse()).toEqual(ids);
    for (const { id, replay_of } of answer.body.items) expect(await header(id, 'ce-replayof')).toBe(replay_of);
  });

  it('repeats nothing when it is asked again, and does when it is another batch', async () => {
    const { since, until } = await accept('again', 3);
    const first = await range({ type: 'again', since, until });
    const second = await range({ type: 'again', since, until });
    expect(statuses(second)).toEqual(['already', 'already', 'already']);
    expect(second.body.items.map(({ id }: Item) => id)).toEqual(first.body.items.map(({ id }: Item) => id));
    expect(await countOf('again')).toBe(6);
    // The replays lie in the range now; they are no originals.
    const wider = await range({ type: 'again', since, until: '2999-01-01T00:00:00Z', batch: 'wider' });
    expect(statuses(wider)).toEqual(['replayed', 'replayed', 'replayed']);
    expect(statuses(await range({ type: 'again', since, until: '2999-01-01T00:00:00Z', batch: 'wider' }))).toEqual([
      'already',
      'already',
      'already',
    ]);
    expect(await countOf('again')).toBe(9);
  });

  it('goes on by pages while new events arrive: every original of the range once, none of the new ones', async () => {
    const { ids, since, until } = await accept('paged', 23);
    const seen: string[] = [];
    let cursor: string | undefined;
    for (let page = 0; page === 0 || cursor !== undefined; page++) {
      await push(`{"new":${page}}`, 'paged');
      const answer = await range({ type: 'paged', since, until, limit: 5, ...(cursor && { cursor }) });
      expect(originals(answer).length).toBeLessThanOrEqual(5);
      seen.push(...originals(answer));
      cursor = answer.body.next_cursor;
    }
    expect(seen).toEqual(ids);
    expect(await countOf('paged')).toBe(23 + 23 + 5);
  });

  it('goes on after a crash between pages from another instance, without its cursor, and repeats nothing', async () => {
    const { ids, since, until } = await accept('crash', 8);
    const dying = await harness.start();
    const first = await range({ type: 'crash', since, until, limit: 5 }, dying.url);
    expect(statuses(first)).toEqual(Array(5).fill('replayed'));
    await dying.stop();
    const again = await range({ type: 'crash', since, until });
    expect(originals(again)).toEqual(ids);
    expect(statuses(again)).toEqual([...Array(5).fill('already'), ...Array(3).fill('replayed')]);
    expect(await countOf('crash')).toBe(16);
  });

  it('is 503 when NATS fails in the middle of a page, and the same call again completes it', async () => {
    const { since, until } = await accept('cut', 40);
    const replays = harness.nats.nc.subscribe(eventSubjects('acme', 'code', 'cut'), { max: 3 });
    const cut = range({ type: 'cut', since, until });
    let seen = 0;
    for await (const _ of replays) {
      seen += 1;
      if (seen === 3) process.kill(harness.servers.nats.pid, 'SIGSTOP');
    }
    try {
      expect((await cut).status).toBe(503);
    } finally {
      process.kill(harness.servers.nats.pid, 'SIGCONT');
    }
    const again = await eventually(async () => {
      const answer = await range({ type: 'cut', since, until });
      return answer.status === 200 && answer;
    });
    expect(statuses(again).filter((status) => status === 'already').length).toBeGreaterThanOrEqual(3);
    expect(statuses(again).filter((status) => status === 'replayed').length).toBeGreaterThan(0);
    expect(await countOf('cut')).toBe(80);
  });

  it('says what it would do, with the ids that there would be, and does nothing', async () => {
    const { ids, since, until } = await accept('dry', 2);
    const dry = await range({ type: 'dry', since, until, dry_run: true });
    expect([originals(dry), statuses(dry)]).toEqual([ids, ['planned', 'planned']]);
    expect(await countOf('dry')).toBe(2);
    const real = await range({ type: 'dry', since, until });
    expect(real.body.items.map(({ id }: Item) => id)).toEqual(dry.body.items.map(({ id }: Item) => id));
  });

  it('says `gone` of what is not there any more, and goes on with the rest', async () => {
    const { ids, since, until } = await accept('gone', 2);
    const body = Buffer.alloc(1_100_000, 'g');
    const large = await deliver(`${url}/hooks/acme/wide`, 'fabric', { body: body as never, type: 'gone' });
    await harness.nats.jsm.streams.purge(STREAMS.BODIES.name);
    const after = await nextMillisecond();
    const answer = await range({ source: undefined, type: 'gone', since, until: after });
    expect(until < after).toBe(true);
    expect(originals(answer)).toEqual([...ids, large.body.event_id]);
    expect(statuses(answer)).toEqual(['replayed', 'replayed', 'gone']);
  });

  it('has a receipt for each, which names who asked and says whether it was fresh', async () => {
    const { ids, since, until } = await accept('receipt', 2);
    const plain = await range({ type: 'receipt', since, until });
    const fresh = await range({ type: 'receipt', since, until, fresh: true });
    expect(fresh.body.batch).not.toBe(plain.body.batch);
    const [one] = fresh.body.items;
    expect(await header(one.id, 'ce-rootid')).toBe(one.id);
    const pool = createPool({ url: harness.servers.databaseOwnerUrl, applicationName: 'test', max: 1 });
    const db = createDatabase<Database>(pool);
    const wanted = [...ids, ...plain.body.items.map(({ id }: Item) => id), one.id];
    const receipts = await eventually(async () => {
      const rows = await db.selectFrom('receipts').selectAll().where('event', 'in', wanted).execute();
      return rows.length === wanted.length && rows;
    });
    await db.destroy();
    const told = new Map(receipts.map(({ event, kind, actor, outcome }) => [event, [kind, actor, outcome]]));
    const who = decodeURIComponent((await header(one.id, 'ce-replayedby')) ?? '');
    expect(who).toMatch(/^app\|/);
    expect(told.get(ids[0] ?? '')).toEqual(['webhook_received', 'source|code', null]);
    expect(told.get(plain.body.items[0].id)).toEqual(['webhook_received', who, 'replayed']);
    expect(told.get(one.id)).toEqual(['webhook_received', who, 'replayed_fresh']);
  });

  it('takes only what it knows, only from an admin, and only of his own tenant', async () => {
    const { ids, since, until } = await accept('whose', 1);
    const bad = [{ since }, { until }, { since, until: 'soon' }, { since, until, limit: 201 }, { since, until, no: 1 }];
    for (const body of bad) expect((await range(body)).status, JSON.stringify(body)).toBe(400);
    expect((await range({ since, until, cursor: '0' })).status).toBe(400);
    expect((await range({ since, until, batch: '' })).status).toBe(400);
    const at = `${url}/v1/events/replay`;
    const body = { since, until };
    const operator = await harness.key('acme', ['plan', 'read']);
    expect((await ask(at, operator, { method: 'POST', body })).status).toBe(403);
    const theirs = await ask(at, await harness.key('zeta'), { method: 'POST', body });
    expect([theirs.status, theirs.body.items]).toEqual([200, []]);
    expect(originals(await range({ since, until, type: 'whose' }))).toEqual(ids);
  });
});
