import { createEntityDb } from '@holdpoint/shared/db/entities/entity-db';
import { memoryEntities } from '@holdpoint/shared/db/entities/memory-entities';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { callTool, endCalls } from '../remote/testing/call-tool.ts';
import { keepHubspot } from './keep.ts';
import { runner } from './run.ts';
import { type CrmStandIn, failure, limited, startCrmStandIn, WORLD } from './testing/crm-stand-in.ts';
import { hubspot } from './tools.ts';

const { contact: id, email } = WORLD;
let standIn: CrmStandIn;
beforeEach(async () => {
  standIn = await startCrmStandIn('token-1');
});
afterEach(() => standIn.close());
afterAll(endCalls);

const entities = () => createEntityDb(memoryEntities(), 'acme', new Map([['hubspot', hubspot.entities]]));

function call(tool: keyof typeof hubspot.tools, args: object, over: Partial<Parameters<typeof callTool>[0]> = {}) {
  const { config = {} } = over;
  const own = { config: { baseUrl: standIn.url, ...config }, credentials: { token: 'token-1' } };
  return callTool({ runner, tool, args: args as Record<string, unknown>, ...over, ...own });
}

const sent = () => standIn.requests.map(({ method, path, body }) => [method, path, body && JSON.parse(body)]);

test('a contact is read by its number, with the properties that are kept of it', async () => {
  expect(await call('contacts.read', { id })).toEqual({
    kind: 'answered',
    result: {
      id,
      email,
      firstName: 'Ada',
      lastName: 'Lovelace',
      company: null,
      createdAt: '2026-01-02T03:04:05.000Z',
      updatedAt: '2026-01-02T03:04:05.000Z',
    },
  });
  expect(await call('contacts.read', { id: '999' })).toMatchObject({
    kind: 'refused',
    message: expect.stringContaining('OBJECT_NOT_FOUND'),
  });
});

test('a search is asked in one group of filters, page by page', async () => {
  const paging = { next: { after: '20' } };
  standIn.next({ status: 200, body: { total: 41, results: [], paging } });
  const filters = [{ property: 'email', operator: 'EQ', value: email }];
  const first = await call('contacts.search', { filters, limit: 20, after: '10' });
  expect(first).toEqual({ kind: 'answered', result: { total: 41, contacts: [], next: '20' } });
  expect(sent()[0]?.[2]).toMatchObject({
    filterGroups: [{ filters: [{ propertyName: 'email', operator: 'EQ', value: email }] }],
    limit: 20,
    after: '10',
  });
  expect(await call('contacts.search', { query: 'Ada', limit: 5 })).toMatchObject({
    result: { total: 1, contacts: [{ id }], next: null },
  });
});

test('a contact whose email is known is not created, and HubSpot’s words say which one it is', async () => {
  const end = await call('contacts.create', { email });
  expect(end).toEqual({
    kind: 'refused',
    message: `POST /crm/v3/objects/contacts answered 409: CONFLICT: Contact already exists. Existing ID: ${id}`,
  });
});

describe('asked whether a contact was created', () => {
  const args = { email: 'grace@customer.example' };
  const ask = (over: object = {}) => call('contacts.create', args, { part: 'reconcile', ...over });
  const marked = { config: { actionProperty: 'holdpoint_action' } };

  test('one that is not there was not', async () => {
    expect(await ask()).toMatchObject({ result: 'not_applied' });
  });

  test('one that is there may be anybody’s, where the account has no property for actions', async () => {
    await call('contacts.create', args);
    expect(await ask()).toMatchObject({ result: 'unknown' });
  });

  test('one with the action’s mark is its own, one with another’s or none is not', async () => {
    await call('contacts.create', args, { ...marked, actionId: 'a1' });
    expect(sent()[0]?.[2]).toMatchObject({ properties: { email: args.email, holdpoint_action: '[holdpoint:a1]' } });
    expect(await ask({ ...marked, actionId: 'a1' })).toMatchObject({ result: { applied: { email: args.email } } });
    expect(await ask({ ...marked, actionId: 'a2' })).toMatchObject({ result: 'not_applied' });
    expect(await call('contacts.create', { email }, { ...marked, part: 'reconcile' })).toMatchObject({
      result: 'not_applied',
    });
  });
});

test('an upsert names the contact by its email, and fails where the batch says that its one record did', async () => {
  const args = { email: 'grace@customer.example', first_name: 'Grace', properties: { jobtitle: 'Admiral' } };
  expect(await call('contacts.upsert', args)).toMatchObject({ result: { created: true } });
  expect(await call('contacts.upsert', { ...args, company: 'Navy' })).toMatchObject({ result: { created: false } });
  const properties = { email: args.email, firstname: 'Grace', jobtitle: 'Admiral' };
  expect(sent()[0]).toEqual([
    'POST',
    '/crm/v3/objects/contacts/batch/upsert',
    { inputs: [{ id: args.email, idProperty: 'email', properties }] },
  ]);
  const errors = [{ status: 'error', category: 'VALIDATION_ERROR', message: 'Property values were not valid' }];
  standIn.next({ status: 207, body: { status: 'COMPLETE', results: [], numErrors: 1, errors } });
  const end = await call('contacts.upsert', args);
  expect(end).toMatchObject({ kind: 'refused', message: expect.stringContaining('Property values were not valid') });
});

