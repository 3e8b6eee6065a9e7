import type { StandInRequest, StandInResponse } from '@holdpoint/conformance/http-stand-in';
import type Stripe from 'stripe';
import { StripeRefusal } from './stripe-refusal.ts';

/** The world's ids, of which no real account has any. */
export const CHARGE = 'ch_usd1';
export const YEN_CHARGE = 'ch_jpy1';
export const INTENT = 'pi_usd1';
export const PAID_INTENT = 'pi_paid1';
export const SUBSCRIPTION = 'sub_1';
export const INVOICE = 'in_1';
export const CUSTOMER = 'cus_1';
export const REFUND = 're_1';

/** 4 May 2026. */
const CREATED = 1_777_888_800;

interface Thing {
  readonly id: string;
  readonly object: string;
  [field: string]: unknown;
}

/** Form fields: `metadata[key]` stands as it is. */
type Fields = ReadonlyMap<string, string>;

/**
 * The part of a Stripe account that the connector touches, with the rules that it relies on: what is refunded once cannot be
 * refunded again, what is canceled cannot be canceled again.
 */
export function stripeWorld() {
  const things = new Map<string, Thing>(freshThings().map((thing) => [thing.id, thing]));
  const effects: string[] = [];
  let made = 0;

  function find(id: string, object: string): Thing {
    const thing = things.get(id);
    if (thing?.object !== object) throw new StripeRefusal(404, 'resource_missing', `No such ${object}: '${id}'`);
    return thing;
  }

  const endpoints: Record<Endpoint, (id: string, fields: Fields) => Thing> = {
    'GET /v1/charges/:id': (id) => find(id, 'charge'),
    'GET /v1/payment_intents/:id': (id) => find(id, 'payment_intent'),
    'GET /v1/refunds/:id': (id) => find(id, 'refund'),
    'GET /v1/subscriptions/:id': (id) => find(id, 'subscription'),
    'GET /v1/invoices/:id': (id) => find(id, 'invoice'),
    'GET /v1/refunds': (_, fields) => listRefunds(fields),
    'POST /v1/refunds': (_, fields) => refund(fields),
    'POST /v1/payment_intents/:id/capture': (id, fields) => {
      const intent = find(id, 'payment_intent');
      if (intent.status !== 'requires_capture') throw unexpected(intent);
      const amount = Number(fields.get('amount_to_capture') ?? intent.amount_capturable);
      if (amount > Number(intent.amount_capturable)) throw new StripeRefusal(400, 'amount_too_large', 'too much');
      effects.push(`capture ${id} ${amount}`);
      return Object.assign(intent, { status: 'succeeded', amount_received: amount, amount_capturable: 0 });
    },
    'POST /v1/payment_intents/:id/cancel': (id) => {
      const intent = find(id, 'payment_intent');
      if (intent.status === 'canceled' || intent.status === 'succeeded') throw unexpected(intent);
      effects.push(`cancel ${id}`);
      return Object.assign(intent, { status: 'canceled', amount_capturable: 0 });
    },
    'POST /v1/subscriptions/:id': (id, fields) => {
      const subscription = find(id, 'subscription');
      const later = fields.get('cancel_at_period_end') === 'true';
      if (subscription.cancel_at_period_end !== later) effects.push(`end ${id} later`);
      return Object.assign(subscription, { cancel_at_period_end: later });
    },
    'DELETE /v1/subscriptions/:id': (id) => {
      const subscription = find(id, 'subscription');
      if (subscription.status === 'canceled') {
        throw new StripeRefusal(404, 'resource_missing', `No such subscription: '${id}'`);
      }
      effects.push(`end ${id} now`);
      return Object.assign(subscription, { status: 'canceled', canceled_at: CREATED });
    },
    'POST /v1/invoices/:id/void': (id) => {
      const invoice = find(id, 'invoice');
      if (invoice.status !== 'open') throw new StripeRefusal(400, 'invoice_not_editable', 'This invoice is not open');
      effects.push(`void ${id}`);
      return Object.assign(invoice, { status: 'void' });
    },
    'POST /v1/customers/:id': (id, fields) => {
      const customer = find(id, 'customer');
      const metadata = { ...(customer.metadata as object), ...metadataIn(fields) };
      if (JSON.stringify(metadata) !== JSON.stringify(customer.metadata)) effects.push(`metadata ${id}`);
      return Object.assign(customer, { metadata });
    },
  };

  function refund(fields: Fields): Thing {
    const [charge, intent] = [fields.get('charge'), fields.get('payment_intent')];
    const of = charge ? find(charge, 'charge') : find(intent ?? '', 'payment_intent');
    if (of.status !== 'succeeded') throw new StripeRefusal(400, 'charge_not_refundable', `${of.id} was not paid`);
    const left = Number(of.amount) - Number(of.amount_refunded);
    const amount = Number(fields.get('amount') ?? left);
    if (left === 0)
      throw new StripeRefusal(400, 'charge_already_refunded', `Charge ${of.id} has already been refunded.`);
    if (amount > left)
      throw new StripeRefusal(400, 'amount_too_large', `Refund amount is greater than the ${left} left`);
    made += 1;
    of.amount_refunded = Number(of.amount_refunded) + amount;
    effects.push(`refund ${of.id} ${amount}`);
    const refunded = {
      ...refundThing(`re_made${made}`, amount, String(of.currency)),
      charge: charge ?? null,
      payment_intent: intent ?? null,
      reason: fields.get('reason') ?? null,
      metadata: metadataIn(fields),
    };
    things.set(refunded.id, refunded);
    return refunded;
  }

  /** Newest first, as Stripe lists. */
  function listRefunds(fields: Fields): Thing {
    const [charge, intent] = [fields.get('charge'), fields.get('payment_intent')];
    const all = [...things.values()].reverse().filter((thing) => thing.object === 'refund');
    const of = all.filter((one) => (charge ? one.charge === charge : one.payment_intent === intent));
    const from = of.findIndex(({ id }) => id === fields.get('starting_after')) + 1;
    const page = of.slice(from, from + Number(fields.get('limit') ?? 10));
    return { id: '', object: 'list', url: '/v1/refunds', data: page, has_more: from + page.length < of.length };
  }

  return {
    things,
    effects,
    /** @throws StripeRefusal */
    answer(request: StandInRequest): StandInResponse {
      const { endpoint, id } = endpointOf(request);
      const fields = new Map(request.method === 'POST' ? new URLSearchParams(request.body) : request.query);
      const unknown = [...fields.keys()].find((name) => !PARAMS[endpoint].includes(name.replace(/\[.*/, '')));
      if (unknown) throw new StripeRefusal(400, 'parameter_unknown', `Received unknown parameter: ${unknown}`);
      return { status: 200, body: structuredClone(endpoints[endpoint](id, fields)) };
    },
  };
}

type Names<Params> = readonly Extract<keyof Params, string>[];

/** What each endpoint takes, of what the SDK's types (of Stripe's OpenAPI) say that it does; anything else is refused. */
const PARAMS: Readonly<Record<Endpoint, readonly string[]>> = {
  'GET /v1/charges/:id': [],
  'GET /v1/payment_intents/:id': [],
  'GET /v1/refunds/:id': [],
  'GET /v1/subscriptions/:id': [],
  'GET /v1/invoices/:id': [],
  'GET /v1/refunds': ['charge', 'payment_intent', 'limit', 'starting_after'] satisfies Names<Stripe.RefundListParams>,
  'POST /v1/refunds': [
    'charge',
    'payment_intent',
    'amount',
    'reason',
    'metadata',
  ] satisfies Names<Stripe.RefundCreateParams>,
  'POST /v1/payment_intents/:id/capture': ['amount_to_capture'] satisfies Names<Stripe.PaymentIntentCaptureParams>,
  'POST /v1/payment_intents/:id/cancel': ['cancellation_reason'] satisfies Names<Stripe.PaymentIntentCancelParams>,
  'POST /v1/subscriptions/:id': ['cancel_at_period_end'] satisfies Names<Stripe.SubscriptionUpdateParams>,
  'DELETE /v1/subscriptions/:id': [] satisfies Names<Stripe.SubscriptionCancelParams>,
  'POST /v1/invoices/:id/void': [] satisfies Names<Stripe.InvoiceVoidInvoiceParams>,
  'POST /v1/customers/:id': ['metadata'] satisfies Names<Stripe.CustomerUpdateParams>,
};

type Endpoint =
  | `GET /v1/${'charges' | 'payment_intents' | 'refunds' | 'subscriptions' | 'invoices'}/:id`
  | 'GET /v1/refunds'
  | 'POST /v1/refunds'
  | `POST /v1/payment_intents/:id/${'capture' | 'cancel'}`
  | 'POST /v1/subscriptions/:id'
  | 'DELETE /v1/subscriptions/:id'
  | 'POST /v1/invoices/:id/void'
  | 'POST /v1/customers/:id';

function endpointOf({ method, path }: StandInRequest): { readonly endpoint: Endpoint; readonly id: string } {
  const [, head, id = '', tail = ''] = /^(\/v1\/[a-z_]+)(?:\/([^/]+))?(\/[a-z]+)?$/.exec(path) ?? [];
  const endpoint = `${method} ${head}${id && '/:id'}${tail}`;
  if (isEndpoint(endpoint)) return { endpoint, id: decodeURIComponent(id) };
  throw new StripeRefusal(404, 'url_invalid', `Unrecognized request URL (${method}: ${path})`);
}

const isEndpoint = (text: string): text is Endpoint => Object.hasOwn(PARAMS, text);

const unexpected = ({ id, status }: Thing): StripeRefusal =>
  new StripeRefusal(400, 'payment_intent_unexpected_state', `${id} has a status of ${String(status)}`);

function metadataIn(fields: Fields): Record<string, string> {
  return Object.fromEntries(
    [...fields].flatMap(([name, text]) => {
      const key = /^metadata\[(.*)\]$/.exec(name)?.[1];
      return key === undefined ? [] : [[key, text]];
    }),
  );
}

function refundThing(id: string, amount: number, currency: string): Thing {
  const object = 'refund';
  return { id, object, amount, currency, status: 'succeeded', reason: null, metadata: {}, created: CREATED };
}

function freshThings(): Thing[] {
  const charge = {
    object: 'charge',
    status: 'succeeded',
    captured: true,
    refunded: false,
    disputed: false,
    customer: CUSTOMER,
    payment_intent: null,
    outcome: { risk_level: 'normal' },
    metadata: { order_id: '1042' },
    created: CREATED,
    livemode: false,
  };
  const usd = { amount: 5000, amount_captured: 5000, amount_refunded: 0, currency: 'usd' };
  const intent = { object: 'payment_intent', metadata: {} };
  return [
    { ...charge, ...usd, id: CHARGE },
    { ...charge, ...usd, id: YEN_CHARGE, currency: 'jpy' },
    { ...intent, ...usd, id: INTENT, amount_received: 0, amount_capturable: 5000, status: 'requires_capture' },
    { ...intent, ...usd, id: PAID_INTENT, amount_received: 5000, amount_capturable: 0, status: 'succeeded' },
    {
      id: SUBSCRIPTION,
      object: 'subscription',
      status: 'active',
      customer: CUSTOMER,
      currency: 'usd',
      cancel_at_period_end: false,
      cancel_at: null,
      canceled_at: null,
      metadata: {},
      created: CREATED,
      livemode: false,
    },
    { id: INVOICE, object: 'invoice', status: 'open', total: 5000, currency: 'usd' },
    { id: CUSTOMER, object: 'customer', metadata: {} },
    { ...refundThing(REFUND, 100, 'usd'), charge: 'ch_other', payment_intent: null },
  ];
}
