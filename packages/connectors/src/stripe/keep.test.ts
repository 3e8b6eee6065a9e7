import { type AcceptedEvent, defineHooks } from '@holdpoint/sdk/define';
import type { EntityDbOf } from '@holdpoint/sdk/entity-db';
import { createEntityDb } from '@holdpoint/shared/db/entities/entity-db';
import { memoryEntities } from '@holdpoint/shared/db/entities/memory-entities';
import { afterAll, expect, test } from 'vitest';
import { callTool, endCalls } from '../remote/testing/call-tool.ts';
import { keepStripe } from './keep.ts';
import { runner } from './run.ts';
import { startStripe } from './testing/stand-in.ts';
import { CHARGE, SUBSCRIPTION, stripeWorld } from './testing/stripe-world.ts';
import { stripe } from './tools.ts';

afterAll(endCalls);

const openDb = () =>
  createEntityDb(memoryEntities(), 'acme', new Map([['stripe', stripe.entities]])) as EntityDbOf<{
    stripe: typeof stripe;
  }>;
const hook = keepStripe({ source: 'stripe' });
const log = { debug() {}, info() {}, warn() {}, error() {} };
const context = (db: ReturnType<typeof openDb>) => ({ db, log, attempt: 1, signal: new AbortController().signal });
const CREATED = 1_777_890_000;

function told(id: string, created: number, changes: object = {}): AcceptedEvent {
  const object = { ...stripeWorld().things.get(id), ...changes };
  return { data: { created, data: { object } } } as Partial<AcceptedEvent> as AcceptedEvent;
}

test('what events tell of charges and subscriptions is kept, and nothing of cards and people', async () => {
  const db = openDb();
  const card = { payment_method_details: { card: { last4: '4242' } }, billing_details: { email: 'a@b.example' } };
  await hook.after(told(CHARGE, CREATED, card), context(db));
  await hook.after(told(SUBSCRIPTION, CREATED, { customer: { id: 'cus_9', email: 'a@b.example' } }), context(db));
  const charge = await db.stripe.charges.findUnique({ where: { id: CHARGE } });
  expect(charge).toMatchObject({ amount: 5000, risk_level: 'normal', metadata: { order_id: '1042' }, as_of: CREATED });
  const subscription = await db.stripe.subscriptions.findUnique({ where: { id: SUBSCRIPTION } });
  expect(subscription).toMatchObject({ status: 'active', customer: 'cus_9' });
  expect(JSON.stringify([charge, subscription])).not.toMatch(/4242|b\.example/);
});

test('an event that comes late does not undo what a newer one has told', async () => {
  const db = openDb();
  await hook.after(told(CHARGE, CREATED + 60, { amount_refunded: 2000 }), context(db));
  await hook.after(told(CHARGE, CREATED), context(db));
  expect(await db.stripe.charges.findUnique({ where: { id: CHARGE } })).toMatchObject({ amount_refunded: 2000 });
});

test('the hook is one of a tenant', () => {
  const [own] = defineHooks({ webhooks: [hook] }).webhooks ?? [];
  expect(own).toMatchObject({ id: 'keep-stripe', source: 'stripe', types: ['charge.*', 'customer.subscription.*'] });
});

test('events without an object, and of other objects, are let pass', async () => {
  const db = openDb();
  for (const data of [null, {}, { created: 1, data: {} }, { created: 1, data: { object: { object: 'refund' } } }]) {
    await hook.after({ data } as Partial<AcceptedEvent> as AcceptedEvent, context(db));
  }
  expect(await db.stripe.charges.findMany()).toHaveLength(0);
});

test('what the connector reads is kept too, as of the time that Stripe says', async () => {
  const standIn = await startStripe();
  const db = openDb();
  const given = { runner, tool: 'charges.read', args: { charge: CHARGE }, db };
  const { config, credentials } = standIn;
  const end = await callTool({ ...given, config, credentials });
  if (end.kind !== 'answered') throw new Error(end.message);
  await callTool({ ...given, part: 'after', result: end.result });
  expect(await db.stripe.charges.findUnique({ where: { id: CHARGE } })).toEqual(end.result);
  await standIn.close();
});