describe('asked whether a note was written', () => {
  const args = { about: 'contacts', id, text: 'a < b & c\nnext' };
  const ask = (actionId = 'action-1') => call('notes.create', args, { part: 'reconcile', actionId });

  test('it is found by its mark among the contact’s own, without the search', async () => {
    for (let other = 0; other < 120; other += 1) await call('notes.create', args, { actionId: `other-${other}` });
    expect(await ask()).toMatchObject({ result: 'not_applied' });
    const { result } = (await call('notes.create', args)) as { result: { note_id: string } };
    expect(await ask()).toEqual({ kind: 'answered', result: { applied: { note_id: result.note_id } } });
    expect(sent().filter(([, path]) => String(path).includes('search'))).toEqual([]);
  });

  test('among more notes than one answer tells it may stand', async () => {
    const notes = { results: [], paging: { next: { after: 'x', link: 'y' } } };
    standIn.next({ status: 200, body: { id, associations: { notes } } });
    expect(await ask()).toMatchObject({ result: 'unknown' });
  });

  test('of a contact that is no longer there it is not known', async () => {
    await call('contacts.archive', { id });
    expect(await ask()).toMatchObject({ result: 'unknown' });
  });

  test('its text is text, though notes are HTML', async () => {
    await call('notes.create', args);
    const [[, , body] = []] = sent();
    const { properties, associations } = body as { properties: Record<string, string>; associations: unknown };
    expect(properties.hs_note_body).toBe('a &lt; b &amp; c<br>next<br><br>[holdpoint:action-1]');
    const types = [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 202 }];
    expect(associations).toEqual([{ to: { id }, types }]);
  });
});

test('asked whether a contact was archived, it looks in both places', async () => {
  const ask = (one: string) => call('contacts.archive', { id: one }, { part: 'reconcile' });
  expect(await ask(id)).toMatchObject({ result: 'not_applied' });
  await call('contacts.archive', { id });
  expect(await ask(id)).toMatchObject({ result: { applied: { id, archived: true } } });
  expect(await ask('999')).toMatchObject({ result: 'unknown' });
});

describe('limits', () => {
  test.each([
    ['SECONDLY', 1_000, undefined],
    ['TEN_SECONDLY_ROLLING', 10_000, undefined],
    ['DAILY', 3_600_000, 3_600_000],
  ])('%s: again after %i ms', async (policy, retryAfterMs, restMs) => {
    standIn.next(limited(policy));
    const end = await call('deals.update', { id: WORLD.deal, amount: 5 });
    expect(end).toMatchObject({ kind: 'retry', retryAfterMs });
    expect(end.restMs).toBe(restMs);
  });

  test.each([
    [{ 'x-hubspot-ratelimit-remaining': '0', 'x-hubspot-ratelimit-interval-milliseconds': '10000' }, 10_000],
    [{ 'x-hubspot-ratelimit-remaining': '0' }, 10_000],
    [{ 'x-hubspot-ratelimit-remaining': '1', 'x-hubspot-ratelimit-daily-remaining': '0' }, 3_600_000],
    [{ 'x-hubspot-ratelimit-remaining': '99', 'x-hubspot-ratelimit-daily-remaining': '4000' }, undefined],
    [{}, undefined],
  ])('an answer with %j lets the tenant’s calls rest', async (headers, restMs) => {
    standIn.next({ status: 200, headers: headers as Record<string, string>, body: { total: 0, results: [] } });
    const end = await call('contacts.search', { limit: 1 });
    expect(end.kind).toBe('answered');
    expect(end.restMs).toBe(restMs);
  });

  test('Retry-After counts before what is usual; locked and migrating accounts are waited for', async () => {
    const headers = { 'retry-after': '4' };
    for (const answer of [limited('SECONDLY'), failure(423, 'LOCKED', 'busy'), failure(477, 'MIGRATION', 'moving')]) {
      standIn.next({ ...answer, headers }, answer);
      const update = { id, company: 'x' };
      expect(await call('contacts.update', update)).toMatchObject({ kind: 'retry', retryAfterMs: 4_000 });
      expect(await call('contacts.update', update)).toMatchObject({ kind: 'retry', retryAfterMs: expect.any(Number) });
    }
    expect(standIn.effects).toEqual([]);
  });
});

