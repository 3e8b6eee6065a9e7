import { defineConformance } from '@holdpoint/conformance/spec';
import { startStripe } from './stand-in.ts';
import { CHARGE, CUSTOMER, INTENT, INVOICE, REFUND, SUBSCRIPTION, YEN_CHARGE } from './stripe-world.ts';

const money = { amount: 2000, currency: 'usd' };

export const conformance = defineConformance({
  start: startStripe,
  tools: {
    'charges.read': {
      args: { charge: CHARGE },
      invalid: [{}, { charge: '../refunds' }, { charge: 'pi_1' }],
      rejected: { charge: 'ch_none' },
    },
    'payment_intents.read': {
      args: { payment_intent: INTENT },
      invalid: [{ payment_intent: CHARGE }],
      rejected: { payment_intent: 'pi_none' },
    },
    'refunds.read': { args: { refund: REFUND }, invalid: [{ refund: 1 }], rejected: { refund: 're_none' } },
    'subscriptions.read': {
      args: { subscription: SUBSCRIPTION },
      invalid: [{ subscription: 'sub_/../x' }],
      rejected: { subscription: 'sub_none' },
    },
    'refunds.create': {
      args: { charge: CHARGE, ...money },
      invalid: [
        { charge: CHARGE },
        money,
        { ...money, charge: CHARGE, payment_intent: INTENT },
        { charge: CHARGE, amount: 19.99, currency: 'usd' },
        { charge: CHARGE, amount: 5125, currency: 'kwd' },
        { charge: CHARGE, ...money, metadata: { holdpoint_action: 'mine' } },
      ],
      rejected: { charge: YEN_CHARGE, ...money },
    },
    'payment_intents.capture': {
      args: { payment_intent: INTENT, ...money },
      invalid: [{ payment_intent: INTENT }],
      rejected: { payment_intent: INTENT, amount: 9000, currency: 'usd' },
    },
    'payment_intents.cancel': {
      args: { payment_intent: INTENT, reason: 'abandoned' },
      invalid: [{ payment_intent: INTENT, reason: 'bored' }],
      rejected: { payment_intent: 'pi_none' },
    },
    'subscriptions.cancel': {
      args: { subscription: SUBSCRIPTION },
      invalid: [{ subscription: SUBSCRIPTION, at_period_end: 'yes' }],
      rejected: { subscription: 'sub_none' },
    },
    'invoices.void': { args: { invoice: INVOICE }, invalid: [{}], rejected: { invoice: 'in_none' } },
    'customers.update': {
      args: { customer: CUSTOMER, metadata: { tier: 'gold' } },
      invalid: [{ customer: CUSTOMER }, { customer: CUSTOMER, metadata: { tier: 1 } }],
      rejected: { customer: 'cus_none', metadata: { tier: 'gold' } },
      setsState: true,
    },
  },
  without: { exhausted: 'Stripe says nothing of what is left of an allowance: https://docs.stripe.com/rate-limits' },
});
