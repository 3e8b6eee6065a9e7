import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Approval } from '@holdpoint/shared/domain/approval';
import { HoldpointError, toProblem } from '@holdpoint/shared/domain/errors';
import { standInApproval } from '@holdpoint/shared/testing/stand-in-approval';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createClient } from '../src/client.ts';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly approval?: string;
  readonly body: unknown;
}
interface Answer {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly text?: string;
  /** The connection breaks instead. */
  readonly cut?: boolean;
}

const seen: Seen[] = [];
const answers: Answer[] = [];
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const { method, headers } = request;
    const approval = headers['x-approval-id'];
    seen.push({
      method,
      url: request.url,
      authorization: headers.authorization,
      ...(typeof approval === 'string' && { approval }),
      body: text && JSON.parse(text),
    });
    const answer = answers.shift() ?? { status: 500 };
    if (answer.cut) return response.destroy();
    response.writeHead(answer.status ?? 200, answer.headers);
    return response.end(answer.text ?? JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});
beforeEach(() => {
  seen.length = 0;
  answers.length = 0;
});

const client = () => createClient({ url, key: 'hp_key' });

const approval = (change: Partial<Approval>): Approval =>
  standInApproval({
    id: '0199b6a0-0000-7000-8000-000000000001',
    action_id: null,
    plan_id: null,
    connector: null,
    tool: null,
    args: null,
    entity_key: null,
    risk: null,
    reason: 'about to push',
    operator: 'risk',
    ...change,
  });

async function errorOf(work: Promise<unknown>): Promise<HoldpointError> {
  const error = await work.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HoldpointError);
  return error as HoldpointError;
}

describe('a call', () => {
  it('carries the key, its query and its body', async () => {
    answers.push({ body: { id: 'p1', plan_id: 'mine', decisions: [] } });
    const plan = { plan_id: 'mine', actions: [{}] };
    expect(await client().plans.submit(plan, { operator: 'risk', waitSeconds: 2 })).toMatchObject({ id: 'p1' });
    expect(seen).toEqual([
      { method: 'POST', url: '/v1/plans?wait=2', authorization: 'Bearer hp_key', body: { ...plan, operator: 'risk' } },
    ]);
  });

  it('comes back with its approval, and is told what people said', async () => {
    const details = { approval_id: 'a1' };
    const refusal = new HoldpointError('APPROVAL_REQUIRED', 'people have not decided yet', details);
    answers.push({ status: refusal.status, body: toProblem(refusal) });
    const plan = { plan_id: 'mine', actions: [{}] };
    const error = await errorOf(client().plans.submit(plan, { operator: 'risk', approvalId: 'a1' }));
    expect(error).toMatchObject({ code: 'APPROVAL_REQUIRED', details });
    expect(seen[0]).toMatchObject({ url: '/v1/plans', approval: 'a1', authorization: 'Bearer hp_key' });
  });

  it('leaves out what is not asked for, and keeps an id in its segment', async () => {
    answers.push({ body: { items: [], next_cursor: 'c' } }, { status: 404, body: {} });
    expect(await client().actions.list({ state: 'held', limit: 5 })).toEqual({ items: [], next_cursor: 'c' });
    await errorOf(client().events.get('a/../b?c'));
    expect(seen.map((call) => call.url)).toEqual(['/v1/actions?state=held&limit=5', '/v1/events/a%2F..%2Fb%3Fc']);
  });

  it('goes to the service’s own URL, and says which one is missing', async () => {
    answers.push({ body: { items: [] } });
    const split = createClient({ url: { approvals: url }, key: 'k' });
    expect(await split.approvals.list()).toEqual({ items: [] });
    expect((await errorOf(split.actions.list())).message).toContain('executor');
  });
});

describe('an event', () => {
  it('is had as the bytes that came, or not at all', async () => {
    answers.push({ text: '\u0000 no JSON' }, { status: 404, body: toProblem(new HoldpointError('NOT_FOUND', 'no')) });
    expect(Buffer.from(await client().events.raw('a.b.c')).toString()).toBe('\u0000 no JSON');
    expect((await errorOf(client().events.raw('a.b.d'))).code).toBe('NOT_FOUND');
    answers.push({ cut: true });
    expect((await errorOf(client().events.raw('a.b.e'))).code).toBe('DEPENDENCY_UNAVAILABLE');
    expect(seen[0]?.url).toBe('/v1/events/a.b.c?raw=true');
  });
});

