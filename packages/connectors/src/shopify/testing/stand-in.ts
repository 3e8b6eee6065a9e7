import {
  type HttpStandIn,
  type StandInRequest,
  type StandInResponse,
  startHttpStandIn,
} from '@holdpoint/conformance/http-stand-in';
import type { StandIn } from '@holdpoint/conformance/spec';
import { type DocumentNode, execute, type GraphQLResolveInfo, getDirectiveValues, parse, validate } from 'graphql';
import { adminSchema } from './admin-schema.ts';
import { addTags, cancel, hold, lookAtJob, refund, release, shownRefund, writeNote } from './shop-mutations.ts';
import { createShopWorld, type ShopWorld, total, type WorldOrder } from './shop-world.ts';

export const TOKEN = 'shpat_stand_in_0123456789abcdef';
const PATH = '/admin/api/2026-10/graphql.json';
/** Of every document here; Shopify counts objects and connections. */
const COST = 12;

export interface ShopStandIn extends StandIn {
  readonly world: ShopWorld;
  /** Answers the next request so, as it is. */
  answerNext(response: StandInResponse): void;
  /** The documents' names and variables, as they came. */
  readonly asked: { readonly name: string | undefined; readonly variables: Readonly<Record<string, unknown>> }[];
}

/** A Shopify shop that speaks the GraphQL Admin API as far as the connector does. */
export async function startShop(): Promise<ShopStandIn> {
  const world = createShopWorld();
  const asked: ShopStandIn['asked'][number][] = [];
  let next: StandInResponse | undefined;
  const http: HttpStandIn = await startHttpStandIn({
    handle: (request) => {
      const said = next;
      next = undefined;
      return said ?? answer(world, asked, request);
    },
    isEffect: ({ body }) => /"query":\s*"\s*mutation\b/.test(body),
    rateLimited: (seconds) => ({
      status: 200,
      body: {
        errors: [
          {
            message: 'Throttled',
            extensions: { code: 'THROTTLED', documentation: 'https://shopify.dev/api/usage/rate-limits' },
          },
        ],
        extensions: cost({ available: 0, restoreRate: 100 }, seconds * 100),
      },
    }),
    error: () => ({
      status: 200,
      body: {
        errors: [{ message: 'Internal error.', extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'r-1' } }],
      },
    }),
    refuse: (words) => ({ status: 200, body: { errors: [{ message: words, extensions: { code: 'ACCESS_DENIED' } }] } }),
    exhausted: (response, seconds) => ({
      ...response,
      body: { ...(response.body as object), extensions: cost({ available: 0, restoreRate: COST / seconds }) },
    }),
  });
  return {
    world,
    asked,
    answerNext(response) {
      next = response;
    },
    config: { baseUrl: http.url },
    credentials: { token: TOKEN },
    fault: http.fault,
    heard: http.heard,
    close: http.close,
    applied: (tool, args) => applied(world, tool, args),
  };
}

async function answer(
  world: ShopWorld,
  asked: ShopStandIn['asked'],
  request: StandInRequest,
): Promise<StandInResponse> {
  if (request.method !== 'POST' || request.path !== PATH) return { status: 404, body: { errors: 'Not Found' } };
  if (request.headers['x-shopify-access-token'] !== TOKEN) {
    return {
      status: 401,
      body: { errors: '[API] Invalid API key or access token (unrecognized login or wrong password)' },
    };
  }
  const { query, variables = {} } = JSON.parse(request.body) as { query: string; variables?: Record<string, unknown> };
  const document: DocumentNode = parse(query);
  const faults = validate(adminSchema, document);
  if (faults.length > 0) {
    const errors = faults.map(({ message }) => ({ message, extensions: { code: 'undefinedField' } }));
    return { status: 200, body: { errors } };
  }
  const name = document.definitions.flatMap((one) => ('name' in one ? (one.name?.value ?? []) : []))[0];
  asked.push({ name, variables });
  const result = await execute({ schema: adminSchema, document, variableValues: variables, rootValue: roots(world) });
  if (!('data' in result)) {
    return {
      status: 200,
      body: { errors: result.errors?.map(({ message }) => ({ message, extensions: { code: 'INVALID_VARIABLE' } })) },
    };
  }
  return { status: 200, body: { ...JSON.parse(JSON.stringify(result)), extensions: cost(world.bucket) } };
}

