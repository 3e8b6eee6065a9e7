import { afterAll, beforeAll, expect, test } from 'vitest';
import { actionRow, type Row, receiptsOf, seedAction } from './fixtures.ts';
import { becomes, executorHarness, type Harness } from './harness.ts';
import { subjectMessages } from './outcomes.ts';

let harness: Harness;
let url: string;
let admin: string;
let reader: string;
let stranger: string;
let platform: string;

beforeAll(async () => {
  harness = await executorHarness();
  // A test has its action asked to wait for an hour; the others are not to wait with it.
  ({ url } = await harness.start({}, { rateLimitedMaxMs: 100 }));
  admin = await harness.key('acme', ['admin']);
  reader = await harness.key('acme', ['read']);
  stranger = await harness.key('zeta', ['admin']);
  platform = await harness.key('zeta', ['platform']);
});
afterAll(() => harness.stop());

async function call(method: string, path: string, key: string, body?: unknown): Promise<{ status: number; body: Row }> {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Row };
}

test('lists are of the tenant only, newest first, page by page', async () => {
  const ids: string[] = [];
  for (let index = 0; index < 5; index += 1) {
    ids.push((await seedAction(harness.db, { entity: 'listed', state: 'blocked', decision: 'BLOCK' })).id);
  }
  await seedAction(harness.db, { entity: 'listed', state: 'blocked', tenant: 'zeta' });
  const first = await call('GET', '/v1/actions?entity_key=listed&limit=3', reader);
  expect(first.status).toBe(200);
  const second = await call('GET', `/v1/actions?entity_key=listed&limit=3&cursor=${first.body.next_cursor}`, reader);
  const seen = [...first.body.items, ...second.body.items].map((item: Row) => item.action_id);
  expect(seen).toEqual(ids.toReversed());
  expect(second.body).not.toHaveProperty('next_cursor');
  expect((await call('GET', '/v1/actions?entity_key=listed&state=held', reader)).body.items).toEqual([]);
  expect((await call('GET', '/v1/actions?entity_key=listed&operator=nobody', reader)).body.items).toEqual([]);
  expect((await call('GET', '/v1/actions?state=nonsense', reader)).status).toBe(400);
  expect((await call('GET', '/v1/actions', 'hp_unknown_key_0000000')).status).toBe(401);
});

test('an action is shown with its receipts, secrets hidden, to its tenant and to the platform', async () => {
  const args = { token: 'tok_9', auth: { password: 'p', user: 'u' }, returns: 1 };
  const action = await seedAction(harness.db, { tool: 'secret', args });
  await becomes(harness.db, action.id, 'applied');
  const { status, body } = await call('GET', `/v1/actions/${action.id}`, reader);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    action_id: action.id,
    state: 'applied',
    attempts: 1,
    args: { token: '•••', auth: { password: '•••', user: 'u' } },
    receipts: [
      { kind: 'intent', attempt: 1 },
      { kind: 'outcome', outcome: 'applied' },
    ],
  });
  expect((await call('GET', `/v1/actions/${action.id}`, stranger)).status).toBe(404);
  expect((await call('GET', `/v1/actions/${action.id}`, platform)).status).toBe(200);
});

