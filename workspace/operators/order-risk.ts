import { idempotencyKey } from '@holdpoint/sdk/idempotency';
import { defineOperator, type OperatorEvent, type Proposal } from '@holdpoint/sdk/operator';
import { orderIdOf, type ShopifyOrder } from '../lib/shopify-order.ts';
import { CHARGE_TYPES, type Charge, type Dispute, type StripeEvent } from '../lib/stripe-events.ts';

type Actions = Proposal['actions'];

/** Orders above this are looked at before they go out. */
const WATCHED_ABOVE = 250;

/** Reads what the shop and the bank say of orders, and proposes what a careful clerk would do. */
export default defineOperator({
  name: 'order-risk',
  events: [
    { source: 'shopify', type: 'orders/create' },
    ...CHARGE_TYPES.map((type) => ({ source: 'stripe', type })),
    { source: 'events', type: 'order.paid' },
    { source: 'records', type: 'record.created' },
  ],
  plan: (event) => {
    const actions = actionsFor(event);
    return actions.length > 0 ? { agent: { id: 'order-risk-example' }, actions } : null;
  },
});

function actionsFor(event: OperatorEvent): Actions {
  switch (event.source) {
    case 'shopify':
      return onOrder(event, event.data as ShopifyOrder);
    case 'stripe':
      return onStripe(event, event.data as StripeEvent);
    case 'events':
      return onPaid(event, event.data as { data?: { order_id?: string } });
    case 'records':
      return onRecord(event, event.data as { recordId?: string });
    default:
      return [];
  }
}

function onOrder(event: OperatorEvent, order: ShopifyOrder | null): Actions {
  const id = order && orderIdOf(order);
  const total = Number(order?.total_price);
  if (!id || !(total > WATCHED_ABOVE)) return [];
  const reason = `the order's total is ${order.total_price} ${order.currency ?? ''}`.trim();
  return [hold(event, id, reason, total), note(event, id, `Held until it is looked at: ${reason}.`)];
}

function onStripe(event: OperatorEvent, payload: StripeEvent | null): Actions {
  switch (payload?.type) {
    case 'charge.dispute.created':
      return onDispute(event, payload.data.object);
    case 'charge.succeeded':
      return onCharge(event, payload.data.object);
    case 'charge.refunded':
      return [note(event, orderOf(payload.data.object), `Refunded at the bank: ${payload.data.object.id}.`)];
    default:
      return [];
  }
}

/** A disputed order is held; that it be cancelled is proposed too, and is not for an operator to have. */
function onDispute(event: OperatorEvent, dispute: Dispute): Actions {
  const id = dispute.metadata?.order_id ?? dispute.charge;
  const reason = `the charge is disputed: ${dispute.reason}`;
  return [
    hold(event, id, reason, dispute.amount / 100),
    propose(event, 'orders.cancel', id, { reason }, dispute.amount / 100),
  ];
}

/** What the bank itself calls risky is offered back before it becomes a dispute. */
function onCharge(event: OperatorEvent, charge: Charge): Actions {
  const risk = charge.outcome?.risk_level;
  if (risk !== 'elevated' && risk !== 'highest') return [];
  const amount = charge.amount / 100;
  const id = orderOf(charge);
  return [
    propose(event, 'orders.refund', id, { amount, currency: charge.currency.toUpperCase() }, amount),
    note(event, id, `The bank calls the charge ${charge.id} a risk (${risk}); a refund was proposed.`),
  ];
}

function onPaid(event: OperatorEvent, payload: { data?: { order_id?: string } } | null): Actions {
  const id = payload?.data?.order_id;
  return id ? [propose(event, 'orders.ship', id, {})] : [];
}

function onRecord(event: OperatorEvent, payload: { recordId?: string } | null): Actions {
  const id = payload?.recordId;
  return id ? [note(event, id, 'A record of this order was created.')] : [];
}

const hold = (event: OperatorEvent, id: string, reason: string, value: number) =>
  propose(event, 'orders.hold', id, { reason }, value);

const note = (event: OperatorEvent, id: string, text: string) => propose(event, 'orders.note', id, { text });

/** One line of a plan. Its key is the event's, the tool's and the order's, so that no replay does it twice. */
function propose(event: OperatorEvent, tool: string, id: string, args: object, value?: number): Actions[number] {
  return {
    connector: 'shop',
    tool,
    args: { order_id: id, ...args },
    ...(value !== undefined && { value }),
    entity_key: `order:${id}`,
    idempotency_key: idempotencyKey(event, tool, id),
  };
}

const orderOf = (charge: Charge): string => charge.metadata?.order_id ?? charge.id;
