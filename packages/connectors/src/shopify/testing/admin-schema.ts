import { buildSchema } from 'graphql';

/**
 * The part of the GraphQL Admin API 2026-10 that the connector speaks, with names and types as Shopify documents them:
 * https://shopify.dev/docs/api/admin-graphql/2026-10. A query that asks for anything else is refused as Shopify would.
 */
export const adminSchema = buildSchema(`
  directive @idempotent(key: String!) on FIELD

  schema { query: QueryRoot mutation: Mutation }

  scalar DateTime
  scalar Decimal
  scalar Money
  enum CurrencyCode { EUR USD }

  interface Node { id: ID! }

  type QueryRoot {
    order(id: ID!): Order
    job(id: ID!): Job
  }

  type Mutation {
    fulfillmentOrderHold(id: ID!, fulfillmentHold: FulfillmentOrderHoldInput!): FulfillmentOrderHoldPayload
    fulfillmentOrderReleaseHold(id: ID!, holdIds: [ID!], externalId: String): FulfillmentOrderReleaseHoldPayload
    orderUpdate(input: OrderInput!): OrderUpdatePayload
    tagsAdd(id: ID!, tags: [String!]!): TagsAddPayload
    refundCreate(input: RefundInput!): RefundCreatePayload
    orderCancel(
      orderId: ID!, reason: OrderCancelReason!, restock: Boolean!, refundMethod: OrderCancelRefundMethodInput,
      notifyCustomer: Boolean = false, staffNote: String = null
    ): OrderCancelPayload
  }

  type Order implements Node {
    id: ID!
    name: String!
    note: String
    tags: [String!]!
    test: Boolean!
    cancelledAt: DateTime
    cancelReason: OrderCancelReason
    createdAt: DateTime!
    updatedAt: DateTime!
    currencyCode: CurrencyCode!
    presentmentCurrencyCode: CurrencyCode!
    displayFinancialStatus: OrderDisplayFinancialStatus
    displayFulfillmentStatus: OrderDisplayFulfillmentStatus!
    currentTotalPriceSet: MoneyBag!
    customer: Customer
    fulfillmentOrders(first: Int): FulfillmentOrderConnection!
    refunds(first: Int): [Refund!]!
    transactions(first: Int): [OrderTransaction!]!
  }

  enum OrderDisplayFinancialStatus {
    AUTHORIZED EXPIRED PAID PARTIALLY_PAID PARTIALLY_REFUNDED PENDING REFUNDED VOIDED
  }
  enum OrderDisplayFulfillmentStatus {
    FULFILLED IN_PROGRESS ON_HOLD OPEN PARTIALLY_FULFILLED PENDING_FULFILLMENT REQUEST_DECLINED RESTOCKED SCHEDULED
    UNFULFILLED
  }
  enum OrderCancelReason { CUSTOMER DECLINED FRAUD INVENTORY OTHER STAFF }

  type Customer implements Node { id: ID! tags: [String!]! }
  type MoneyBag { shopMoney: MoneyV2! presentmentMoney: MoneyV2! }
  type MoneyV2 { amount: Decimal! currencyCode: CurrencyCode! }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type UserError { field: [String!] message: String! }

  type FulfillmentOrderConnection { nodes: [FulfillmentOrder!]! pageInfo: PageInfo! }
  type FulfillmentOrder implements Node {
    id: ID!
    status: FulfillmentOrderStatus!
    supportedActions: [FulfillmentOrderSupportedAction!]!
    fulfillmentHolds: [FulfillmentHold!]!
  }
  enum FulfillmentOrderStatus { CANCELLED CLOSED INCOMPLETE IN_PROGRESS ON_HOLD OPEN SCHEDULED }
  type FulfillmentOrderSupportedAction { action: FulfillmentOrderAction! }
  enum FulfillmentOrderAction { CREATE_FULFILLMENT HOLD RELEASE_HOLD }
  type FulfillmentHold implements Node {
    id: ID!
    handle: String
    heldByRequestingApp: Boolean!
    reason: FulfillmentHoldReason!
    reasonNotes: String
  }
  enum FulfillmentHoldReason {
    AWAITING_PAYMENT AWAITING_RETURN_ITEMS HIGH_RISK_OF_FRAUD INCORRECT_ADDRESS INVENTORY_OUT_OF_STOCK OTHER
    UNKNOWN_DELIVERY_DATE
  }
  input FulfillmentOrderHoldInput {
    handle: String
    reason: FulfillmentHoldReason!
    reasonNotes: String
    notifyMerchant: Boolean
    externalId: String
  }
  type FulfillmentOrderHoldPayload {
    fulfillmentHold: FulfillmentHold
    fulfillmentOrder: FulfillmentOrder
    userErrors: [FulfillmentOrderHoldUserError!]!
  }
  type FulfillmentOrderHoldUserError { code: FulfillmentOrderHoldUserErrorCode field: [String!] message: String! }
  enum FulfillmentOrderHoldUserErrorCode { DUPLICATE_FULFILLMENT_HOLD_HANDLE FULFILLMENT_ORDER_NOT_FOUND TAKEN }
  type FulfillmentOrderReleaseHoldPayload {
    fulfillmentOrder: FulfillmentOrder
    userErrors: [FulfillmentOrderReleaseHoldUserError!]!
  }
  type FulfillmentOrderReleaseHoldUserError {
    code: FulfillmentOrderReleaseHoldUserErrorCode
    field: [String!]
    message: String!
  }
  enum FulfillmentOrderReleaseHoldUserErrorCode { FULFILLMENT_ORDER_NOT_FOUND INVALID_ACCESS }

  input OrderInput { id: ID! note: String tags: [String!] }
  type OrderUpdatePayload { order: Order userErrors: [UserError!]! }
  type TagsAddPayload { node: Node userErrors: [UserError!]! }

  type Refund implements Node { id: ID! note: String totalRefundedSet: MoneyBag! }
  type OrderTransaction implements Node {
    id: ID!
    kind: OrderTransactionKind!
    status: OrderTransactionStatus!
    gateway: String
    parentTransaction: OrderTransaction
    amountSet: MoneyBag!
  }
  enum OrderTransactionKind { AUTHORIZATION CAPTURE CHANGE EMV_AUTHORIZATION REFUND SALE SUGGESTED_REFUND VOID }
  enum OrderTransactionStatus { AWAITING_RESPONSE ERROR FAILURE PENDING SUCCESS UNKNOWN }
  input RefundInput {
    orderId: ID!
    currency: CurrencyCode
    note: String
    notify: Boolean
    transactions: [OrderTransactionInput!]
  }
  input OrderTransactionInput {
    orderId: ID!
    parentId: ID
    amount: Money!
    gateway: String!
    kind: OrderTransactionKind!
  }
  type RefundCreatePayload { order: Order refund: Refund userErrors: [UserError!]! }

  input OrderCancelRefundMethodInput { originalPaymentMethodsRefund: Boolean }
  type OrderCancelPayload { job: Job orderCancelUserErrors: [OrderCancelUserError!]! }
  type OrderCancelUserError { code: OrderCancelUserErrorCode field: [String!] message: String! }
  enum OrderCancelUserErrorCode { INTERNAL_ERROR INVALID NOT_FOUND }
  type Job { id: ID! done: Boolean! }
`);
