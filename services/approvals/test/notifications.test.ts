import type { Notification } from '@holdpoint/shared/domain/notification';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, call, eventually, type Given, givenApp, givenApproval, openBench } from './fixtures.ts';
import { givenChannels, type Receiver, startReceiver, WEBHOOK_SECRET, type Workspace } from './receivers.ts';

let bench: Bench;
let alice: string;
let operator: string;
const cleanups: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  bench = await openBench();
  alice = await bench.issuer.token('alice');
  operator = await givenApp(bench.owner, ['plan', 'read']);
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await bench.owner.deleteFrom('notifications').execute();
  await bench.owner.deleteFrom('disabled_channels').execute();
  await bench.owner.updateTable('approvals').set({ status: 'cancelled' }).where('status', '=', 'pending').execute();
});
afterAll(() => bench?.stop());

async function receiver(): Promise<Receiver> {
  const started = await startReceiver();
  cleanups.push(() => started.close());
  return started;
}

type Channels = Parameters<typeof givenChannels>[0];

async function serve(channels: Channels, more: Record<string, string> = {}, limits = {}): Promise<string> {
  const workspace: Workspace = await givenChannels(channels);
  const service = await bench.start(limits, { ...workspace.environment, ...more });
  cleanups.push(workspace.remove, () => service.stop());
  return service.url;
}

const hook = (to: Receiver, more = {}) =>
  ({ id: 'desk', type: 'webhook', url: to.url, secret: WEBHOOK_SECRET, ...more }) as const;

async function ask(url: string, audience = 'reviewer'): Promise<string> {
  const { status, body } = await call(url, operator, 'POST', '/v1/approvals', { reason: 'May I?', audience });
  expect(status).toBe(201);
  return body.id;
}

async function listed(url: string, approvalId: string): Promise<Notification[]> {
  const path = `/v1/notifications?approval_id=${approvalId}`;
  return (await call<{ items: Notification[] }>(url, alice, 'GET', path)).body.items;
}

function stateOf(url: string, approvalId: string, notice: string, state: Notification['state']): Promise<Notification> {
  return eventually(`${notice} is ${state}`, async () =>
    (await listed(url, approvalId)).find((one) => one.notice === notice && one.state === state),
  );
}

const NO_SWEEP = { noticeSweepMs: 3_600_000 };

