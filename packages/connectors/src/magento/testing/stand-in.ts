import { type StandInRequest, type StandInResponse, startHttpStandIn } from '@holdpoint/conformance/http-stand-in';
import type { StandIn } from '@holdpoint/conformance/spec';
import { z } from 'zod';
import { exactly } from '../../remote/money.ts';
import { asNumber, type CommerceWorld, createCommerceWorld, refundedOf, type WorldOrder } from './commerce-world.ts';
import { refund, refusal } from './refunds.ts';

export const TOKEN = 'integration-token-0123456789';

export interface CommerceStandIn extends StandIn {
  readonly world: CommerceWorld;
  /** Answers the next request so, as it is. */
  answerNext(response: StandInResponse): void;
  /** Requests, as `POST /rest/default/V1/orders/1/hold` and their bodies. */
  readonly asked: { readonly request: string; readonly body: string }[];
}

/**
 * A Magento shop that speaks its REST API as far as the connector does: shapes by Adobe's OpenAPI description of 2.4.9, sums
 * and refusals by the open-source edition's module-sales.
 */
export async function startCommerce(): Promise<CommerceStandIn> {
  const world = createCommerceWorld();
  const asked: CommerceStandIn['asked'][number][] = [];
  let next: StandInResponse | undefined;
  const http = await startHttpStandIn({
    handle(request) {
      asked.push({ request: `${request.method} ${request.path}`, body: request.body });
      const said = next;
      next = undefined;
      return said ?? answer(world, request);
    },
    rateLimited: (seconds) => ({ status: 429, headers: { 'retry-after': String(seconds) }, body: 'Too Many Requests' }),
    error: () => refusal('Internal Error. Details are available in Magento log file. Report ID: %1', ['webapi-1'], 500),
    refuse: (words) => refusal('The request is not allowed: %1', [words], 403),
  });
  return {
    world,
    asked,
    answerNext(response) {
      next = response;
    },
    config: { baseUrl: `${http.url}rest/default` },
    credentials: { token: TOKEN },
    fault: http.fault,
    heard: http.heard,
    close: http.close,
    applied: (tool, args) => applied(world, tool, args),
  };
}

const NO_ENTITY = refusal(
  "The entity that was requested doesn't exist. Verify the entity and try again.",
  undefined,
  404,
);
const NO_ROUTE = refusal('Request does not match any route.', undefined, 404);

function answer(world: CommerceWorld, request: StandInRequest): StandInResponse {
  if (request.headers.authorization !== `Bearer ${TOKEN}`) {
    return refusal("The consumer isn't authorized to access %resources.", { resources: 'Magento_Sales::sales' }, 401);
  }
  const path = /^\/rest\/default\/V1\/(.+)$/.exec(request.path)?.[1] ?? '';
  const [kind = '', id = '', verb = ''] = path.split('/');
  const { method, body } = request;
  switch (`${method} ${kind}`) {
    case 'GET invoices':
    case 'GET creditmemos':
      return found(world, kind, request.query.get('searchCriteria[filterGroups][0][filters][0][value]') ?? '');
    case 'GET creditmemo':
      return memoComments(world, Number(id));
    case 'POST invoice':
      return onInvoice(world, Number(id), body);
    case 'POST order':
    case 'GET orders':
    case 'POST orders': {
      const order = world.orders.get(Number(id));
      if (!order) return NO_ENTITY;
      if (kind === 'order') return verb === 'refund' ? refund(world, order, body) : NO_ROUTE;
      return method === 'GET' ? shown(order, verb) : changed(order, verb, body);
    }
    default:
      return NO_ROUTE;
  }
}

const comment = z.strictObject({
  statusHistory: z.strictObject({
    parent_id: z.int(),
    comment: z.string(),
    is_customer_notified: z.int(),
    is_visible_on_front: z.int(),
  }),
});

