import { expectConformance } from '@holdpoint/conformance/report';
import { runConformance } from '@holdpoint/conformance/run-conformance';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { callTool, endCalls } from '../remote/testing/call-tool.ts';
import { runner } from './run.ts';
import { conformance } from './testing/conformance.ts';
import { rateLimited, type StripeStandIn, startStripe } from './testing/stand-in.ts';
import { StripeRefusal } from './testing/stripe-refusal.ts';
import { CHARGE, CUSTOMER, INTENT, INVOICE, PAID_INTENT, SUBSCRIPTION, YEN_CHARGE } from './testing/stripe-world.ts';
import { stripe } from './tools.ts';

let standIn: StripeStandIn;
beforeEach(async () => {
  standIn = await startStripe();
});
afterEach(() => standIn.close());
afterAll(endCalls);

const REFUND = { charge: CHARGE, amount: 2000, currency: 'usd' };

const call = (tool: keyof typeof stripe.tools, args: object, over: Partial<Parameters<typeof callTool>[0]> = {}) =>
  callTool({
    runner,
    tool,
    args: { ...args },
    config: standIn.config,
    credentials: standIn.credentials,
    ...over,
  });
const posts = () => standIn.requests.filter(({ method }) => method === 'POST');
const refusal = (status: number, headers: Record<string, string> = {}) =>
  new StripeRefusal(status, status >= 500 ? 'api_error' : 'lock_timeout', 'not now', { headers }).response;

test('whatever becomes of a call, what is said of it is true', async () => {
  expectConformance(await runConformance({ name: 'stripe', tools: stripe, runner, spec: conformance }));
}, 120_000);

test('a refund is sent as a form, with its key, its action and the version that the types are of', async () => {
  const metadata = { ticket: 'T-1 & more' };
  const end = await call('refunds.create', { ...REFUND, reason: 'duplicate', metadata }, { actionId: 'action-7' });
  expect(end).toMatchObject({
    kind: 'answered',
    result: { amount: 2000, currency: 'usd', charge: CHARGE, metadata: { ...metadata, holdpoint_action: 'action-7' } },
  });
  const [post] = posts();
  expect(Object.fromEntries(new URLSearchParams(post?.body))).toEqual({
    charge: CHARGE,
    amount: '2000',
    reason: 'duplicate',
    'metadata[ticket]': 'T-1 & more',
    'metadata[holdpoint_action]': 'action-7',
  });
  expect(post?.headers).toMatchObject({ 'idempotency-key': 'key-1', 'stripe-version': '2026-10-28.endive' });
  expect(post?.headers).not.toHaveProperty('x-stripe-client-telemetry');
});

test('a key that no header can carry is sent as its hash', async () => {
  await call('refunds.create', REFUND, { idempotencyKey: 'Rückgabe 1' });
  expect(posts()[0]?.headers['idempotency-key']).toMatch(/^[A-Za-z0-9_-]{43}$/);
});

test('a connected account is named where the tenant has one', async () => {
  await call('charges.read', { charge: CHARGE }, { config: { ...standIn.config, account: 'acct_1' } });
  expect(standIn.requests[0]?.headers['stripe-account']).toBe('acct_1');
});

describe('money', () => {
  test.each([
    [REFUND, 20],
    [{ ...REFUND, amount: 1999 }, 19.99],
    [{ ...REFUND, currency: 'jpy' }, 2000],
    [{ ...REFUND, currency: 'kwd' }, 2],
    // Whole by law, and written in hundredths all the same: Stripe's special cases.
    [{ ...REFUND, currency: 'isk' }, 20],
    [{ ...REFUND, currency: 'ugx' }, 20],
    [{ ...REFUND, currency: 'huf' }, 20],
  ])('%j is worth %d to policies', (args, worth) => {
    expect(stripe.tools['refunds.create'].value?.(args)).toBe(worth);
  });

  test.each([
    ['usd', 1999, true],
    ['kwd', 5120, true],
    ['kwd', 5125, false],
    ['isk', 500, true],
    ['isk', 550, false],
  ] as const)('an amount of %s that is %i is taken: %s', (currency, amount, taken) => {
    const answer = stripe.tools['refunds.create'].args?.['~standard'].validate({ ...REFUND, currency, amount });
    expect(!Object.hasOwn(answer ?? {}, 'issues')).toBe(taken);
  });

  test('whose currency is not the one that was decided on is not moved', async () => {
    expect(await call('refunds.create', { ...REFUND, charge: YEN_CHARGE })).toMatchObject({
      kind: 'refused',
      message: `${YEN_CHARGE} is in jpy, not in usd`,
    });
    const capture = { payment_intent: INTENT, amount: 100, currency: 'jpy' };
    expect(await call('payment_intents.capture', capture)).toMatchObject({ kind: 'refused' });
    expect(standIn.world.effects).toEqual([]);
  });
});