describe('a webhook', () => {
  it('tells what is asked and how it ended, signed as Standard Webhooks says', async () => {
    const desk = await receiver();
    const url = await serve([hook(desk)], {}, NO_SWEEP);
    const id = await ask(url);
    const [asked] = await eventually('it is asked', () => (desk.received.length > 0 ? desk.received : undefined));
    expect(asked).toMatchObject({
      body: { type: 'approval.requested', data: { id, status: 'pending', reason: 'May I?' } },
    });
    expect(asked?.id).toMatch(/^msg_[0-9a-f-]{36}$/);
    await call(url, alice, 'POST', `/v1/approvals/${id}/approve`, { comment: 'fine' });
    const ended = await eventually('it ended', () => desk.received[1]);
    expect(ended.body).toMatchObject({ type: 'approval.resolved', data: { id, status: 'granted' } });
    expect(ended.id).not.toBe(asked?.id);
    expect(desk.refused).toEqual([]);
    await stateOf(url, id, 'granted', 'sent');
    expect((await listed(url, id)).map(({ notice, state, attempts }) => [notice, state, attempts])).toEqual([
      ['granted', 'sent', 1],
      ['requested', 'sent', 1],
    ]);
  });

  it('hears of its audiences alone, and only what it wants to hear', async () => {
    const [desk, money] = [await receiver(), await receiver()];
    const url = await serve([
      hook(desk, { id: 'desk', audiences: ['reviewer'], on: ['resolved'] }),
      hook(money, { id: 'money', audiences: ['treasury', 'board'] }),
    ]);
    const asked = await ask(url, 'treasury');
    await ask(url, 'reviewer');
    const ended = await ask(url, 'reviewer');
    await call(url, alice, 'POST', `/v1/approvals/${ended}/approve`);
    await eventually('the desk heard', () => desk.received[0]);
    await stateOf(url, asked, 'requested', 'sent');
    expect(desk.received.map(({ body }) => [body.data.id, body.type])).toEqual([[ended, 'approval.resolved']]);
    expect(money.received.map(({ body }) => body.data.id)).toEqual([asked]);
  });

  it('is told of what is pending though its message was lost', async () => {
    const { approvalId } = await givenApproval(bench.owner, { args: { card: '[secret]' } });
    const desk = await receiver();
    const url = await serve([hook(desk)]);
    await stateOf(url, approvalId, 'requested', 'sent');
    expect(desk.received.map(({ body }) => body.data.id)).toEqual([approvalId]);
    expect(desk.received[0]?.body.data.args).toEqual({ card: '[secret]' });
  });

  it('is told when its people are reminded, and when others are asked too', async () => {
    const [desk, board] = [await receiver(), await receiver()];
    const url = await serve([hook(desk), hook(board, { id: 'board', audiences: ['board'] })], {}, NO_SWEEP);
    const id = await ask(url);
    await stateOf(url, id, 'requested', 'sent');
    const now = new Date();
    const set = (values: object) =>
      bench.owner
        .updateTable('approvals')
        .set(values as never)
        .where('id', '=', id)
        .execute();
    // As if it were asked ten minutes ago, and its time to remind had come.
    const created_at = new Date(now.getTime() - 600_000);
    await set({ created_at, remind_every_seconds: 60, next_reminder_at: now });
    await stateOf(url, id, 'reminded:1', 'sent');
    const escalate = { audience: 'board', after_seconds: 300 };
    await set({ requirements: JSON.stringify([{ audience: 'reviewer', quorum: 1, escalate }]), escalates_at: now });
    await stateOf(url, id, 'escalated', 'sent');
    await eventually('both heard all', () => (desk.received.length + board.received.length === 4 ? true : undefined));
    const types = (to: Receiver) => to.received.map(({ body }) => body.type);
    expect(types(desk)).toEqual(['approval.requested', 'approval.reminded', 'approval.escalated']);
    expect(types(board)).toEqual(['approval.escalated']);
  });

  it('that fails is tried again under the same id, not before it asks for it', async () => {
    const desk = await receiver();
    const answers = [{ status: 429, headers: { 'retry-after': '2' } }, { status: 204 }];
    desk.answer = () => answers.shift() ?? { status: 204 };
    const url = await serve([hook(desk)]);
    const id = await ask(url);
    expect(await stateOf(url, id, 'requested', 'sent')).toMatchObject({ attempts: 1, error: null });
    const [first, second] = desk.received;
    expect(second?.id).toBe(first?.id);
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThan(1_900);
  });

  it('is not asked for what was decided meanwhile, and hears how it ended', async () => {
    const desk = await receiver();
    desk.answer = () => ({ status: 503, headers: { 'retry-after': '3600' } });
    const url = await serve([hook(desk)]);
    const id = await ask(url);
    await eventually('it was tried', async () => (await listed(url, id)).find(({ error }) => error === 'answered 503'));
    desk.answer = () => ({ status: 204 });
    await call(url, alice, 'POST', `/v1/approvals/${id}/deny`, { reason: 'no' });
    expect(await stateOf(url, id, 'requested', 'skipped')).toMatchObject({ error: 'it was denied meanwhile' });
    await stateOf(url, id, 'denied', 'sent');
    expect(desk.received.map(({ body }) => body.type)).toEqual(['approval.requested', 'approval.resolved']);
  });

  it('that answers 410 is disabled, for all instances, until somebody retries', async () => {
    const desk = await receiver();
    desk.answer = () => ({ status: 410 });
    const url = await serve([hook(desk)]);
    const first = await ask(url);
    const failed = await stateOf(url, first, 'requested', 'failed');
    expect(failed.error).toBe('answered 410: the receiver wants nothing more');
    const second = await ask(url);
    await stateOf(url, second, 'requested', 'skipped');
    expect(desk.received).toHaveLength(1);
    desk.answer = () => ({ status: 204 });
    expect((await call(url, alice, 'POST', `/v1/notifications/${failed.id}/retry`)).status).toBe(200);
    await stateOf(url, first, 'requested', 'sent');
    expect((await call(url, alice, 'POST', `/v1/notifications/${failed.id}/retry`)).status).toBe(409);
    const third = await ask(url);
    await stateOf(url, third, 'requested', 'sent');
  });

  it('at a private address gets nothing', async () => {
    const desk = await receiver();
    const url = await serve([hook(desk)], { HOLDPOINT_PRIVATE_NETWORK: 'refuse' });
    const id = await ask(url);
    const tried = await eventually('it was refused', async () => (await listed(url, id)).find(({ error }) => error));
    expect(tried.error).toContain('127.0.0.1 is no public address (loopback)');
    expect(desk.received).toEqual([]);
  });

  it('is not followed where it redirects to', async () => {
    const [door, beyond] = [await receiver(), await receiver()];
    door.answer = () => ({ status: 307, headers: { location: beyond.url } });
    const url = await serve([hook(door)]);
    const id = await ask(url);
    await eventually('it was redirected', async () =>
      (await listed(url, id)).find(({ error }) => error === 'answered 307'),
    );
    expect(beyond.received).toEqual([]);
  });
});

describe('two instances', () => {
  it('send each notification once', async () => {
    const desk = await receiver();
    const workspace = await givenChannels([hook(desk)]);
    const services = await Promise.all([1, 2].map(() => bench.start({ noticeSweepMs: 20 }, workspace.environment)));
    cleanups.push(workspace.remove, ...services.map((service) => () => service.stop()));
    const asked: Given[] = [];
    for (let n = 0; n < 100; n += 1) asked.push(await givenApproval(bench.owner));
    const rows = () => bench.owner.selectFrom('notifications').select('state').execute();
    await eventually('all are sent', async () =>
      (await rows()).filter(({ state }) => state === 'sent').length === 100 ? true : undefined,
    );
    expect(await rows()).toHaveLength(100);
    expect(new Set(desk.received.map(({ body }) => body.data.id))).toEqual(new Set(asked.map((one) => one.approvalId)));
    expect(desk.received).toHaveLength(100);
  });
});

describe('the API', () => {
  it("shows a tenant's own, and lets a person or an admin retry", async () => {
    const desk = await receiver();
    const url = await serve([hook(desk)]);
    const id = await ask(url);
    const { id: notification } = await stateOf(url, id, 'requested', 'sent');
    const stranger = await givenApp(bench.owner, ['admin'], { tenant: 'bazaar' });
    const seen = await call<{ items: Notification[] }>(url, stranger, 'GET', '/v1/notifications');
    expect(seen.body.items).toEqual([]);
    const retry = (key: string, of = notification) => call(url, key, 'POST', `/v1/notifications/${of}/retry`);
    expect((await retry(stranger)).status).toBe(404);
    expect((await retry(operator)).status).toBe(403);
    expect((await retry(alice, 'nonsense')).status).toBe(404);
    expect((await retry(alice)).status).toBe(409);
  });
});