test('a plan shows its decisions and what is known of its outcomes, a duplicate’s by its original', async () => {
  const original = await seedAction(harness.db, { args: { returns: 5 } });
  const duplicate = await seedAction(harness.db, {
    plan: original.plan,
    index: 1,
    state: 'duplicate',
    duplicateOf: original.id,
  });
  const held = await seedAction(harness.db, { plan: original.plan, index: 2, state: 'held', decision: 'ALERT' });
  await becomes(harness.db, original.id, 'applied');
  const { body } = await call('GET', `/v1/plans/${original.plan}`, reader);
  expect(body).toMatchObject({ id: original.plan, plan_id: `plan-${original.plan}` });
  expect(body.decisions.map((one: Row) => [one.action_id, one.state])).toEqual([
    [original.id, 'applied'],
    [duplicate.id, 'duplicate'],
    [held.id, 'held'],
  ]);
  expect(body.outcomes).toMatchObject([
    { action_id: original.id, outcome: 'applied', ok: true, result: 5 },
    { action_id: duplicate.id, outcome: 'duplicate', ok: true, result: 5, duplicate_of: original.id },
  ]);
  expect((await call('GET', `/v1/plans/${encodeURIComponent(body.plan_id)}`, reader)).body).toEqual(body);
  expect((await call('GET', `/v1/plans/${encodeURIComponent(body.plan_id)}`, stranger)).status).toBe(404);
  expect((await call('GET', `/v1/plans/${original.plan}`, stranger)).status).toBe(404);
});

test('receipts are found by what they are about, page by page', async () => {
  const action = await seedAction(harness.db);
  await becomes(harness.db, action.id, 'applied');
  const kinds = async (query: string, key = reader) => {
    const { body } = await call('GET', `/v1/receipts?${query}`, key);
    return body.items.map((item: Row) => item.kind);
  };
  expect(await kinds(`action_id=${action.id}`)).toEqual(['outcome', 'intent']);
  expect(await kinds(`plan_id=${action.plan}`)).toEqual(['outcome', 'intent']);
  expect(await kinds(`plan_id=plan-${action.plan}`)).toEqual(['outcome', 'intent']);
  expect(await kinds(`entity_key=${action.entity}&kind=intent`)).toEqual(['intent']);
  expect(await kinds(`action_id=${action.id}&since=2100-01-01T00:00:00Z`)).toEqual([]);
  expect(await kinds(`action_id=${action.id}`, stranger)).toEqual([]);
  const first = await call('GET', `/v1/receipts?action_id=${action.id}&limit=1`, reader);
  const next = encodeURIComponent(first.body.next_cursor);
  expect(await kinds(`action_id=${action.id}&limit=1&cursor=${next}`)).toEqual(['intent']);
  expect((await call('GET', '/v1/receipts?cursor=nonsense', reader)).status).toBe(400);
});

test('a time that no receipt can have is refused, of a query and of a cursor', async () => {
  const since = async (text: string) =>
    (await call('GET', `/v1/receipts?since=${encodeURIComponent(text)}`, reader)).status;
  expect(await since('0000-01-01T00:00:00Z')).toBe(400);
  expect(await since('0001-01-01T00:00:00+01:00')).toBe(400);
  expect(await since('9999-12-31T23:00:00-23:00')).toBe(400);
  expect(await since('0001-01-01T00:00:00Z')).toBe(200);
  expect(await since('2026-01-01T00:00:00+23:59')).toBe(200);
  expect(await since(`2026-01-01T00:00:00.${'1'.repeat(200)}Z`)).toBe(200);
  const cursor = async (at: string) => {
    const text = Buffer.from(JSON.stringify([at, '01890000-0000-7000-8000-000000000000'])).toString('base64url');
    return (await call('GET', `/v1/receipts?cursor=${text}`, reader)).status;
  };
  expect(await cursor('9999999999')).toBe(400);
  expect(await cursor('2026-02-30 00:00:00+00')).toBe(400);
  expect(await cursor('0000-01-01 00:00:00+00')).toBe(400);
  expect(await cursor('2026-02-28 00:00:00.123456+00')).toBe(200);
});