const cost = ({ available, restoreRate }: ShopWorld['bucket'], requested = COST) => ({
  cost: {
    requestedQueryCost: requested,
    actualQueryCost: requested,
    throttleStatus: { maximumAvailable: 2000, currentlyAvailable: available, restoreRate },
  },
});

// biome-ignore lint/suspicious/noExplicitAny: the arguments have passed the schema, which knows their shapes
type Args = any;

const roots = (world: ShopWorld) => ({
  order: ({ id }: Args) => shown(world.orders.get(id)),
  job: ({ id }: Args) => lookAtJob(world, id),
  fulfillmentOrderHold: ({ id, fulfillmentHold }: Args) => hold(world, id, fulfillmentHold),
  fulfillmentOrderReleaseHold: ({ id, holdIds }: Args) => release(world, id, holdIds),
  orderUpdate: ({ input }: Args) => writeNote(world, input),
  tagsAdd: ({ id, tags }: Args) => addTags(world, id, tags),
  refundCreate: ({ input }: Args, _: unknown, info: GraphQLResolveInfo) => refund(world, input, keyOf(info)),
  orderCancel: ({ orderId, reason }: Args) => cancel(world, orderId, reason),
});

function keyOf({ fieldNodes, variableValues }: GraphQLResolveInfo): string | undefined {
  const directive = adminSchema.getDirective('idempotent');
  const [field] = fieldNodes;
  if (!directive || !field) return undefined;
  return getDirectiveValues(directive, field, variableValues)?.key as string | undefined;
}

/** An order as the API shows it. */
function shown(order: WorldOrder | undefined) {
  if (!order) return null;
  const money = (amount: string) => ({ shopMoney: { amount, currencyCode: order.currency } });
  const payments = order.payments.map(({ parent, amount, ...rest }) => ({
    ...rest,
    parentTransaction: parent === null ? null : { id: parent },
    amountSet: money(amount),
  }));
  const nodes = order.parts.map((part) => ({
    id: part.id,
    status: part.fulfilled ? 'CLOSED' : part.holds.length > 0 ? 'ON_HOLD' : 'OPEN',
    supportedActions: part.fulfilled ? [] : [{ action: part.holds.length > 0 ? 'RELEASE_HOLD' : 'HOLD' }],
    fulfillmentHolds: part.holds.map(({ byUs, notes, ...rest }) => ({
      ...rest,
      heldByRequestingApp: byUs,
      reasonNotes: notes,
    })),
  }));
  return {
    ...order,
    name: '#1001',
    tags: [...order.tags],
    test: true,
    createdAt: '2026-11-02T09:14:07Z',
    updatedAt: '2026-11-02T09:20:00Z',
    currencyCode: order.currency,
    presentmentCurrencyCode: order.presentmentCurrency,
    displayFinancialStatus: order.refunds.length > 0 ? 'PARTIALLY_REFUNDED' : 'PAID',
    displayFulfillmentStatus: 'UNFULFILLED',
    currentTotalPriceSet: money('408.00'),
    customer: order.customerId === null ? null : { id: order.customerId },
    fulfillmentOrders: { nodes, pageInfo: { hasNextPage: false } },
    refunds: order.refunds.map(shownRefund),
    transactions: payments,
  };
}

/** How often a tool's arguments have taken effect. */
function applied(world: ShopWorld, tool: string, args: Readonly<Record<string, unknown>>): number {
  const order = world.orders.get(`gid://shopify/Order/${args.order_id}`);
  const has = (own: Set<string> | undefined) => ((args.tags as string[]).every((tag) => own?.has(tag)) ? 1 : 0);
  switch (tool) {
    case 'orders.hold':
      return new Set(
        order?.parts.flatMap(({ holds }) =>
          holds.flatMap(({ notes, handle }) => (notes === args.reason ? (handle ?? []) : [])),
        ),
      ).size;
    case 'orders.release':
      return Math.max(0, ...(order?.parts.map(({ releases }) => releases) ?? []));
    case 'orders.note':
      return order?.note?.split('\n\n').filter((paragraph) => paragraph === args.text).length ?? 0;
    case 'orders.tag':
      return has(order?.tags);
    case 'customers.tag':
      return has(world.customers.get(String(args.customer_id))?.tags);
    case 'orders.refund':
      return order?.refunds.filter(({ amount }) => amount === total([String(args.amount)])).length ?? 0;
    case 'orders.cancel':
      return order?.cancelledAt ? 1 : 0;
    default:
      return 0;
  }
}
