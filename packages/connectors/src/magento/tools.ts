import { defineTool, defineTools } from '@holdpoint/sdk/define';
import { z } from 'zod';
import { moneyArgs } from '../remote/money-args.ts';

/** Its `entity_id`. The number that customers see, with zeros in front of it, is another: `increment_id`. */
const orderId = z.string().regex(/^[1-9]\d{0,9}$/, "the order's entity_id, as text");
const order = { order_id: orderId };
const entityKey = (args: { order_id: string }) => `order:${args.order_id}`;
const entity = { name: 'orders', id: 'order_id' };

/** What is kept of an order. */
export const magentoOrder = z.object({
  entity_id: orderId,
  increment_id: z.string(),
  /** What the shop calls it: a state can have several. */
  status: z.string(),
  /** `new`, `pending_payment`, `processing`, `complete`, `closed`, `canceled`, `holded`, `payment_review`. */
  state: z.string(),
  /** In the currency that the customer paid in. */
  grand_total: z.number(),
  /** In `base_currency_code`, in which refunds are counted. */
  base_grand_total: z.number(),
  base_currency_code: z.string(),
  customer_email: z.string().nullable(),
  /** RFC 3339, UTC. */
  updated_at: z.string(),
});
export type MagentoOrder = z.infer<typeof magentoOrder>;

/** Orders of one Adobe Commerce or Magento shop, by its REST API. It knows no idempotency keys: what was lost is asked about. */
export const magento = defineTools({
  name: 'magento',
  entities: {
    orders: {
      schema: magentoOrder,
      key: 'entity_id',
      version: 'updated_at',
      indexes: ['increment_id', 'state', 'customer_email'],
    },
  },
  tools: {
    'orders.read': defineTool({ risk: 'read', args: z.strictObject(order), entityKey, entity }),
    /** Why stands in a note; its value is what whoever proposes it says. */
    'orders.hold': defineTool({ risk: 'write', args: z.strictObject(order), entityKey, entity }),
    'orders.unhold': defineTool({ risk: 'write', args: z.strictObject(order), entityKey, entity }),
    /** Ends with a mark by which it is found again; the customer sees both where told. */
    'orders.note': defineTool({
      risk: 'write',
      args: z.strictObject({
        ...order,
        text: z.string().trim().min(1).max(2000),
        visible_to_customer: z.boolean().default(false),
      }),
      entityKey,
      entity,
    }),
    /**
     * A credit memo of exactly this amount. Its items are said to have come back; without any it is an adjustment alone, which
     * Magento takes only while there is shipping left to refund.
     */
    'orders.refund': defineTool({
      risk: 'write',
      args: z.strictObject({
        ...order,
        /** In the order's base currency. */
        ...moneyArgs({ max: 1e9, places: 'two' }),
        /** Whole rows of the order, none of which was refunded yet. */
        items: z
          .array(z.strictObject({ order_item_id: z.int().positive(), qty: z.int().positive() }))
          .max(100)
          .refine((items) => new Set(items.map((item) => item.order_item_id)).size === items.length, 'each once')
          .default([]),
        /** Through the payment's gateway, against an invoice; else it is written down, and paid by other means. */
        online: z.boolean().default(false),
        /** Of an online refund, where the order has several invoices. */
        invoice_id: z.int().positive().optional(),
        note: z.string().max(500).default(''),
        notify: z.boolean().default(false),
      }),
      value: ({ amount }) => amount,
      entityKey,
      entity,
      timeoutMs: 60_000,
    }),
    'orders.cancel': defineTool({ risk: 'destructive', args: z.strictObject(order), entityKey, entity }),
  },
});
