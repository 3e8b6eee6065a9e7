import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Action } from '@holdpoint/shared/domain/action';
import { HoldpointError, toProblem } from '@holdpoint/shared/domain/errors';
import type { Event } from '@holdpoint/shared/domain/event';
import { standInApproval } from '@holdpoint/shared/testing/stand-in-approval';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeRunFolder } from './testing/run-folder.ts';
import { runHoldpoint } from './testing/run-holdpoint.ts';
import { type StubServices, startStubServices } from './testing/stub-services.ts';

const AT = '2026-01-01T00:00:00.000Z';
let stub: StubServices;
let run: Awaited<ReturnType<typeof makeRunFolder>>;

beforeAll(async () => {
  stub = await startStubServices();
  run = await makeRunFolder(stub.url);
});
afterAll(async () => {
  await stub.stop();
  await run.remove();
});

beforeEach(() => stub.forget());

describe('a command', () => {
  test('finds its way by what npm start wrote, and lists', async () => {
    stub.answer.body = { items: [approval], next_cursor: 'c2' };
    const { code, out } = await holdpoint('approvals', '--pending', '--audience', 'reviewer', '--data', run.folder);
    expect(code).toBe(0);
    expect(stub.asked).toEqual([
      {
        method: 'GET',
        path: '/v1/approvals?status=pending&audience=reviewer',
        bearer: 'Bearer hp_admin',
        body: undefined,
      },
    ]);
    expect(out).toContain('ap1  pending  shop orders.hold  order:1  820    2 of reviewer  a hold');
    expect(out).toContain('--cursor c2');
  });

  test('that decides speaks as the person it is told', async () => {
    stub.answer.body = { ...approval, status: 'granted' };
    const { code, out } = await holdpoint('approve', 'ap1', '--comment', 'fine', '--as', 'alice', '--data', run.folder);
    expect(code).toBe(0);
    expect(stub.asked[0]).toMatchObject({
      method: 'POST',
      path: '/v1/approvals/ap1/approve',
      bearer: 'Bearer jwt-of-alice',
      body: { comment: 'fine' },
    });
    expect(out).toContain('granted');
  });

  test('that decides never guesses a person', async () => {
    expect(await holdpoint('approve', 'ap1', '--data', run.folder)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/--as alice/),
    });
    expect(stub.asked).toEqual([]);
  });

  test('sends no key of npm start to another address', async () => {
    expect(await holdpoint('actions', '--url', stub.url, '--data', run.folder)).toMatchObject({ code: 2 });
    expect(await holdpoint('approve', 'ap1', '--as', 'constructor', '--data', run.folder)).toMatchObject({
      code: 2,
      err: expect.stringContaining('--as must be one of'),
    });
    expect(await holdpoint('actions', '--url', stub.url, '--as', 'alice', '--data', run.folder)).toMatchObject({
      code: 2,
    });
    expect(stub.asked).toEqual([]);
  });

  test('shows an action with its receipts, and nothing in it moves the cursor', async () => {
    stub.answer.body = { ...action, error: 'gone\u001b[2J' };
    const { out } = await holdpoint('action', 'a1', '--url', stub.url, '--key', 'hp_x');
    expect(out).toMatch(/decision {2,}ALLOW: permitted by holds/);
    expect(out).toContain('gone·[2J');
    expect(out).not.toContain('\u001b');
  });

  test('prints JSON as it came', async () => {
    stub.answer.body = { items: [action] };
    const { out } = await holdpoint('actions', '--state', 'applied', '--json', '--url', stub.url, '--key', 'hp_x');
    expect(JSON.parse(out)).toEqual({ items: [action] });
    expect(stub.asked[0]?.path).toBe('/v1/actions?state=applied');
  });

  test('lists what became of policies', async () => {
    stub.answer.body = {
      items: [
        {
          id: 'r1',
          at: AT,
          version: 'p-2',
          changes: [
            { code: 'policies_changed', message: 'p-2 takes the place of p-1' },
            { code: 'policy_added', policy: 'holds', message: 'holds is new' },
          ],
        },
      ],
      next_cursor: 'c2',
    };
    const { code, out } = await holdpoint('policies', 'changes', '--limit', '1', '--url', stub.url, '--key', 'hp_x');
    expect([code, stub.asked[0]?.path]).toEqual([0, '/v1/policies/changes?limit=1']);
    expect(out).toMatch(/^2026-01-01T00:00:00.000Z +p-2 +p-2 takes the place of p-1; holds is new$/m);
  });

  test('lists what is used of limits', async () => {
    const of = { by: 'entity', who: 'order:1', in_force: true, used_total: '0', open_count: 1, per_seconds: 86_400 };
    stub.answer.body = {
      items: [
        { ...of, policy: 'notes', used_count: 3, count: 10, releases_at: AT },
        { ...of, policy: 'refunds', by: 'tenant', who: '', used_count: 2, used_total: '40.5', total: 100 },
        { ...of, policy: 'gone', in_force: false, used_count: 1, open_count: 0, releases_at: AT },
      ],
      next_cursor: 'c2',
    };
    const { code, out } = await holdpoint('limits', '--limit', '3', '--url', stub.url, '--key', 'hp_x');
    expect(code).toBe(0);
    expect(stub.asked[0]).toMatchObject({ method: 'GET', path: '/v1/limits?limit=3' });
    expect(out).toMatch(/^notes +entity +order:1 +3 of 10 +1 +24h +2026-01-01T00:00:00.000Z$/m);
    expect(out).toMatch(/^refunds .* 40\.5 of 100 .* when one of the open ends$/m);
    expect(out).toMatch(/^gone .* no longer limited /m);
    expect(out).toContain('--cursor c2');
  });

  test('submits a plan from a file', async () => {
    const plan = { plan_id: 'p1', actions: [{ connector: 'shop', tool: 'orders.hold', args: {} }] };
    await writeFile(join(run.folder, 'plan.json'), JSON.stringify(plan));
    const { receipts: _receipts, ...decision } = action;
    stub.answer.body = { id: 'row', plan_id: 'p1', decisions: [decision] };
    const words = ['plans', 'submit', join(run.folder, 'plan.json'), '--operator', 'bot', '--wait', '5'];
    const { code, out } = await holdpoint(...words, '--url', stub.url, '--key', 'hp_x');
    expect(code).toBe(0);
    expect(stub.asked[0]).toMatchObject({
      method: 'POST',
      path: '/v1/plans?wait=5',
      body: { ...plan, operator: 'bot' },
    });
    expect(out).toContain('permitted by holds');
  });
});

