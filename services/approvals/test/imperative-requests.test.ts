import type { RunningService } from '@holdpoint/shared/runtime/service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, call, givenApp, givenApproval, openBench } from './fixtures.ts';

let bench: Bench;
let service: RunningService;
let alice: string;
let bob: string;
let key: string;

beforeAll(async () => {
  bench = await openBench();
  service = await bench.start();
  [alice, bob] = await Promise.all([bench.issuer.token('alice'), bench.issuer.token('bob')]);
  key = await givenApp(bench.owner, ['plan', 'read', 'admin']);
});
afterAll(() => bench?.stop());

const given = (how?: Parameters<typeof givenApproval>[1]) => givenApproval(bench.owner, how);
const post = (path: string, body?: unknown, token = alice) => call(service.url, token, 'POST', path, body);

describe('an imperative request', () => {
  it('is an approval without an action, that people decide', async () => {
    const asker = await givenApp(bench.owner, ['plan', 'read'], { operators: ['order-risk'] });
    const asked = await post(
      '/v1/approvals',
      { reason: 'push to main', audience: 'reviewer', timeoutMs: 60_000 },
      asker,
    );
    expect(asked).toMatchObject({
      status: 201,
      body: {
        status: 'pending',
        action_id: null,
        tool: null,
        subject: 'custom',
        urgency: 'medium',
        operator: 'order-risk',
        requirements: [{ audience: 'reviewer', quorum: 1 }],
      },
    });
    const { id, created_at, expires_at } = asked.body;
    expect(Date.parse(expires_at) - Date.parse(created_at)).toBeGreaterThan(59_000);
    expect(Date.parse(expires_at) - Date.parse(created_at)).toBeLessThan(61_000);
    expect(await post(`/v1/approvals/${id}/approve`)).toMatchObject({ status: 200, body: { status: 'granted' } });
    const receipts = await bench.owner
      .selectFrom('receipts')
      .selectAll()
      .where('action', 'is', null)
      .where('tenant', '=', 'acme')
      .orderBy('id')
      .execute();
    const own = receipts.filter(({ reasons }) => reasons?.some(({ message }) => message.includes(id)));
    expect(own.map(({ outcome }) => outcome)).toEqual([null, 'granted']);
  });

  it('may want several, and several denials', async () => {
    const request = { reason: 'drop a table', audience: 'reviewer', quorum: 2, denials: 2 };
    const { status, body } = await post('/v1/approvals', request, key);
    expect({ status, body }).toMatchObject({
      status: 201,
      body: { denials: 2, requirements: [{ audience: 'reviewer', quorum: 2 }], on_behalf_of_verified: false },
    });
    expect(await post(`/v1/approvals/${body.id}/deny`, { reason: 'no' })).toMatchObject({
      body: { status: 'pending' },
    });
    const denied = await post(`/v1/approvals/${body.id}/deny`, { reason: 'nor me' }, bob);
    expect(denied).toMatchObject({ body: { status: 'denied', votes: [{ name: 'alice' }, { name: 'bob' }] } });
    expect(await post('/v1/approvals', { ...request, denials: 21 }, key)).toMatchObject({ status: 400 });
  });

  it('may be taken back by the app that asked, and by no other, nor what a plan asks', async () => {
    const asker = await givenApp(bench.owner, ['plan']);
    const stranger = await givenApp(bench.owner, ['plan', 'read', 'admin']);
    const { body } = await post('/v1/approvals', { reason: 'r', audience: 'reviewer' }, asker);
    const cancel = (token: string, id = body.id) => post(`/v1/approvals/${id}/cancel`, { reason: 'gave up' }, token);
    expect(await cancel(stranger)).toMatchObject({ status: 403, body: { code: 'NOT_A_PERSON' } });
    expect(await cancel(asker)).toMatchObject({ status: 200, body: { status: 'cancelled' } });
    expect(await cancel(asker)).toMatchObject({ status: 409, body: { code: 'APPROVAL_ALREADY_DECIDED' } });
    const own = await givenApp(bench.owner, ['plan'], { id: 'planner' });
    const planned = await given({ requester: 'app|planner' });
    expect(await cancel(own, planned.approvalId)).toMatchObject({ status: 403, body: { code: 'NOT_A_PERSON' } });
  });

  it('needs the scope to plan, and sense', async () => {
    const request = { reason: 'r', audience: 'reviewer' };
    expect(await post('/v1/approvals', request, await givenApp(bench.owner, ['read']))).toMatchObject({ status: 403 });
    for (const bad of [
      { reason: 'r' },
      { ...request, urgency: 'now' },
      { ...request, timeoutMs: 0 },
      { ...request, x: 1 },
    ]) {
      expect(await post('/v1/approvals', bad, key)).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } });
    }
  });
});
