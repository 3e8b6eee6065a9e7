import { defineTool, defineTools } from '@holdpoint/sdk/define';
import { z } from 'zod';
import { moneyArgs } from '../remote/money-args.ts';

/** The number at the end of an order's global id. As text, for it may lie beyond 2^53. */
const orderId = z.string().regex(/^[1-9]\d{0,19}$/, 'the number of an order, as text');
const order = { order_id: orderId };
const entityKey = (args: { order_id: string }) => `order:${args.order_id}`;
const entity = { name: 'orders', id: 'order_id' };

/** Shopify refuses longer ones, and takes a comma for the end of one. */
const tags = z
  .array(
    z
      .string()
      .min(1)
      .max(40)
      .regex(/^[^,]*$/, 'no comma')
      .refine((tag) => tag.trim() === tag, 'no space around it'),
  )
  .min(1)
  .max(50);

/** https://shopify.dev/docs/api/admin-graphql/latest/enums/FulfillmentHoldReason */
const HOLD_CAUSES = [
  'AWAITING_PAYMENT',
  'AWAITING_RETURN_ITEMS',
  'HIGH_RISK_OF_FRAUD',
  'INCORRECT_ADDRESS',
  'INVENTORY_OUT_OF_STOCK',
  'UNKNOWN_DELIVERY_DATE',
  'OTHER',
] as const;

/** https://shopify.dev/docs/api/admin-graphql/latest/enums/OrderCancelReason */
const CANCEL_CAUSES = ['CUSTOMER', 'DECLINED', 'FRAUD', 'INVENTORY', 'STAFF', 'OTHER'] as const;

/** What is kept of an order, from its webhooks and from what `orders.read` answers. */
export const shopifyOrder = z.object({
  id: orderId,
  /** As people call it: `#1001`. */
  name: z.string(),
  customerId: z.string().nullable(),
  /** `paid`, `partially_refunded`, …; null: Shopify does not say. */
  financialStatus: z.string().nullable(),
  /** `unfulfilled`, `partially_fulfilled`, `fulfilled`, …; null: Shopify does not say. */
  fulfillmentStatus: z.string().nullable(),
  /** In the shop's currency, as the order now stands. */
  totalPrice: z.number(),
  currency: z.string(),
  tags: z.array(z.string()),
  test: z.boolean(),
  /** RFC 3339, UTC. */
  cancelledAt: z.string().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type ShopifyOrder = z.infer<typeof shopifyOrder>;

/** Orders and customers of one Shopify shop, by the GraphQL Admin API. */
export const shopify = defineTools({
  name: 'shopify',
  entities: {
    orders: {
      schema: shopifyOrder,
      version: 'updatedAt',
      indexes: ['customerId', 'financialStatus', 'createdAt'],
    },
  },
  tools: {
    'orders.read': defineTool({ risk: 'read', args: z.strictObject(order), entityKey, entity }),
    /** Stops the fulfillment of all that is not on its way yet. Each hold carries a handle of its action's, so it is placed once. */
    'orders.hold': defineTool({
      risk: 'write',
      args: z.strictObject({
        ...order,
        reason: z.string().min(1).max(500),
        cause: z.enum(HOLD_CAUSES).default('OTHER'),
      }),
      entityKey,
      entity,
      idempotent: true,
    }),
    /** Takes away the holds that this app has placed; those of others stand. */
    'orders.release': defineTool({ risk: 'write', args: z.strictObject(order), entityKey, entity, idempotent: true }),
    /** Adds a paragraph to the order's note; one that stands there already is not written twice. */
    'orders.note': defineTool({
      risk: 'write',
      args: z.strictObject({ ...order, text: z.string().trim().min(1).max(2000) }),
      entityKey,
      entity,
      idempotent: true,
    }),
    'orders.tag': defineTool({
      risk: 'write',
      args: z.strictObject({ ...order, tags }),
      entityKey,
      entity,
      idempotent: true,
    }),
    /** Pays back to where the money came from. Restocks nothing. */
    'orders.refund': defineTool({
      risk: 'write',
      args: z.strictObject({
        ...order,
        /** In the shop's currency. */
        ...moneyArgs({ max: 1e12, places: 'three' }),
        note: z.string().max(500).default(''),
        notify: z.boolean().default(false),
      }),
      value: ({ amount }) => amount,
      entityKey,
      entity,
      idempotent: true,
    }),
    /** Cannot be undone. What it refunds is what was paid: a policy that caps values wants one from the proposer. */
    'orders.cancel': defineTool({
      risk: 'destructive',
      args: z.strictObject({
        ...order,
        cause: z.enum(CANCEL_CAUSES),
        restock: z.boolean(),
        refund: z.boolean(),
        notify: z.boolean().default(false),
        staff_note: z.string().max(255).default(''),
      }),
      entityKey,
      entity,
      timeoutMs: 30_000,
      settleDelayMs: 120_000,
    }),
    'customers.tag': defineTool({
      risk: 'write',
      args: z.strictObject({
        customer_id: z.string().regex(/^[1-9]\d{0,19}$/, 'the number of a customer, as text'),
        tags,
      }),
      entityKey: ({ customer_id }) => `customer:${customer_id}`,
      idempotent: true,
    }),
  },
});
