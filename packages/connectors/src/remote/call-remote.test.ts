import { type HttpStandIn, type StandInResponse, startHttpStandIn } from '@holdpoint/conformance/http-stand-in';
import { FAULTS, type Fault } from '@holdpoint/conformance/spec';
import type { ConnectorContext } from '@holdpoint/sdk/define';
import { RateLimited } from '@holdpoint/sdk/errors';
import { afterAll, afterEach, expect, test } from 'vitest';
import { callRemote, type RemoteCall } from './call-remote.ts';
import { callTool, endCalls } from './testing/call-tool.ts';

const TOKEN = 'tok_9f8e7d6c5b4a';
let standIn: HttpStandIn | undefined;
afterEach(async () => {
  await standIn?.close();
  standIn = undefined;
});
afterAll(endCalls);

interface Tried extends Partial<Omit<RemoteCall, 'url'>> {
  readonly answer?: StandInResponse;
  readonly fault?: Fault;
  readonly url?: string;
}

/** One call of a stand-in that gives this answer, or has this fault. */
async function ended({ answer = { status: 200, body: { ok: true } }, fault, url, ...call }: Tried) {
  standIn = await startHttpStandIn({
    handle: () => answer,
    rateLimited: (seconds) => ({ status: 429, headers: { 'retry-after': String(seconds) } }),
    refuse: (words) => ({ status: 400, body: { message: words } }),
    exhausted: (response, seconds) => ({
      ...response,
      headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(seconds) },
    }),
  });
  if (fault) standIn.fault(fault, 'any');
  const to = new URL(url ?? 'orders/1', standIn.url);
  const headers = { authorization: `Bearer ${TOKEN}` };
  const run = (_: never, ctx: ConnectorContext) => callRemote(ctx, { method: 'POST', url: to, headers, ...call });
  return callTool({ runner: { run: { tool: run } }, tool: 'tool', credentials: { token: TOKEN }, timeoutMs: 400 });
}

const ENDS = {
  rate_limited: ['retry', 'retry'],
  error_before: ['unknown', 'retry'],
  error_after: ['unknown', 'retry'],
  // The call's own time ended it: whatever it was, nobody knows what became of it.
  silence_before: ['unknown', 'unknown'],
  silence_after: ['unknown', 'unknown'],
  reset_before: ['unknown', 'retry'],
  reset_after: ['unknown', 'retry'],
  cut_short: ['unknown', 'retry'],
  garbled: ['unknown', 'retry'],
  exhausted: ['answered', 'answered'],
  echo: ['refused', 'refused'],
} as const satisfies Record<Fault, readonly [effect: string, read: string]>;

test.each(FAULTS)('%s ends an effect and a read each by what is known of it', async (fault) => {
  const [effect, read] = ENDS[fault];
  const end = await ended({ fault, describe: (body) => (body as { message?: string } | null)?.message });
  expect(end.kind).toBe(effect);
  expect(JSON.stringify(end)).not.toContain(TOKEN);
  await standIn?.close();
  expect((await ended({ fault, effect: false })).kind).toBe(read);
  if (fault === 'rate_limited') expect(end).toMatchObject({ retryAfterMs: 7000 });
  if (fault === 'exhausted') expect(end).toMatchObject({ restMs: 7000 });
});

test.each([
  [301, 'refused', 'refused'],
  [302, 'unknown', 'refused'],
  [303, 'unknown', 'refused'],
  [307, 'refused', 'refused'],
  [308, 'refused', 'refused'],
  [400, 'refused', 'refused'],
  [404, 'refused', 'refused'],
  [408, 'unknown', 'retry'],
  [409, 'refused', 'refused'],
  [425, 'retry', 'retry'],
  [429, 'retry', 'retry'],
  [500, 'unknown', 'retry'],
  [503, 'unknown', 'retry'],
] as const)('%i is %s of an effect and %s of a read', async (status, effect, read) => {
  const answer = { status, headers: { location: 'https://elsewhere.example/' } };
  expect(await ended({ answer })).toMatchObject({ kind: effect, message: `POST /orders/1 answered ${status}` });
  await standIn?.close();
  expect((await ended({ answer, effect: false })).kind).toBe(read);
  expect(standIn?.heard(), 'no redirect is followed').toBe(1);
});

test('a connection that was never made proves that nothing was sent', async () => {
  const closed = await startHttpStandIn({ handle: () => ({ status: 200 }), rateLimited: () => ({ status: 429 }) });
  await closed.close();
  expect(await ended({ url: closed.url })).toMatchObject({ kind: 'retry' });
});

test('a read is told when to come again, an effect is not: it may have happened', async () => {
  const answer = { status: 503, headers: { 'retry-after': '9' } };
  expect(await ended({ answer, method: 'GET' })).toMatchObject({ kind: 'retry', retryAfterMs: 9000 });
  await standIn?.close();
  expect(await ended({ answer })).toMatchObject({ kind: 'unknown' });
});

test("of a failure's body only what the connector picks is told", async () => {
  const answer = { status: 422, body: { reason: 'amount is\ntoo large', card: '4242' } };
  expect(await ended({ answer })).toEqual({ kind: 'refused', message: 'POST /orders/1 answered 422' });
  await standIn?.close();
  const describe = (body: unknown) => (body as { reason: string }).reason;
  expect(await ended({ answer, describe })).toMatchObject({
    message: 'POST /orders/1 answered 422: amount is too large',
  });
});

test('an answer is JSON or nothing, and plain text only where that is expected', async () => {
  const text = { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'taken' };
  expect(await ended({ answer: { status: 204 } })).toMatchObject({ result: { status: 204, body: null } });
  await standIn?.close();
  expect(await ended({ answer: text })).toMatchObject({
    kind: 'unknown',
    message: 'POST /orders/1 answered 200, unreadably: it is not JSON',
  });
  await standIn?.close();
  expect(await ended({ answer: text, text: true })).toMatchObject({ result: { body: 'taken' } });
});

test("what a vendor means counts before its answer's status", async () => {
  const answer = { status: 200, body: { ok: false, error: 'ratelimited' } };
  const judge: RemoteCall['judge'] = ({ body }, words) =>
    (body as { ok: boolean }).ok ? undefined : new RateLimited(5, words);
  const describe = (body: unknown) => (body as { error?: string }).error;
  expect(await ended({ answer, judge, describe })).toMatchObject({
    kind: 'retry',
    retryAfterMs: 5000,
    message: 'POST /orders/1 answered 200: ratelimited',
  });
});

test('objects go as JSON, forms and text as they are', async () => {
  const heard: string[] = [];
  standIn = await startHttpStandIn({
    handle({ headers, body }) {
      heard.push(`${headers['content-type']} ${body}`);
      return { status: 204 };
    },
    rateLimited: () => ({ status: 429 }),
  });
  const url = new URL(standIn.url);
  for (const body of [{ a: 1 }, new URLSearchParams({ a: '1' }), 'a']) {
    const run = (_: never, ctx: ConnectorContext) => callRemote(ctx, { method: 'POST', url, body });
    await callTool({ runner: { run: { tool: run } }, tool: 'tool' });
  }
  expect(heard).toEqual([
    'application/json {"a":1}',
    'application/x-www-form-urlencoded;charset=UTF-8 a=1',
    'text/plain;charset=UTF-8 a',
  ]);
});