function changed(order: WorldOrder, verb: string, body: string): StandInResponse {
  const done = () => {
    order.done[verb] = (order.done[verb] ?? 0) + 1;
    return { status: 200, body: true };
  };
  switch (verb) {
    case 'hold':
      if (['canceled', 'payment_review', 'complete', 'closed', 'holded'].includes(order.state)) {
        return refusal('A hold action is not available.');
      }
      order.state = 'holded';
      return done();
    case 'unhold':
      if (order.state !== 'holded') return refusal('You cannot remove the hold.');
      order.state = 'processing';
      return done();
    case 'cancel':
      // What it does not allow it answers with `false`, without a word.
      if (['canceled', 'complete', 'closed', 'holded'].includes(order.state)) return { status: 200, body: false };
      order.state = 'canceled';
      order.canceled = order.totalPaid;
      return done();
    case 'comments': {
      const read = comment.safeParse(JSON.parse(body));
      if (!read.success)
        return refusal('"%fieldName" is required. Enter and try again.', { fieldName: 'statusHistory' });
      order.comments.push(read.data.statusHistory);
      return { status: 200, body: true };
    }
    default:
      return NO_ROUTE;
  }
}

function shown(order: WorldOrder, verb: string): StandInResponse {
  if (verb === 'comments') return list(order.comments);
  const amount = (text: string) => asNumber(text);
  const body = {
    entity_id: order.entity_id,
    increment_id: String(order.entity_id).padStart(9, '0'),
    status: order.state,
    state: order.state,
    grand_total: asNumber(order.totalPaid),
    base_grand_total: asNumber(order.totalPaid),
    base_currency_code: 'USD',
    order_currency_code: 'USD',
    customer_email: 'jo@example.com',
    updated_at: '2026-11-02 09:14:07',
    base_total_paid: asNumber(order.totalPaid),
    base_total_refunded: asNumber(refundedOf(order)),
    ...(order.canceled !== '0' && { total_canceled: amount(order.canceled) }),
    shipping_amount: amount(order.shipping),
    shipping_refunded: amount(order.shippingRefunded),
    items: order.rows.map(({ row, tax, discount, qty, qtyRefunded, ...rest }) => ({
      ...rest,
      sku: `sku-${rest.item_id}`,
      qty_invoiced: qty,
      qty_refunded: qtyRefunded,
      base_row_invoiced: amount(row),
      base_tax_invoiced: amount(tax),
      base_discount_invoiced: amount(discount),
    })),
  };
  return verb === '' ? { status: 200, body } : NO_ROUTE;
}

function found(world: CommerceWorld, kind: string, orderId: string): StandInResponse {
  const order = world.orders.get(Number(orderId));
  const order_id = Number(orderId);
  if (kind === 'creditmemos') {
    const memos = order?.memos ?? [];
    return list(
      memos.map(({ entity_id, total }) => ({ entity_id, order_id, base_grand_total: asNumber(total), items: [] })),
    );
  }
  const invoices = order?.invoices ?? [];
  return list(
    invoices.map(({ entity_id, state, total }) => ({
      entity_id,
      state,
      order_id,
      total_qty: 1,
      base_grand_total: asNumber(total),
      items: [],
    })),
  );
}

const list = (items: readonly object[]): StandInResponse => ({
  status: 200,
  body: { items, search_criteria: { filter_groups: [] }, total_count: items.length },
});

function memoComments(world: CommerceWorld, id: number): StandInResponse {
  const memo = [...world.orders.values()].flatMap(({ memos }) => memos).find(({ entity_id }) => entity_id === id);
  return memo
    ? list([{ comment: memo.comment, parent_id: id, is_visible_on_front: 0, is_customer_notified: 0 }])
    : NO_ENTITY;
}

function onInvoice(world: CommerceWorld, id: number, body: string): StandInResponse {
  const order = [...world.orders.values()].find(({ invoices }) => invoices.some(({ entity_id }) => entity_id === id));
  return order ? refund(world, order, body) : NO_ENTITY;
}

/** How often a tool's arguments have taken effect. */
function applied(world: CommerceWorld, tool: string, args: Readonly<Record<string, unknown>>): number {
  const order = world.orders.get(Number(args.order_id));
  switch (tool) {
    case 'orders.hold':
    case 'orders.unhold':
    case 'orders.cancel':
      return order?.done[tool.slice('orders.'.length)] ?? 0;
    case 'orders.note':
      return order?.comments.filter((one) => one.comment.startsWith(String(args.text))).length ?? 0;
    case 'orders.refund':
      return order?.memos.filter(({ total }) => total === exactly(Number(args.amount))).length ?? 0;
    default:
      return 0;
  }
}