describe('events', () => {
  const to = () => ['--url', stub.url, '--key', 'hp_x'];
  const range = ['--since', '2026-01-01T00:00:00Z', '--until', '2026-01-02T00:00:00Z'];
  const bodyOfRange = { since: '2026-01-01T00:00:00Z', until: '2026-01-02T00:00:00Z' };

  test('are listed with the root of what is a replay', async () => {
    stub.answer.body = { items: [event, { ...event, id: 'shop.order.k2' }], next_cursor: '7' };
    const { out } = await holdpoint('events', '--source', 'shop', ...range, ...to());
    expect(stub.asked[0]?.path).toBe(
      '/v1/events?source=shop&since=2026-01-01T00%3A00%3A00Z&until=2026-01-02T00%3A00%3A00Z',
    );
    expect(out).toMatch(/shop\.order\.k1 .* shop {2,}order {2,}body {4,}12\n/);
    expect(out).toMatch(/shop\.order\.k2 .* 12 {2,}shop\.order\.k1\n/);
    expect(out).toContain('--cursor 7');
  });

  test('are shown with their payload, or raw as the bytes that came', async () => {
    stub.answer.body = { ...event, data: { order: 7 } };
    expect((await holdpoint('events', 'show', 'shop.order.k1', ...to())).out).toMatch(/data {2,}\{"order":7\}/);
    stub.pages = [Buffer.from([0xff, 0x00, 0x0a, 0x80])];
    const { out, bytes } = await holdpoint('events', 'show', 'shop.order.k1', '--raw', ...to());
    expect([out, bytes]).toEqual(['', Buffer.from([0xff, 0x00, 0x0a, 0x80])]);
    expect(stub.asked[1]?.path).toBe('/v1/events/shop.order.k1?raw=true');
  });

  test('are replayed one by one', async () => {
    stub.answer.body = { ...event, id: 'shop.order.k2' };
    const { out } = await holdpoint('replay', 'shop.order.k1', '--fresh', ...to());
    expect(stub.asked).toMatchObject([
      { method: 'POST', path: '/v1/events/shop.order.k1/replay', body: { fresh: true } },
    ]);
    expect(out).toMatch(/event {2,}shop\.order\.k2/);
  });

  test('are replayed by ranges, page by page to the end', async () => {
    const item = { replay_of: 'shop.order.k1', id: 'shop.order.k2', status: 'replayed' };
    stub.pages = [
      { batch: 'b1', items: [item], next_cursor: '9' },
      { batch: 'b1', items: [{ ...item, id: 'shop.order.k3', status: 'already' }] },
    ];
    const { out } = await holdpoint('replay', ...range, '--type', 'order', ...to());
    expect(stub.asked.map(({ path, body }) => [path, body])).toEqual([
      ['/v1/events/replay', { ...bodyOfRange, type: 'order' }],
      ['/v1/events/replay', { ...bodyOfRange, type: 'order', cursor: '9' }],
    ]);
    expect(out).toMatch(/k2 {2,}replayed {2,}shop\.order\.k1\nshop\.order\.k3 {2,}already/);
    expect(out).toContain('batch b1');
  });

  test('are only told of by a dry run', async () => {
    stub.answer.body = { batch: 'b1', items: [] };
    await holdpoint('replay', ...range, '--dry-run', '--batch', 'mine', ...to());
    expect(stub.asked[0]?.body).toEqual({ ...bodyOfRange, dry_run: true, batch: 'mine' });
  });

  test('come by sources, which show how their deliveries go', async () => {
    const source = { tenant: 'acme', provider: 'stripe', path: '/hooks/acme/s1', subscription_path: null };
    const help = 'the timestamp is 7 minutes old: is this machine\u001b[31m clock right?';
    const health = {
      status: 'failing',
      counts: { accepted: 12, duplicate: 2, refused: 3 },
      last_delivery: { at: AT, event_id: 'e1' },
      last_failure: { at: AT, result: 'refused', reason: 'timestamp_stale', help },
    };
    const quota = { used_bytes: 3 * 1024 * 1024, max_bytes: 1024 ** 3 };
    stub.pages = [
      {
        items: [
          { ...source, id: 's1', health },
          { ...source, id: 's2', health: null },
        ],
        quota,
        next_cursor: 's2',
      },
    ];
    const { out } = await holdpoint('sources', '--limit', '2', ...to());
    expect(stub.asked[0]?.path).toBe('/v1/sources?limit=2');
    expect(out).toMatch(
      /s1 +stripe +failing +12 +2 duplicate, 3 refused +2026\S+ +2026\S+ timestamp_stale: the timestamp/,
    );
    expect(out).not.toContain('\u001b');
    expect(out).toMatch(/s2 +stripe +not known now/);
    expect(out).toContain('events of seven days: 3.0 of 1024.0 MiB');
    expect(out).toContain('--cursor s2');
    stub.pages = [{ items: [{ ...source, id: 's1', health }], quota }];
    expect(JSON.parse((await holdpoint('sources', '--json', ...to())).out).quota).toEqual(quota);
  });

  test('wake agents where subscriptions say', async () => {
    const source = { id: 's1', tenant: 'acme', provider: 'fabric', path: '/hooks/acme/s1', subscription_path: null };
    const woken = (id: string, agent: string) => ({
      ...source,
      id,
      subscription_path: `/agents/${agent}/subscriptions/on-${id}`,
    });
    stub.pages = [{ items: [source, woken('s2', 'triage')], next_cursor: 's2' }, { items: [woken('s3', 'other')] }];
    const { out } = await holdpoint('subscriptions', 'triage', ...to());
    expect(out).toMatch(/triage {2,}on-s2 {2,}s2 {2,}\/agents\/triage\/subscriptions\/on-s2/);
    expect(out).not.toContain('on-s3');
    expect(stub.asked.map(({ path }) => path)).toEqual(['/v1/sources?limit=200', '/v1/sources?limit=200&cursor=s2']);
  });
});