test.each([
  [{ base_url: 'x' }, 'base_url'],
  [{ actionProperty: 'Action Of' }, 'config.actionProperty'],
])('a config of %j is refused, and stops the start', async (config, words) => {
  expect(await call('contacts.read', { id }, { config })).toMatchObject({
    kind: 'refused',
    message: expect.stringContaining(words),
  });
  expect(standIn.requests).toEqual([]);
});

describe('what is known of contacts', () => {
  const Ada = { id, email, firstName: 'Ada', lastName: 'Lovelace', company: null };
  const known = (db: ReturnType<typeof entities>, one: string = id) =>
    db.hubspot?.contacts?.findUnique({ where: { id: one } });

  async function withAfter(db: ReturnType<typeof entities>, tool: keyof typeof hubspot.tools, args: object) {
    const end = await call(tool, args, { db });
    if (end.kind !== 'answered') throw new Error(end.message);
    expect(await call(tool, args, { db, part: 'after', result: end.result })).toMatchObject({ result: undefined });
    return end.result as { id: string };
  }

  test('tools that read or create one make it known; those that change one merge what they changed', async () => {
    const db = entities();
    await withAfter(db, 'contacts.update', { id, company: 'Engines' });
    expect(await known(db), 'a change says too little').toBeNull();
    await withAfter(db, 'contacts.read', { id });
    expect(await known(db)).toMatchObject({ ...Ada, company: 'Engines' });
    await withAfter(db, 'contacts.update', { id, last_name: 'King', properties: { company: '' } });
    expect(await known(db)).toMatchObject({ ...Ada, lastName: 'King' });
    await withAfter(db, 'contacts.upsert', { email, company: 'Looms' });
    expect(await known(db)).toMatchObject({ ...Ada, lastName: 'King', company: 'Looms' });
    const created = await withAfter(db, 'contacts.upsert', { email: 'new@customer.example', first_name: 'New' });
    expect(await known(db, created.id)).toMatchObject({ firstName: 'New', lastName: '', company: null });
    await withAfter(db, 'contacts.archive', { id });
    expect(await known(db)).toBeNull();
    await withAfter(db, 'contacts.search', { query: 'New', limit: 10 });
    expect(await known(db, created.id)).toMatchObject({ email: 'new@customer.example' });
  });

  const hook = keepHubspot({ source: 'hubspot' });
  async function tell(db: ReturnType<typeof entities>, event: object) {
    const data = { eventId: 1, portalId: 2, appId: 3, attemptNumber: 0, objectId: Number(id), ...event };
    await hook.after({ data } as never, { db } as never);
  }
  const changed = (propertyName: string, propertyValue: string, occurredAt: string) => ({
    subscriptionType: 'contact.propertyChange',
    propertyName,
    propertyValue,
    occurredAt: Date.parse(occurredAt),
  });

  test('events change what is known, unless they are older, and make nothing known', async () => {
    const db = entities();
    await tell(db, changed('firstname', 'Augusta', '2026-02-01T00:00:00Z'));
    expect(await known(db)).toBeNull();
    await withAfter(db, 'contacts.read', { id });
    await tell(db, changed('firstname', 'Augusta', '2026-02-01T00:00:00Z'));
    await tell(db, changed('company', 'Engines', '2026-02-01T00:00:00Z'));
    await tell(db, changed('lastname', 'Byron', '2025-01-01T00:00:00Z'));
    await tell(db, changed('lifecyclestage', 'lead', '2026-03-01T00:00:00Z'));
    const updatedAt = '2026-02-01T00:00:00.000Z';
    expect(await known(db)).toMatchObject({ ...Ada, firstName: 'Augusta', company: 'Engines', updatedAt });
  });

  test.each([
    ['contact.deletion', {}],
    ['contact.privacyDeletion', {}],
    ['contact.merge', { objectId: 7, primaryObjectId: 7, mergedObjectIds: [Number(id)] }],
    ['contact.merge', { objectId: 7, primaryObjectId: Number(id), mergedObjectIds: [7] }],
  ])('%s forgets a contact, and what is older does not bring it back', async (subscriptionType, more) => {
    const db = entities();
    await withAfter(db, 'contacts.read', { id });
    await tell(db, { subscriptionType, occurredAt: Date.parse('2026-02-01T00:00:00Z'), ...more });
    expect(await known(db)).toBeNull();
    await withAfter(db, 'contacts.read', { id });
    expect(await known(db)).toBeNull();
  });

  test('what is no event of HubSpot’s is passed over', async () => {
    const db = entities();
    await withAfter(db, 'contacts.read', { id });
    for (const event of [{}, { subscriptionType: 'contact.creation', occurredAt: 1 }, { subscriptionType: 5 }])
      await tell(db, event);
    await hook.after({ data: null } as never, { db } as never);
    expect(await known(db)).toMatchObject(Ada);
    expect(hook).toMatchObject({ id: 'keep-hubspot', source: 'hubspot', types: ['contact.*'] });
  });
});