test('an id that cannot be one names nothing', async () => {
  for (const [method, path] of [
    ['GET', '/v1/actions/x'],
    ['POST', '/v1/actions/x/cancel'],
    ['GET', '/v1/plans/order%2042'],
    ['GET', '/v1/plans/%00'],
    ['DELETE', '/v1/freezes/1'],
  ] as const) {
    expect(await call(method, path, admin)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  }
});

test('a reason that no row can hold is refused', async () => {
  const { id } = await seedAction(harness.db, { state: 'indeterminate' });
  const asked = async (path: string, more: object) =>
    (
      await Promise.all(['a\u0000b', 'a\ud800', ' '].map((reason) => call('POST', path, admin, { reason, ...more })))
    ).map(({ status }) => status);
  expect(await asked('/v1/freezes', { tool: 'none' })).toEqual([400, 400, 400]);
  expect(await asked(`/v1/actions/${id}/settle`, { as: 'applied' })).toEqual([400, 400, 400]);
  expect(await asked(`/v1/actions/${id}/retry`, {})).toEqual([400, 400, 400]);
});

test('of a tool that nobody here knows all arguments are hidden, for any may be secret', async () => {
  const spec = {
    tool: 'gone',
    state: 'blocked',
    decision: 'BLOCK',
    args: { token: 'tok_9', auth: { password: 'p' } },
  } as const;
  const { id, entity } = await seedAction(harness.db, spec);
  const hidden = { args: { token: '•••', auth: '•••' } };
  expect((await call('GET', `/v1/actions/${id}`, reader)).body).toMatchObject(hidden);
  expect((await call('GET', `/v1/actions?entity_key=${entity}`, reader)).body.items).toMatchObject([hidden]);
});

test('a queued action is cancelled once, with receipt and outcome, and its lane goes on', async () => {
  const head = await seedAction(harness.db, { state: 'indeterminate' });
  const next = await seedAction(harness.db, { entity: head.entity as string });
  expect((await call('POST', `/v1/actions/${next.id}/cancel`, reader)).status).toBe(403);
  expect((await call('POST', `/v1/actions/${next.id}/cancel`, stranger)).status).toBe(404);
  const answers = await Promise.all([1, 2].map(() => call('POST', `/v1/actions/${next.id}/cancel`, admin)));
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
  expect(await actionRow(harness.db, next.id)).toMatchObject({ state: 'cancelled' });
  expect(await receiptsOf(harness.db, next.id)).toEqual(['outcome:cancelled']);
  expect(await subjectMessages(harness.nats, 'outcomes.acme.cancelled.bot', next.id)).toHaveLength(1);
});

test('what may have happened is not cancelled, nor what is held', async () => {
  const unsure = await seedAction(harness.db, { authorisedAgoSeconds: 0, connector: 'nowhere' });
  await harness.db.query('UPDATE actions SET unsure = true WHERE id = $1', [unsure.id]);
  expect((await call('POST', `/v1/actions/${unsure.id}/cancel`, admin)).status).toBe(409);
  const held = await seedAction(harness.db, { state: 'held', decision: 'ALERT' });
  const refused = await call('POST', `/v1/actions/${held.id}/cancel`, admin);
  expect(refused).toMatchObject({ status: 409, body: { code: 'CONFLICT', detail: 'it is held: cancel its approval' } });
});

test('settled as applied or failed, the lane goes on; as not applied, it is run as head again', async () => {
  const settle = (id: string, as: string) =>
    call('POST', `/v1/actions/${id}/settle`, admin, { as, reason: 'looked it up' });
  const lane = async () => {
    const head = await seedAction(harness.db, { state: 'indeterminate' });
    return { head, behind: await seedAction(harness.db, { entity: head.entity as string }) };
  };
  const applied = await lane();
  expect((await settle(applied.head.id, 'applied')).body).toMatchObject({ state: 'applied' });
  await becomes(harness.db, applied.behind.id, 'applied');
  expect(await receiptsOf(harness.db, applied.head.id)).toEqual(['settlement:applied']);
  const { rows } = await harness.db.query('SELECT error, actor FROM receipts WHERE action = $1', [applied.head.id]);
  expect(rows[0]).toMatchObject({ error: 'looked it up', actor: expect.stringMatching(/^app\|/) });
  expect(await subjectMessages(harness.nats, 'outcomes.acme.applied.bot', applied.head.id)).toMatchObject([
    { ok: true },
  ]);

  const failed = await lane();
  expect((await settle(failed.head.id, 'failed')).body).toMatchObject({ state: 'failed', error: 'looked it up' });
  await becomes(harness.db, failed.behind.id, 'applied');

  const again = await lane();
  harness.observed.length = 0;
  expect((await settle(again.head.id, 'not_applied')).body).toMatchObject({ state: 'queued' });
  await becomes(harness.db, again.behind.id, 'applied');
  const order = harness.observed.filter(({ what }) => what === 'start').map(({ action }) => action);
  expect(order).toEqual([again.head.id, again.behind.id]);
  expect((await settle(again.head.id, 'applied')).status).toBe(409);
  expect((await settle(again.head.id, 'maybe')).status).toBe(400);
});

test('retry makes what backs off due now, and runs what is indeterminate again', async () => {
  const slow = { untilAttempt: 2, throws: 'RateLimited', more: { retryAfterMs: 3_600_000 } };
  const backing = await seedAction(harness.db, { tool: 'safe', args: slow });
  await harness.decide([backing]);
  await expect.poll(async () => (await actionRow(harness.db, backing.id)).next_attempt_at).not.toBeNull();
  expect((await call('POST', `/v1/actions/${backing.id}/retry`, admin)).status).toBe(200);
  await becomes(harness.db, backing.id, 'applied');
  expect(await receiptsOf(harness.db, backing.id)).toEqual([
    'intent:running',
    'outcome:queued',
    'override:queued',
    'intent:running',
    'outcome:applied',
  ]);
  const unknown = await seedAction(harness.db, { state: 'indeterminate' });
  expect((await call('POST', `/v1/actions/${unknown.id}/retry`, admin)).status).toBe(200);
  await becomes(harness.db, unknown.id, 'applied');
  expect((await call('POST', `/v1/actions/${unknown.id}/retry`, admin)).status).toBe(409);
});

test('a freeze stops claims at once, leaves receipts, and is lifted by its tenant only', async () => {
  expect((await call('POST', '/v1/freezes', reader, { reason: 'x' })).status).toBe(403);
  const frozen = await call('POST', '/v1/freezes', admin, { tool: 'brief', reason: 'odd numbers' });
  expect(frozen).toMatchObject({ status: 201, body: { tenant: 'acme', tool: 'brief', lifted_at: null } });
  const action = await seedAction(harness.db, { tool: 'brief' });
  const other = await seedAction(harness.db);
  await harness.decide([action, other]);
  await becomes(harness.db, other.id, 'applied');
  expect(await actionRow(harness.db, action.id)).toMatchObject({ state: 'queued', attempts: 0 });
  const ids = async () => (await call('GET', '/v1/freezes', reader)).body.items.map((item: Row) => item.id);
  expect(await ids()).toEqual([frozen.body.id]);
  expect((await call('DELETE', `/v1/freezes/${frozen.body.id}`, stranger)).status).toBe(404);
  expect((await call('DELETE', `/v1/freezes/${frozen.body.id}`, admin)).status).toBe(200);
  expect((await call('DELETE', `/v1/freezes/${frozen.body.id}`, admin)).status).toBe(404);
  await becomes(harness.db, action.id, 'rescore');
  expect(await ids()).toEqual([]);
  const { body } = await call('GET', '/v1/receipts?kind=freeze', reader);
  expect(body.items).toMatchObject([
    { outcome: 'lifted', tool: 'brief' },
    { outcome: 'frozen', tool: 'brief', error: 'odd numbers' },
  ]);
});

test('a freeze needs no reason, and is lifted by its scope and by no other', async () => {
  const lift = (scope: string, key = admin) => call('DELETE', `/v1/freezes${scope}`, key);
  expect((await call('POST', '/v1/freezes', admin, { connector: 'nowhere', tool: 'one' })).status).toBe(201);
  expect((await lift('?connector=nowhere')).status).toBe(404);
  expect((await lift('')).status).toBe(404);
  expect((await lift('?connector=nowhere&tool=one', stranger)).status).toBe(404);
  expect((await lift('?connector=nowhere&tool=one', reader)).status).toBe(403);
  expect((await lift('?conector=nowhere')).status).toBe(400);
  const lifted = await lift('?connector=nowhere&tool=one');
  expect(lifted).toMatchObject({ status: 200, body: { items: [{ tool: 'one', reason: 'no reason given' }] } });
  expect((await lift('?connector=nowhere&tool=one')).status).toBe(404);
});

test('the queues open to platform admins by a session of their own, and to nobody else', async () => {
  const page = (headers: Record<string, string> = {}) =>
    fetch(`${url}/queues`, { redirect: 'manual', headers: { accept: 'text/html', ...headers } });
  const closed = await page();
  expect([closed.status, closed.headers.get('location')]).toEqual([303, '/queues/login']);
  expect((await fetch(`${url}/queues/api/queues`)).status).toBe(401);
  expect((await fetch(`${url}/queues/login`)).status).toBe(200);

  const login = (token: string, headers: Record<string, string> = {}) =>
    fetch(`${url}/queues/login`, { method: 'POST', redirect: 'manual', body: new URLSearchParams({ token }), headers });
  expect((await login(admin)).status).toBe(403);
  expect((await login('nonsense')).status).toBe(401);
  expect((await login(platform, { origin: 'https://elsewhere.example' })).status).toBe(403);
  const let_in = await login(platform);
  expect(let_in.status).toBe(303);
  const cookie = let_in.headers.get('set-cookie') ?? '';
  expect(cookie).toMatch(/HttpOnly/);
  expect(cookie).toMatch(/SameSite=Strict/);
  expect(cookie).not.toContain(platform);
  const session = cookie.split(';')[0] ?? '';
  const opened = await page({ cookie: session });
  expect(opened.status).toBe(200);
  expect(await opened.text()).toContain('__UI_CONFIG__');
  const listed = await fetch(`${url}/queues/api/queues`, { headers: { cookie: session } });
  const { queues } = (await listed.json()) as { queues: { name: string }[] };
  expect(queues.map(({ name }) => name).toSorted()).toEqual([
    'effects.alpha',
    'effects.beta',
    'reads.alpha',
    'reads.beta',
  ]);
  const tampered = session.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
  expect((await fetch(`${url}/queues/api/queues`, { headers: { cookie: tampered } })).status).toBe(401);
  const foreign = { cookie: session, origin: 'https://elsewhere.example' };
  const pause = `${url}/queues/api/queues/effects.alpha/pause`;
  expect((await fetch(pause, { method: 'PUT', headers: foreign })).status).toBe(403);
  expect((await fetch(pause, { method: 'PUT', headers: { cookie: session } })).status).toBe(200);
  const resume = pause.replace(/pause$/, 'resume');
  expect((await fetch(resume, { method: 'PUT', headers: { cookie: session } })).status).toBe(200);
  const logout = { method: 'POST', redirect: 'manual', headers: { cookie: session } } as const;
  expect((await fetch(`${url}/queues/logout`, logout)).status).toBe(303);
  expect((await fetch(`${url}/queues/api/queues`, { headers: { cookie: session } })).status).toBe(401);
});

test('metrics and health speak of the executor', async () => {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  for (const name of ['effects_total', 'call_seconds_bucket', 'claims_total', 'flush_depth', 'relay_backlog_rows']) {
    expect(metrics).toContain(`holdpoint_${name}`);
  }
  expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({
    status: 'ready',
    checks: { nats: 'ok', postgres: 'ok', redis: 'ok' },
  });
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: object };
  expect(Object.keys(paths)).toEqual(
    expect.arrayContaining(['/v1/actions/{id}/settle', '/v1/freezes', '/v1/receipts']),
  );
});