describe('a failure', () => {
  it('is the error that the server named, with its details', async () => {
    const sent = new HoldpointError('INVALID_REQUEST', 'no such field', { issues: [{ path: 'plan_id' }] });
    answers.push({ status: 400, body: toProblem(sent), headers: { 'content-type': 'application/problem+json' } });
    const error = await errorOf(client().policies.get());
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', status: 400, retryable: false, message: 'no such field' });
    expect(error.details).toEqual(sent.details);
  });

  it('says when to come back', async () => {
    const sent = new HoldpointError('RATE_LIMIT', 'slower');
    answers.push({ status: 429, body: toProblem(sent), headers: { 'retry-after': '7' } });
    expect(await errorOf(client().policies.get())).toMatchObject({
      code: 'RATE_LIMIT',
      retryable: true,
      details: { retry_after_seconds: 7 },
    });
  });

  it('is read from the bare status where something in between answered', async () => {
    answers.push({ status: 502, text: '<html>bad gateway</html>' }, { status: 401, text: '' });
    expect(await errorOf(client().policies.get())).toMatchObject({ code: 'DEPENDENCY_UNAVAILABLE', retryable: true });
    expect(await errorOf(client().policies.get())).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('is an unavailable dependency when nobody answers', async () => {
    answers.push({ cut: true });
    expect(await errorOf(client().policies.get())).toMatchObject({ code: 'DEPENDENCY_UNAVAILABLE', retryable: true });
  });

  it('is internal when the answer is something else than it should be', async () => {
    answers.push({ body: { items: [{ id: 1 }] } });
    expect(await errorOf(client().actions.list())).toMatchObject({ code: 'INTERNAL' });
  });
});

describe('asking a person', () => {
  const request = { reason: 'about to push', audience: 'reviewer' };

  it('waits through as many rounds as it takes, and is true when granted', async () => {
    answers.push(
      { status: 201, body: approval({}) },
      { body: approval({}) },
      { body: approval({ status: 'granted' }) },
    );
    expect(await client().approvals.request(request)).toBe(true);
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /v1/approvals',
      'GET /v1/approvals/0199b6a0-0000-7000-8000-000000000001?wait=25',
      'GET /v1/approvals/0199b6a0-0000-7000-8000-000000000001?wait=25',
    ]);
  });

  it('takes the question back when nobody waits any more', async () => {
    const waiting = new AbortController();
    answers.push(
      { status: 201, body: approval({}) },
      { body: approval({}) },
      { body: approval({ status: 'cancelled' }) },
    );
    const asking = client().approvals.request(request, { signal: waiting.signal });
    const left = new Error('the job was stopped');
    waiting.abort(left);
    await expect(asking).rejects.toBe(left);
    expect(seen.at(-1)).toMatchObject({
      method: 'POST',
      url: '/v1/approvals/0199b6a0-0000-7000-8000-000000000001/cancel',
      body: { reason: 'who asked waits no more' },
    });
    await expect(client().approvals.request(request, { signal: waiting.signal })).rejects.toBe(left);
    expect(seen.filter(({ url }) => url === '/v1/approvals')).toHaveLength(1);
  });

  it('throws the denial with its reason, and the expiry', async () => {
    const cast = { principal: 'i|s', vote: 'deny', audience: 'reviewer', comment: 'wrong branch', at: 'now' } as const;
    const vote = { ...cast, name: 'Sam' };
    answers.push({ status: 201, body: approval({ status: 'denied', votes: [vote] }) });
    expect(await errorOf(client().approvals.request(request))).toMatchObject({
      code: 'APPROVAL_DENIED',
      message: 'denied: wrong branch',
    });
    answers.push({ status: 201, body: approval({ status: 'expired' }) });
    expect(await errorOf(client().approvals.request(request))).toMatchObject({ code: 'APPROVAL_EXPIRED' });
  });

  it('that cannot be asked fails, unless told what to assume', async () => {
    answers.push({ cut: true }, { cut: true }, { cut: true });
    const { approvals } = client();
    expect((await errorOf(approvals.request(request))).code).toBe('DEPENDENCY_UNAVAILABLE');
    const rejected = approvals.request(request, { onApprovalUnavailable: 'assume-rejected' });
    expect((await errorOf(rejected)).code).toBe('APPROVAL_DENIED');
    const low = { ...request, urgency: 'low' } as const;
    expect(await approvals.request(low, { onApprovalUnavailable: 'assume-approved' })).toBe(true);
  });

  it('is never assumed to be approved above urgency low, nor when the server refuses', async () => {
    const assume = { onApprovalUnavailable: 'assume-approved' } as const;
    expect((await errorOf(client().approvals.request(request, assume))).code).toBe('INVALID_REQUEST');
    expect(seen).toHaveLength(0);
    answers.push({ status: 403, body: toProblem(new HoldpointError('FORBIDDEN', 'no')) });
    const low = { ...request, urgency: 'low' } as const;
    expect((await errorOf(client().approvals.request(low, assume))).code).toBe('FORBIDDEN');
  });
});
