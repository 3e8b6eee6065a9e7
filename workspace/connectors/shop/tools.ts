import { defineTool, defineTools } from '@holdpoint/sdk/define';
import { z } from 'zod';

const order = { order_id: z.string().min(1).max(64) };
const entityKey = (args: { order_id: string }) => `order:${args.order_id}`;

/** What the shop can do, in the three ways that a repeated call can be safe: by key, by looking, or not at all. */
export const shop = defineTools({
  name: 'shop',
  tools: {
    'orders.read': defineTool({ risk: 'read', args: z.strictObject(order), entityKey }),
    'orders.hold': defineTool({
      risk: 'write',
      args: z.strictObject({ ...order, reason: z.string().min(1).max(500) }),
      entityKey,
      idempotent: true,
    }),
    // The shop takes a note twice if it is sent twice: a call without an answer is for a person to settle.
    'orders.note': defineTool({
      risk: 'write',
      args: z.strictObject({ ...order, text: z.string().min(1).max(2000) }),
      entityKey,
    }),
    'orders.refund': defineTool({
      risk: 'write',
      args: z.strictObject({ ...order, amount: z.number().positive(), currency: z.string().length(3) }),
      value: (args) => args.amount,
      entityKey,
      idempotent: true,
    }),
    'orders.cancel': defineTool({
      risk: 'destructive',
      args: z.strictObject({ ...order, reason: z.string().min(1).max(500) }),
      entityKey,
      idempotent: true,
    }),
    // Not repeatable by key, but the shop can be asked whether it happened: see `reconcile` in run.ts.
    'orders.ship': defineTool({ risk: 'write', args: z.strictObject(order), entityKey }),
  },
});

export default shop;
