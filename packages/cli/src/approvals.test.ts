import type { Approval } from '@holdpoint/shared/domain/approval';
import { HoldpointError, toProblem } from '@holdpoint/shared/domain/errors';
import type { StandingGrant } from '@holdpoint/shared/domain/standing-grant';
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

const holdpoint = (...args: string[]) => runHoldpoint([...args, '--data', run.folder], run.folder);
const alice = (...args: string[]) => holdpoint(...args, '--as', 'alice');
const calls = () => stub.asked.map(({ method, path }) => `${method} ${path}`);

describe('approvals', () => {
  test('are listed by session, operator, and as what waits for the person who asks', async () => {
    await holdpoint('approvals', '--session', 's 1', '--operator', 'bot');
    const { out } = await alice('approvals', '--mine');
    expect(out).toBe('nothing waits for you');
    expect(calls()).toEqual(['GET /v1/approvals?session_id=s+1&operator=bot', 'GET /v1/approvals?mine=true']);
    expect(await holdpoint('approvals', '--mine')).toMatchObject({ code: 2, err: expect.stringMatching(/--as alice/) });
  });

  test('are shown as a card, and nothing in it moves the cursor', async () => {
    stub.answer.body = {
      ...approval,
      reason: 'over 500\u001b[2J',
      on_behalf_of: 'sam',
      requirements: [{ audience: 'reviewer', quorum: 2, also: ['lead'] }],
      expires_at: new Date(Date.now() + 90 * 60_000 + 5_000).toISOString(),
      votes: [{ principal: 'i|ann', vote: 'approve', audience: 'reviewer', comment: 'fine', at: AT, name: 'Ann' }],
      comments: [{ id: 'c1', principal: 'i|bo', name: null, text: 'who is it for?', at: AT }],
      reminders: 2,
    };
    const { code, out } = await holdpoint('approvals', 'show', 'ap1');
    expect([code, calls()]).toEqual([0, ['GET /v1/approvals/ap1']]);
    const fields = [
      /^what {2,}shop orders\.hold \{"order_id":"1"\}$/m,
      /^why {2,}over 500·\[2J$/m,
      /^on behalf of {2,}sam \(as the operator says\)$/m,
      /^waits for {2,}2 of reviewer \(or lead\)$/m,
      /^time {2,}1 h 30 min left, until .*; reminded 2 times$/m,
      /^vote {2,}Ann: approve as reviewer, fine$/m,
      /^comment {2,}i\|bo, 2026\S+: who is it for\?$/m,
    ];
    for (const field of fields) expect(out).toMatch(field);
    expect(out).not.toContain('\u001b');
  });

  test('take comments, votes back, and the request itself', async () => {
    stub.answer.body = approval;
    await alice('comment', 'ap1', 'who is it for?');
    await alice('withdraw', 'ap1');
    await holdpoint('approvals', 'cancel', 'ap1', '--reason', 'a mistake');
    expect(stub.asked.map(({ path, bearer, body }) => [path, bearer, body])).toEqual([
      ['/v1/approvals/ap1/comments', 'Bearer jwt-of-alice', { text: 'who is it for?' }],
      ['/v1/approvals/ap1/withdraw', 'Bearer jwt-of-alice', {}],
      ['/v1/approvals/ap1/cancel', 'Bearer hp_admin', { reason: 'a mistake' }],
    ]);
  });
});

describe('votes on several', () => {
  const answer = (id: string, code?: 'NOT_IN_AUDIENCE') =>
    code ? { id, error: toProblem(new HoldpointError(code, 'not yours')) } : { id, status: 'granted' };

  test('are cast at once, a line each', async () => {
    stub.answer.body = { items: [answer('a'), answer('b')] };
    const { code, out } = await alice('approve', 'a', 'b', '--comment', 'fine');
    expect(code).toBe(0);
    expect(stub.asked).toMatchObject([
      { path: '/v1/approvals/batch', body: { ids: ['a', 'b'], vote: 'approve', reason: 'fine' } },
    ]);
    expect(out).toMatch(/^a {3}granted\nb {3}granted$/m);
  });

  test('exit with 1 where any was refused, and say which and why', async () => {
    stub.answer.body = { items: [answer('a'), answer('b', 'NOT_IN_AUDIENCE')] };
    const { code, out } = await alice('deny', 'a', 'b', '--reason', 'no');
    expect(code).toBe(1);
    expect(out).toMatch(/^b {3}refused {2}NOT_IN_AUDIENCE not yours$/m);
    expect(out).toContain('1 of 2 were refused');
    expect(await alice('deny', 'a', 'b')).toMatchObject({ code: 2 });
  });

  test('are cast in as many batches as it takes', async () => {
    const ids = Array.from({ length: 101 }, (_, index) => `a${index}`);
    stub.pages = [{ items: ids.slice(0, 100).map((id) => answer(id)) }, { items: [answer('a100', 'NOT_IN_AUDIENCE')] }];
    const { code, out } = await alice('approve', ...ids, '--json');
    expect(code).toBe(1);
    expect(JSON.parse(out).items).toHaveLength(101);
    expect(stub.asked.map(({ body }) => (body as { ids: string[] }).ids.length)).toEqual([100, 1]);
  });
});

describe('watch', () => {
  const says = (event: string, more: Partial<Approval> = {}) =>
    Buffer.from(`event: ${event}\ndata: ${JSON.stringify({ ...approval, ...more })}\n\n`);
  const interruptedAfter = (lines: number) => (said: { out: string }) => said.out.split('\n').length >= lines;

  test('tells what happens, a line each, comes back where it breaks, and ends with 0', async () => {
    stub.answer.type = 'text/event-stream';
    const vote = {
      principal: 'i|ann',
      vote: 'deny',
      audience: 'reviewer',
      comment: 'no\u001b',
      at: AT,
      name: 'Ann',
    } as const;
    stub.pages = [
      Buffer.concat([says('approval.requested'), says('approval.voted', { votes: [vote] })]),
      says('approval.requested', { requirements: [{ audience: 'another', quorum: 1 }] }),
      says('approval.resolved', { status: 'denied', votes: [vote] }),
    ];
    const { code, out } = await runHoldpoint(
      ['watch', '--audience', 'reviewer', '--data', run.folder],
      run.folder,
      interruptedAfter(3),
    );
    expect(code).toBe(0);
    const lines = out.split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(
      /^\S+Z {2}requested {2}ap1 {2}shop orders.hold order:1 820 {2}by bot of 2 of reviewer: a hold$/,
    );
    expect(lines[1]).toMatch(/voted {6}ap1 .* Ann: deny, no·$/);
    expect(lines[2]).toMatch(/resolved {3}ap1 .* denied: no·$/);
  });

  test('tells it to scripts as JSON, one line each', async () => {
    stub.answer.type = 'text/event-stream';
    stub.pages = [Buffer.concat([says('approval.requested'), says('approval.commented')])];
    const { out } = await runHoldpoint(['watch', '--json', '--data', run.folder], run.folder, interruptedAfter(2));
    expect(out.split('\n').map((line) => JSON.parse(line))).toMatchObject([
      { event: 'approval.requested', approval: { id: 'ap1' } },
      { event: 'approval.commented', approval: { id: 'ap1' } },
    ]);
  });

  test('is refused where the key is', async () => {
    stub.answer = { status: 401, body: toProblem(new HoldpointError('UNAUTHENTICATED', 'the API key is not known')) };
    expect(await holdpoint('watch')).toMatchObject({ code: 1, err: expect.stringMatching(/^UNAUTHENTICATED/) });
  });
});

describe('standing grants', () => {
  const asked = ['--operator', 'bot', '--connector', 'shop', '--tool', 'orders.refund'];
  const often = ['--uses', '20'];

  test('are given with conditions on arguments, until a time, as a person', async () => {
    stub.answer.body = grant;
    const args = ['--arg', 'amount<=100', '--arg', 'amount>=1', '--arg', 'currency=EUR', '--arg', 'shop=["de","fr"]'];
    const more = ['--max-value', '100', '--until', '2027-01-01T00:00:00Z', '--reason', 'small ones'];
    const { code, out } = await alice('grants', 'create', ...asked, ...often, ...args, ...more);
    expect(code).toBe(0);
    expect(stub.asked).toMatchObject([
      {
        method: 'POST',
        path: '/v1/standing-grants',
        bearer: 'Bearer jwt-of-alice',
        body: {
          operator: 'bot',
          connector: 'shop',
          tool: 'orders.refund',
          args: [
            { path: 'amount', min: 1, max: 100 },
            { path: 'currency', equals: 'EUR' },
            { path: 'shop', in: ['de', 'fr'] },
          ],
          max_value: 100,
          until: '2027-01-01T00:00:00.000Z',
          uses: 20,
          reason: 'small ones',
        },
      },
    ]);
    expect(out).toContain('shop orders.refund, amount ≤ 100, value ≤ 100');
    expect(out).toMatch(/^uses {2,}19 of 20 left, last 2026/m);
  });

  test('are tried first: what they would have covered, and why not the rest', async () => {
    const at = { action_id: 'act1', at: AT };
    stub.answer.body = {
      looked_at: 7,
      matched_count: 1,
      matched: [{ ...at, entity_key: 'order:1', value: 9, args: {} }],
      nearest: [{ ...at, action_id: 'act2', why: ['amount is 120, over 100'] }],
    };
    const { out } = await alice('grants', 'preview', ...asked, '--arg', 'amount<=100');
    const body = { operator: 'bot', connector: 'shop', tool: 'orders.refund', args: [{ path: 'amount', max: 100 }] };
    expect(stub.asked).toMatchObject([{ path: '/v1/standing-grants/preview', body }]);
    expect(out).toMatch(/^yes {6}act1 .* order:1 +9$/m);
    expect(out).toMatch(/^no .* amount is 120, over 100$/m);
  });

  test('are listed, shown and revoked', async () => {
    const used = { action_id: 'act1', at: AT, entity_key: 'order:1', value: 9, state: 'applied' };
    stub.pages = [{ items: [grant, { ...grant, id: 'g2', revoked_at: AT }] }, { ...grant, used_by: [used] }, grant];
    const { out } = await holdpoint('grants', '--active');
    expect((await holdpoint('grants', 'show', 'g1')).out).toMatch(/^act1 .* order:1 +9 +applied$/m);
    await alice('grants', 'revoke', 'g1');
    expect(calls()).toEqual([
      'GET /v1/standing-grants?active=true',
      'GET /v1/standing-grants/g1',
      'DELETE /v1/standing-grants/g1',
    ]);
    expect(out).toMatch(/^g1 .* 19 of 20 /m);
    expect(out).toMatch(/^g2 .* revoked /m);
  });

  const whole = ['--until', '30d', '--uses', '2', '--reason', 'x'];
  test.each([
    [['--uses', '2', '--reason', 'x'], /--until/],
    [['--until', '30d', '--reason', 'x'], /--uses/],
    [['--until', '30d', '--uses', '2'], /--reason/],
    [[...whole, '--arg', 'amount'], /path=value/],
    [[...whole, '--arg', 'amount<=much'], /a bound is a number/],
    [[...whole, '--arg', 'a=1', '--arg', 'a=2'], /a condition already/],
    [[...whole, '--arg', 'a<=1', '--arg', 'a<=2'], /a condition already/],
    [[...whole, '--max-value', 'much'], /--max-value/],
    [[...whole, '--max-value', '1e999'], /--max-value/],
    [[...whole, '--max-value', ''], /--max-value/],
    [[...whole, '--arg', 'amount<=1e999'], /a bound is a number/],
  ])('of %j are a matter of usage', async (args, err) => {
    expect(await alice('grants', 'create', ...args)).toMatchObject({ code: 2, err: expect.stringMatching(err) });
    expect(stub.asked).toEqual([]);
  });
});

const grant: StandingGrant = {
  id: 'g1',
  tenant: 'acme',
  operator: 'bot',
  connector: 'shop',
  tool: 'orders.refund',
  args: [{ path: 'amount', max: 100 }],
  max_value: 100,
  until: AT,
  uses: 20,
  uses_left: 19,
  audiences: ['reviewer'],
  granted_by: 'i|alice',
  granted_by_name: 'Alice',
  reason: 'small ones',
  created_at: AT,
  revoked_at: null,
  revoked_by: null,
  last_used_at: AT,
};

const approval = standInApproval({
  args: { order_id: '1' },
  value: 820,
  requirements: [{ audience: 'reviewer', quorum: 2 }],
  expires_at: AT,
  digest: 'd1',
  created_at: AT,
});
