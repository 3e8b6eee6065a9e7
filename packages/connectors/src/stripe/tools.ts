import { defineTool, defineTools } from '@holdpoint/sdk/define';
import { z } from 'zod';
import { amountStep, majorUnits } from './amounts.ts';
import { stripeCharge, stripeSubscription } from './kept.ts';

const idOf = (...prefixes: string[]) =>
  z
    .string()
    .regex(
      new RegExp(`^(${prefixes.join('|')})_[A-Za-z0-9_]{1,200}$`),
      `must be an id that begins with ${prefixes[0]}_`,
    );
const charge = idOf('ch', 'py');
const paymentIntent = idOf('pi');
const subscription = idOf('sub');
const invoice = idOf('in');
const customer = idOf('cus');

/** As Stripe writes it. */
const currency = z.string().regex(/^[a-z]{3}$/, 'must be three small letters: usd');
/** In the currency's smallest unit: 1999 are 19.99 dollars, or 1999 yen. Required, so that policies see what is at stake. */
const amount = z.number().int().positive().max(99_999_999_999);

/** https://docs.stripe.com/api/metadata: 50 keys, of which the connector takes one. */
const metadata = z
  .record(
    z
      .string()
      .regex(/^(?!holdpoint_)[^[\]]{1,40}$/, 'must be 1–40 characters without [ and ], and not begin with holdpoint_'),
    z.string().max(500),
  )
  .refine((pairs) => Object.keys(pairs).length <= 49, 'must have at most 49 keys');

type Money = { amount: number; currency: string };
const value = (money: Money): number => majorUnits(money.amount, money.currency);
const wellCounted = (money: Money): boolean => money.amount % amountStep(money.currency) === 0;
const COUNTED = {
  path: ['amount'],
  message: 'must be whole units of this currency, or end in 0: https://docs.stripe.com/currencies',
};

const intentKey = (args: { payment_intent: string }) => `payment_intent:${args.payment_intent}`;
const subscriptionKey = (args: { subscription: string }) => `subscription:${args.subscription}`;

/**
 * Payments, refunds and subscriptions of one Stripe account. Amounts are in the currency's smallest unit, as Stripe has them;
 * the `value` that policies see is in the unit that people count in. The currency is the caller's word until it is held
 * against Stripe's own before anything is sent.
 *
 * What has an effect may be sent again: Stripe answers a POST with a known key as it did at first, for at least 24 hours
 * (https://docs.stripe.com/api/idempotent_requests). After that the key alone would protect nothing, so that every attempt
 * but the first asks beforehand whether it has happened already: see `run.ts`.
 */
export const stripe = defineTools({
  name: 'stripe',
  entities: {
    charges: { schema: stripeCharge, version: 'as_of', indexes: ['customer', 'payment_intent'] },
    subscriptions: { schema: stripeSubscription, version: 'as_of', indexes: ['customer', 'status'] },
  },
  tools: {
    'charges.read': defineTool({
      risk: 'read',
      args: z.strictObject({ charge }),
      entityKey: (args) => `charge:${args.charge}`,
      entity: { name: 'charges', id: 'charge' },
    }),
    'payment_intents.read': defineTool({
      risk: 'read',
      args: z.strictObject({ payment_intent: paymentIntent }),
      entityKey: intentKey,
    }),
    'refunds.read': defineTool({
      risk: 'read',
      args: z.strictObject({ refund: idOf('re', 'pyr') }),
      entityKey: (args) => `refund:${args.refund}`,
    }),
    'subscriptions.read': defineTool({
      risk: 'read',
      args: z.strictObject({ subscription }),
      entityKey: subscriptionKey,
      entity: { name: 'subscriptions', id: 'subscription' },
    }),
    'refunds.create': defineTool({
      risk: 'write',
      args: z
        .strictObject({
          charge: charge.optional(),
          payment_intent: paymentIntent.optional(),
          amount,
          currency,
          reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
          metadata: metadata.optional(),
        })
        .refine((args) => (args.charge === undefined) !== (args.payment_intent === undefined), {
          path: ['charge'],
          message: 'must stand, or payment_intent in its place',
        })
        .refine(wellCounted, COUNTED),
      value,
      entityKey: (args) => (args.charge ? `charge:${args.charge}` : `payment_intent:${args.payment_intent}`),
      entity: { name: 'charges', id: 'charge' },
      idempotent: true,
    }),
    'payment_intents.capture': defineTool({
      risk: 'write',
      args: z.strictObject({ payment_intent: paymentIntent, amount, currency }).refine(wellCounted, COUNTED),
      value,
      entityKey: intentKey,
      idempotent: true,
    }),
    'payment_intents.cancel': defineTool({
      risk: 'destructive',
      args: z.strictObject({
        payment_intent: paymentIntent,
        reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer', 'abandoned']).optional(),
      }),
      entityKey: intentKey,
      idempotent: true,
    }),
    /** At once, or at the end of what is paid for. */
    'subscriptions.cancel': defineTool({
      risk: 'destructive',
      args: z.strictObject({ subscription, at_period_end: z.boolean().default(false) }),
      entityKey: subscriptionKey,
      entity: { name: 'subscriptions', id: 'subscription' },
      idempotent: true,
    }),
    'invoices.void': defineTool({
      risk: 'destructive',
      args: z.strictObject({ invoice }),
      entityKey: (args) => `invoice:${args.invoice}`,
      idempotent: true,
    }),
    /** Sets these keys of a customer's metadata, and nothing else of the customer; an empty text removes a key. */
    'customers.update': defineTool({
      risk: 'write',
      args: z.strictObject({ customer, metadata }),
      entityKey: (args) => `customer:${args.customer}`,
      idempotent: true,
    }),
  },
});