describe('a refusal', () => {
  test('of the server is told by its code, and the exit code is 1', async () => {
    stub.answer = { status: 409, body: toProblem(new HoldpointError('APPROVAL_ALREADY_DECIDED', 'carol was first')) };
    expect(await holdpoint('approve', 'ap1', '--as', 'alice', '--data', run.folder)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^APPROVAL_ALREADY_DECIDED carol was first/),
    });
  });

  test('names every field', async () => {
    const details = { issues: [{ path: 'actions.0.tool', reason: 'is missing' }] };
    stub.answer = { status: 400, body: toProblem(new HoldpointError('INVALID_REQUEST', 'not a plan', details)) };
    expect((await holdpoint('actions', '--url', stub.url, '--key', 'hp_x')).err).toContain(
      'actions.0.tool: is missing',
    );
  });

  test('to connect is one', async () => {
    const gone = ['--url', 'http://127.0.0.1:1', '--key', 'hp_x'];
    expect(await holdpoint('actions', ...gone)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^DEPENDENCY_UNAVAILABLE/),
    });
    expect(await holdpoint('actions', '--data', join(run.folder, 'none'))).toMatchObject({
      code: 1,
      err: expect.stringMatching(/nothing runs here/),
    });
  });

  test.each([
    [[], /no command/],
    [['fly'], /no command fly/],
    [['approve'], /expected approve ID…/],
    [['withdraw', 'a', 'b'], /expected withdraw ID/],
    [['replay'], /--since TIME --until TIME/],
    [['replay', '--since', '2026-01-01T00:00:00Z'], /--since TIME --until TIME/],
    [['replay', 'a', '--until', '2026-01-01T00:00:00Z'], /--until is for a range/],
    [['replay', 'a', 'b'], /expected replay \[ID\]/],
    [['events', 'show', 'a', '--raw', '--json'], /--raw is bytes/],
    [['actions', '--state', 'gone'], /--state must be one of blocked/],
    [['actions', '--comment', 'x'], /--comment is no option/],
    [['actions', '--limit', 'x'], /--limit must be a whole number/],
    [['toString'], /no command/],
    [['actions', '--frobnicate'], /--frobnicate/],
  ])('of %j is a matter of usage: exit code 2', async (args, err) => {
    expect(await holdpoint(...args, '--data', run.folder)).toMatchObject({ code: 2, err: expect.stringMatching(err) });
    expect(stub.asked).toEqual([]);
  });
});

const holdpoint = (...args: string[]) => runHoldpoint(args, run.folder);

const action: Action = {
  action_id: 'a1',
  plan_id: 'p1',
  index: 0,
  decision: 'ALLOW',
  reasons: [{ code: 'allowed', policy: 'holds', message: 'permitted by holds' }],
  matched: ['holds'],
  policy_version: 'p-1',
  state: 'applied',
  at: AT,
  connector: 'shop',
  tool: 'orders.hold',
  args: { order_id: '1' },
  value: 820,
  entity_key: 'order:1',
  idempotency_key: 'k1',
  operator: 'bot',
  attempts: 1,
  receipts: [],
};

const event: Event = {
  id: 'shop.order.k1',
  tenant: 'acme',
  source: 'shop',
  type: 'order',
  time: AT,
  signed: 'body',
  type_signed: false,
  delivery_id: null,
  root_id: 'shop.order.k1',
  size: 12,
};

const approval = standInApproval({
  value: 820,
  requirements: [{ audience: 'reviewer', quorum: 2 }],
  expires_at: AT,
  created_at: AT,
});
