import type { AfterHookContext, ConnectorContext } from '@holdpoint/sdk/define';
import { defineConnector, defineHooks, defineTool, defineTools } from '@holdpoint/sdk/define';
import type { EntityDbOf } from '@holdpoint/sdk/entity-db';
import { expectTypeOf, test } from 'vitest';
import { z } from 'zod';

const shop = defineTools({
  name: 'shop',
  tools: { refund: defineTool({ risk: 'write', args: z.object({ order_id: z.string() }) }) },
  entities: {
    orders: {
      schema: z.object({
        id: z.string(),
        status: z.enum(['open', 'closed']),
        total: z.number().nullable(),
        gift: z.boolean().default(false),
        note: z.string().optional(),
        address: z.object({ city: z.string() }),
        tags: z.array(z.string()),
      }),
      indexes: ['status'],
    },
    stock: { schema: z.object({ sku: z.number(), left: z.coerce.number() }), key: 'sku' },
  },
});
const plain = defineTools({ name: 'plain', tools: { ping: defineTool({ risk: 'read' }) } });

type Db = EntityDbOf<{ shop: typeof shop; plain: typeof plain }>;
interface Order {
  id: string;
  status: 'open' | 'closed';
  total: number | null;
  gift: boolean;
  note?: string | undefined;
  address: { city: string };
  tags: string[];
}

// Never called: what matters is that it compiles, and that what is marked does not.
async function asks(db: Db) {
  const { orders, stock } = db.shop;
  expectTypeOf(await orders.findUnique({ where: { id: '7' } })).toEqualTypeOf<Order | null>();
  const page = await orders.findMany({ where: { status: 'open', total: { gte: 5, lt: 9 }, note: null } });
  expectTypeOf(page[0]).toEqualTypeOf<Order | undefined>();
  expectTypeOf(page.next).toEqualTypeOf<string | null>();
  await orders.findMany({
    where: { status: { in: ['open'], startsWith: 'o' }, gift: { not: true }, tags: { not: null } },
  });
  await orders.findMany({ orderBy: { total: 'desc', id: 'asc' }, take: 10, cursor: page.next });
  await stock.findUnique({ where: { sku: 5 } });
  await stock.upsert({ sku: 5, left: '3' });
  await orders.upsert({
    where: { id: '7' },
    create: { id: '7', status: 'open', total: 5, address: { city: 'Oslo' }, tags: [] },
    update: { status: 'closed' },
    version: 4,
  });
  await orders.delete({ where: { id: '7' }, version: '2026-01-01T00:00:00Z' });

  // @ts-expect-error such a thing is not declared
  db.shop.parcels;
  // @ts-expect-error such a connector is not there
  db.stripe;
  // @ts-expect-error nothing is declared
  db.plain.orders;
  // @ts-expect-error the key is a number
  await stock.findUnique({ where: { sku: '5' } });
  // @ts-expect-error it is found by its key
  await stock.findUnique({ where: { id: 5 } });
  // @ts-expect-error numbers contain nothing
  await orders.findMany({ where: { total: { contains: '5' } } });
  // @ts-expect-error nor do they begin with anything
  await orders.findMany({ where: { total: { startsWith: '5' } } });
  // @ts-expect-error of booleans none is greater
  await orders.findMany({ where: { gift: { gt: false } } });
  // @ts-expect-error an object is compared with nothing
  await orders.findMany({ where: { address: { in: ['Oslo'] } } });
  // @ts-expect-error a text is no number
  await orders.findMany({ where: { total: '5' } });
  // @ts-expect-error such a status is not declared
  await orders.findMany({ where: { status: { in: ['lost'] } } });
  // @ts-expect-error such a field is not declared
  await orders.findMany({ where: { colour: 'red' } });
  // @ts-expect-error nor to be ordered by
  await orders.findMany({ orderBy: { colour: 'asc' } });
  // @ts-expect-error it is not whole
  await orders.upsert({ id: '7' });
  // @ts-expect-error the schema takes no such thing
  await orders.upsert({ where: { id: '7' }, create: { id: '7' }, update: {} });
  // @ts-expect-error such a status is not declared
  await orders.delete({ where: { id: 7 } });
}

const notes = async (ctx: ConnectorContext) => ctx.db.shop?.orders?.findMany();

test('a connector has its own entities, as it declares them, and hands them to functions that know no types', () => {
  expectTypeOf(asks).toBeFunction();
  defineConnector<typeof shop>({
    run: {
      async refund({ order_id }, ctx) {
        const order = await ctx.db.shop.orders.findUnique({ where: { id: order_id } });
        expectTypeOf(order).toEqualTypeOf<Order | null>();
        // @ts-expect-error others' are not there
        ctx.db.plain;
        return notes(ctx);
      },
    },
    after: { refund: (_result, { order_id }, ctx) => ctx.db.shop.orders.delete({ where: { id: order_id } }) },
  });
});

test('a hook names the entities that it keeps', () => {
  defineHooks({
    webhooks: [
      {
        id: 'orders',
        async after(_event, { db }: AfterHookContext<EntityDbOf<{ shop: typeof shop }>>) {
          expectTypeOf(await db.shop.orders.findUnique({ where: { id: '7' } })).toEqualTypeOf<Order | null>();
        },
      },
      { id: 'untyped', after: async (_event, { db }) => db.shop?.orders?.upsert({ id: '7' }) },
    ],
    actions: [{ id: 'stock', after: (_outcome, { db }: AfterHookContext<Db>) => db.shop.stock.findMany() }],
  });
});