describe('an attempt after Stripe has forgotten the key', () => {
  const DONE = [
    ['refunds.create', REFUND],
    ['refunds.create', { payment_intent: PAID_INTENT, amount: 2000, currency: 'usd' }],
    ['payment_intents.capture', { payment_intent: INTENT, amount: 2000, currency: 'usd' }],
    ['payment_intents.cancel', { payment_intent: INTENT }],
    ['subscriptions.cancel', { subscription: SUBSCRIPTION, at_period_end: false }],
    ['subscriptions.cancel', { subscription: SUBSCRIPTION, at_period_end: true }],
    ['invoices.void', { invoice: INVOICE }],
    ['customers.update', { customer: CUSTOMER, metadata: { tier: 'gold' } }],
  ] as const;

  test.each(DONE)('of %s %j finds what was done, and does no more', async (tool, args) => {
    const first = await call(tool, args);
    standIn.forgetKeys();
    const again = await call(tool, args, { attempt: 2 });
    expect(first.kind).toBe('answered');
    expect(again).toMatchObject({ kind: 'answered', result: { id: expect.any(String) } });
    expect(standIn.world.effects).toHaveLength(1);
  });

  test('finds its refund behind more than a page of others', async () => {
    await call('refunds.create', { ...REFUND, amount: 10 }, { actionId: 'mine', idempotencyKey: 'mine' });
    for (let other = 0; other < 120; other += 1) {
      const given = { actionId: `other-${other}`, idempotencyKey: `other-${other}` };
      await call('refunds.create', { ...REFUND, amount: 10 }, given);
    }
    standIn.forgetKeys();
    const again = await call('refunds.create', { ...REFUND, amount: 10 }, { actionId: 'mine', attempt: 2 });
    expect(again).toMatchObject({ kind: 'answered', result: { metadata: { holdpoint_action: 'mine' } } });
    expect(standIn.world.effects).toHaveLength(121);
  });
});

test('a refund behind a 500 that Stripe would repeat for a day is found by the next attempt', async () => {
  standIn.answerNext(refusal(500), 'doing it');
  expect(await call('refunds.create', REFUND)).toMatchObject({ kind: 'unknown' });
  expect(await call('refunds.create', REFUND), 'by its key alone').toMatchObject({ kind: 'unknown' });
  expect(await call('refunds.create', REFUND, { attempt: 2 })).toMatchObject({ kind: 'answered' });
  expect(standIn.world.effects).toHaveLength(1);
});

test('another action with a key that Stripe knows is refused, and told to take another', async () => {
  await call('refunds.create', REFUND, { actionId: 'one' });
  const end = await call('refunds.create', REFUND, { actionId: 'other' });
  expect(end).toMatchObject({ kind: 'refused', message: expect.stringContaining('propose it with another') });
  expect(standIn.world.effects).toHaveLength(1);
});

describe('what Stripe refuses', () => {
  test('for now, because the same key is at work, is tried again', async () => {
    standIn.keepBusy('key-1');
    expect(await call('refunds.create', REFUND)).toMatchObject({
      kind: 'retry',
      message: expect.stringContaining('409 idempotency_key_in_use'),
    });
  });

  test.each([
    ['a 409', refusal(409), 'retry'],
    ['a 409 that it says not to try again', refusal(409, { 'stripe-should-retry': 'false' }), 'refused'],
    ['a 429', rateLimited(), 'retry'],
    ['a 429 that it says not to try again', rateLimited({ 'stripe-should-retry': 'false' }), 'refused'],
    ['a declined card', refusal(402), 'refused'],
    ['a key of no account', refusal(401), 'refused'],
    ['a key that may not', refusal(403), 'refused'],
    ['a 500', refusal(500), 'unknown'],
    ['a 500 that it says not to try again', refusal(500, { 'stripe-should-retry': 'false' }), 'unknown'],
    ['a 500 that it says to try again', refusal(500, { 'stripe-should-retry': 'true' }), 'unknown'],
    ['another kind of object', { status: 200, body: { id: CUSTOMER, object: 'account' } }, 'unknown'],
    ['no object', { status: 200, body: [] }, 'unknown'],
    ['nothing', { status: 200, body: 'null' }, 'unknown'],
    ['a page of a machine between', { status: 403, body: '<html>blocked</html>' }, 'unknown'],
    ['JSON of a machine between', { status: 404, body: { message: 'no route' } }, 'unknown'],
  ] as const)('with %s ends a change as it should', async (_, response, kind) => {
    standIn.answerNext(response);
    expect((await call('customers.update', { customer: CUSTOMER, metadata: { tier: 'gold' } })).kind).toBe(kind);
    expect(standIn.heard(), 'the SDK tries nothing again by itself').toBe(1);
  });

  test.each([
    ['a 500', refusal(500), 'retry'],
    ['a 500 that it says not to try again', refusal(500, { 'stripe-should-retry': 'false' }), 'refused'],
  ] as const)('with %s ends a question as it should', async (_, response, kind) => {
    standIn.answerNext(response);
    expect((await call('charges.read', { charge: CHARGE })).kind).toBe(kind);
  });

  test('with a redirect takes no key to another origin', async () => {
    const other = await startStripe();
    standIn.answerNext({ status: 307, headers: { location: `${other.config.baseUrl}v1/charges/${CHARGE}` } });
    expect((await call('charges.read', { charge: CHARGE })).kind).toBe('retry');
    expect(other.heard()).toBe(0);
    await other.close();
  });

  test('before anything was changed is tried again, though the tool changes something', async () => {
    standIn.fault('reset_before', 'any');
    expect(await call('refunds.create', REFUND)).toMatchObject({ kind: 'retry' });
    expect(standIn.heard()).toBe(1);
  });
});

test.each([
  [{ baseUrl: 'ftp://stripe.example' }, 'baseUrl'],
  [{ account: 'me' }, 'account'],
  [{ acount: 'acct_1' }, 'acount'],
  [{}, 'no secret api_key'],
])('the start is refused with %j', (config, words) => {
  const secret = (name: string): string => {
    throw new Error(`no secret ${name}`);
  };
  const connect = () => Promise.reject(new Error('nobody connects'));
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const tenants = { acme: { config, secret, fetch, connect } };
  expect(() => runner.init?.({ tenants, log, signal: new AbortController().signal })).toThrow(words);
});
