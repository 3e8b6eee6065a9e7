import { type ConnectorContext, defineConnector } from '@holdpoint/sdk/define';
import { Terminal } from '@holdpoint/sdk/errors';
import type Stripe from 'stripe';
import { z } from 'zod';
import { keptCharge, keptSubscription, type StripeCharge, type StripeSubscription } from './kept.ts';
import { createRefund, refundOf } from './refund.ts';
import { answeredAtSeconds, type StripeApi, stripeApi, stripeConfigSchema } from './stripe-api.ts';
import type { stripe } from './tools.ts';

/**
 * Every attempt but an action's first looks first whether what it wants is so already, for an earlier one may have done it and
 * Stripe may have forgotten its key by then (24 hours). A refund bears its action's id, which proves whose it is; of the others
 * the state is what was wanted, whoever brought it about.
 */
export const runner = defineConnector<typeof stripe>({
  init({ tenants }) {
    for (const [tenant, { config, secret }] of Object.entries(tenants)) {
      const parsed = stripeConfigSchema.safeParse(config);
      if (!parsed.success) throw new Error(`config of tenant ${tenant}: ${z.prettifyError(parsed.error)}`);
      secret('api_key');
    }
  },
  run: {
    'charges.read': ({ charge }, ctx) => readCharge(stripeApi(ctx), charge),
    'payment_intents.read': async (args, ctx) => intentOf(await readIntent(stripeApi(ctx), args)),
    'refunds.read': async ({ refund }, ctx) =>
      refundOf(
        await stripeApi(ctx).ask<Stripe.Response<Stripe.Refund>>('refund', ({ refunds }) => refunds.retrieve(refund)),
      ),
    'subscriptions.read': ({ subscription }, ctx) => readSubscription(stripeApi(ctx), subscription),
    'refunds.create': (args, ctx) => createRefund(stripeApi(ctx), args, ctx),
    'payment_intents.capture': captureIntent,
    'payment_intents.cancel': cancelIntent,
    'subscriptions.cancel': cancelSubscription,
    'invoices.void': voidInvoice,
    'customers.update': updateCustomer,
  },
  after: {
    'charges.read': async (charge: StripeCharge, _args, { db }) => {
      await db.stripe.charges.upsert(charge);
    },
    'subscriptions.read': async (subscription: StripeSubscription, _args, { db }) => {
      await db.stripe.subscriptions.upsert(subscription);
    },
    'subscriptions.cancel': async (subscription: StripeSubscription, _args, { db }) => {
      await db.stripe.subscriptions.upsert(subscription);
    },
  },
});

async function readCharge(api: StripeApi, id: string): Promise<StripeCharge> {
  const charge = await api.ask<Stripe.Response<Stripe.Charge>>('charge', ({ charges }) => charges.retrieve(id));
  return keptCharge(charge, answeredAtSeconds(charge));
}

const readIntent = (api: StripeApi, { payment_intent }: { payment_intent: string }) =>
  api.ask<Stripe.Response<Stripe.PaymentIntent>>('payment_intent', (one) =>
    one.paymentIntents.retrieve(payment_intent),
  );

interface Capture {
  readonly payment_intent: string;
  readonly amount: number;
  readonly currency: string;
}

/** What is not captured is released (https://docs.stripe.com/api/payment_intents/capture). */
async function captureIntent(args: Capture, ctx: ConnectorContext) {
  const api = stripeApi(ctx);
  const { payment_intent: id, amount, currency } = args;
  const before = await readIntent(api, args);
  if (before.currency !== currency) throw new Terminal(`${id} is in ${before.currency}, not in ${currency}`);
  if (ctx.attempt > 1 && before.status === 'succeeded' && before.amount_received === amount) return intentOf(before);
  const captured = await api.change<Stripe.Response<Stripe.PaymentIntent>>('payment_intent', (one, keyed) =>
    one.paymentIntents.capture(id, { amount_to_capture: amount }, keyed),
  );
  return intentOf(captured);
}

interface Cancel {
  readonly payment_intent: string;
  readonly reason?: 'duplicate' | 'fraudulent' | 'requested_by_customer' | 'abandoned' | undefined;
}

async function cancelIntent(args: Cancel, ctx: ConnectorContext) {
  const api = stripeApi(ctx);
  const before = ctx.attempt > 1 ? await readIntent(api, args) : undefined;
  if (before?.status === 'canceled') return intentOf(before);
  const params = args.reason === undefined ? {} : { cancellation_reason: args.reason };
  const canceled = await api.change<Stripe.Response<Stripe.PaymentIntent>>('payment_intent', (one, keyed) =>
    one.paymentIntents.cancel(args.payment_intent, params, keyed),
  );
  return intentOf(canceled);
}

function intentOf(intent: Stripe.PaymentIntent) {
  const { id, amount, amount_received, currency, status, metadata } = intent;
  return { id, amount, amount_received, currency, status, metadata };
}

async function readSubscription(api: StripeApi, id: string): Promise<StripeSubscription> {
  const found = await api.ask<Stripe.Response<Stripe.Subscription>>('subscription', (one) =>
    one.subscriptions.retrieve(id),
  );
  return keptSubscription(found, answeredAtSeconds(found));
}

/** A DELETE takes no key: Stripe calls it idempotent by definition. The second answers 404, so that it is looked for first. */
async function cancelSubscription(
  { subscription: id, at_period_end }: { subscription: string; at_period_end: boolean },
  ctx: ConnectorContext,
): Promise<StripeSubscription> {
  const api = stripeApi(ctx);
  if (ctx.attempt > 1) {
    const before = await readSubscription(api, id);
    if (before.status === 'canceled' || (at_period_end && before.cancel_at_period_end)) return before;
  }
  const canceled = await api.change<Stripe.Response<Stripe.Subscription>>('subscription', ({ subscriptions }, keyed) =>
    at_period_end ? subscriptions.update(id, { cancel_at_period_end: true }, keyed) : subscriptions.cancel(id),
  );
  return keptSubscription(canceled, answeredAtSeconds(canceled));
}

async function voidInvoice({ invoice: id }: { invoice: string }, ctx: ConnectorContext) {
  const api = stripeApi(ctx);
  if (ctx.attempt > 1) {
    const before = await api.ask<Stripe.Response<Stripe.Invoice>>('invoice', ({ invoices }) => invoices.retrieve(id));
    if (before.status === 'void') return invoiceOf(before);
  }
  const voided = await api.change<Stripe.Response<Stripe.Invoice>>('invoice', ({ invoices }, keyed) =>
    invoices.voidInvoice(id, {}, keyed),
  );
  return invoiceOf(voided);
}

const invoiceOf = ({ id, status, total, currency }: Stripe.Invoice) => ({ id, status, total, currency });

/** The same once or twice, whenever it is sent again. */
async function updateCustomer(args: { customer: string; metadata: Record<string, string> }, ctx: ConnectorContext) {
  const updated = await stripeApi(ctx).change<Stripe.Response<Stripe.Customer>>('customer', ({ customers }, keyed) =>
    customers.update(args.customer, { metadata: args.metadata }, keyed),
  );
  return { id: updated.id, metadata: updated.metadata };
}
