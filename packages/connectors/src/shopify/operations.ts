import { z } from 'zod';

/** One document of the GraphQL Admin API, and what is read of its answer. */
export interface Operation<Data> {
  readonly document: string;
  /** Whether it could change anything. */
  readonly effect: boolean;
  readonly data: z.ZodType<Data>;
}

const query = <Data>(data: z.ZodType<Data>, document: string): Operation<Data> => ({ document, effect: false, data });
const mutation = <Data>(data: z.ZodType<Data>, document: string): Operation<Data> => ({ document, effect: true, data });

/** Refusals of a mutation that was taken and understood. */
const userErrors = z.array(z.object({ field: z.array(z.string()).nullish(), message: z.string() }));
export type UserErrors = z.infer<typeof userErrors>;

const answered = <Shape extends z.ZodRawShape>(shape: Shape) => z.object({ ...shape, userErrors });
const node = z.object({ id: z.string() });

export const READ_ORDER = query(
  z.object({
    order: z
      .object({
        id: z.string(),
        name: z.string(),
        note: z.string().nullable(),
        tags: z.array(z.string()),
        test: z.boolean(),
        cancelledAt: z.string().nullable(),
        cancelReason: z.string().nullable(),
        createdAt: z.string(),
        updatedAt: z.string(),
        displayFinancialStatus: z.string().nullable(),
        displayFulfillmentStatus: z.string(),
        currentTotalPriceSet: z.object({ shopMoney: z.object({ amount: z.string(), currencyCode: z.string() }) }),
        customer: node.nullable(),
      })
      .nullable(),
  }),
  `query ReadOrder($id: ID!) {
    order(id: $id) {
      id name note tags test cancelledAt cancelReason createdAt updatedAt displayFinancialStatus displayFulfillmentStatus
      currentTotalPriceSet { shopMoney { amount currencyCode } }
      customer { id }
    }
  }`,
);

/** Shopify splits an order by where its goods come from; more places than this no order has yet. */
export const READ_HOLDS = query(
  z.object({
    order: z
      .object({
        fulfillmentOrders: z.object({
          nodes: z.array(
            z.object({
              id: z.string(),
              status: z.string(),
              supportedActions: z.array(z.object({ action: z.string() })),
              fulfillmentHolds: z.array(
                z.object({ id: z.string(), handle: z.string().nullable(), heldByRequestingApp: z.boolean() }),
              ),
            }),
          ),
          pageInfo: z.object({ hasNextPage: z.boolean() }),
        }),
      })
      .nullable(),
  }),
  `query ReadHolds($id: ID!) {
    order(id: $id) {
      fulfillmentOrders(first: 50) {
        nodes { id status supportedActions { action } fulfillmentHolds { id handle heldByRequestingApp } }
        pageInfo { hasNextPage }
      }
    }
  }`,
);

export const HOLD = mutation(
  z.object({ fulfillmentOrderHold: answered({ fulfillmentHold: node.nullable() }) }),
  `mutation Hold($id: ID!, $hold: FulfillmentOrderHoldInput!) {
    fulfillmentOrderHold(id: $id, fulfillmentHold: $hold) {
      fulfillmentHold { id }
      userErrors { field message }
    }
  }`,
);

export const RELEASE = mutation(
  z.object({ fulfillmentOrderReleaseHold: answered({ fulfillmentOrder: node.nullable() }) }),
  `mutation Release($id: ID!, $holdIds: [ID!]) {
    fulfillmentOrderReleaseHold(id: $id, holdIds: $holdIds) {
      fulfillmentOrder { id }
      userErrors { field message }
    }
  }`,
);

export const WRITE_NOTE = mutation(
  z.object({ orderUpdate: answered({ order: node.nullable() }) }),
  `mutation WriteNote($input: OrderInput!) {
    orderUpdate(input: $input) {
      order { id }
      userErrors { field message }
    }
  }`,
);

export const ADD_TAGS = mutation(
  z.object({ tagsAdd: answered({ node: node.nullable() }) }),
  `mutation AddTags($id: ID!, $tags: [String!]!) {
    tagsAdd(id: $id, tags: $tags) {
      node { id }
      userErrors { field message }
    }
  }`,
);

const money = z.object({ shopMoney: z.object({ amount: z.string() }) });

/** More refunds or payments than fit are told by as many as were asked for: then none is made. */
export const PAYMENTS_MAX = 100;
export const READ_PAYMENTS = query(
  z.object({
    order: z
      .object({
        currencyCode: z.string(),
        presentmentCurrencyCode: z.string(),
        refunds: z.array(z.object({ id: z.string(), note: z.string().nullable(), totalRefundedSet: money })),
        transactions: z.array(
          z.object({
            id: z.string(),
            kind: z.string(),
            status: z.string(),
            gateway: z.string().nullable(),
            parentTransaction: node.nullable(),
            amountSet: money,
          }),
        ),
      })
      .nullable(),
  }),
  `query ReadPayments($id: ID!) {
    order(id: $id) {
      currencyCode presentmentCurrencyCode
      refunds(first: ${PAYMENTS_MAX}) { id note totalRefundedSet { shopMoney { amount } } }
      transactions(first: ${PAYMENTS_MAX}) { id kind status gateway parentTransaction { id } amountSet { shopMoney { amount } } }
    }
  }`,
);

/** https://shopify.dev/docs/api/usage/idempotent-requests: the directive is demanded of `refundCreate` since 2026-04. */
export const REFUND = mutation(
  z.object({
    refundCreate: answered({ refund: z.object({ id: z.string(), totalRefundedSet: money }).nullable() }),
  }),
  `mutation Refund($input: RefundInput!, $key: String!) {
    refundCreate(input: $input) @idempotent(key: $key) {
      refund { id totalRefundedSet { shopMoney { amount } } }
      userErrors { field message }
    }
  }`,
);

/** Its `userErrors` are deprecated for `orderCancelUserErrors`: read under the name that all others have. */
export const CANCEL = mutation(
  z.object({ orderCancel: answered({ job: node.extend({ done: z.boolean() }).nullable() }) }),
  `mutation Cancel(
    $orderId: ID!, $reason: OrderCancelReason!, $restock: Boolean!, $refundMethod: OrderCancelRefundMethodInput!,
    $notifyCustomer: Boolean!, $staffNote: String
  ) {
    orderCancel(
      orderId: $orderId, reason: $reason, restock: $restock, refundMethod: $refundMethod,
      notifyCustomer: $notifyCustomer, staffNote: $staffNote
    ) {
      job { id done }
      userErrors: orderCancelUserErrors { field message }
    }
  }`,
);

const cancelled = z.object({ cancelledAt: z.string().nullable(), cancelReason: z.string().nullable() });

export const READ_CANCELLATION = query(
  z.object({ order: cancelled.nullable() }),
  'query ReadCancellation($id: ID!) { order(id: $id) { cancelledAt cancelReason } }',
);

export const READ_CANCEL_JOB = query(
  z.object({ job: z.object({ done: z.boolean() }).nullable(), order: cancelled.nullable() }),
  `query ReadCancelJob($job: ID!, $id: ID!) {
    job(id: $job) { done }
    order(id: $id) { cancelledAt cancelReason }
  }`,
);
