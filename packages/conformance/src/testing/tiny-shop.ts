import { type ConnectorContext, defineConnector, defineTool, defineTools } from '@holdpoint/sdk/define';
import { RateLimited, Terminal, Unknown } from '@holdpoint/sdk/errors';
import { z } from 'zod';
import { startHttpStandIn } from '../http-stand-in.ts';
import type { ConformanceSpec, StandIn } from '../spec.ts';

const order = { order_id: z.string().min(1) };
const entityKey = (args: { order_id: string }) => `order:${args.order_id}`;

/** A tool of each kind: one that reads, one by key, one that can be asked, one for a person, one that sets a state. */
export const tinyShop = defineTools({
  name: 'tiny',
  tools: {
    read: defineTool({
      risk: 'read',
      args: z.strictObject(order),
      entityKey,
      entity: { name: 'orders', id: 'order_id' },
    }),
    refund: defineTool({
      risk: 'write',
      args: z.strictObject({ ...order, amount: z.number().positive(), currency: z.string().default('EUR') }),
      value: ({ amount }) => amount,
      entityKey,
      idempotent: true,
    }),
    ship: defineTool({ risk: 'write', args: z.strictObject(order), entityKey }),
    note: defineTool({
      risk: 'write',
      args: z.strictObject({ ...order, text: z.string(), pin: z.string() }),
      entityKey,
      secretArgs: ['pin'],
    }),
    label: defineTool({
      risk: 'write',
      args: z.strictObject({ ...order, label: z.string() }),
      entityKey,
      idempotent: true,
    }),
  },
  entities: { orders: { schema: z.object({ id: z.string() }) } },
});

export type Send = (ctx: ConnectorContext, method: string, path: string, body?: object) => Promise<unknown>;

/** As it should be. */
export const send: Send = async (ctx, method, path, body) => {
  const response = await ctx.fetch(new URL(path, String(ctx.config.baseUrl)), {
    method,
    headers: { authorization: `Bearer ${ctx.secret('token')}`, 'idempotency-key': ctx.idempotencyKey ?? '' },
    ...(body && { body: JSON.stringify(body) }),
    signal: ctx.signal,
  });
  if (response.headers.get('x-left') === '0') ctx.rest(Number(response.headers.get('x-reset')));
  if (response.status === 429) throw new RateLimited(Number(response.headers.get('retry-after')));
  if (response.status >= 500) throw new Unknown(`answered ${response.status}`);
  if (!response.ok) throw new Terminal(`answered ${response.status}`);
  return response.json();
};

/** The connector over one way to send; mutants give another. */
export const tinyRunner = (by: Send = send) =>
  defineConnector<typeof tinyShop>({
    run: {
      read: ({ order_id }, ctx) => by(ctx, 'GET', order_id),
      refund: ({ order_id, ...refund }, ctx) => by(ctx, 'POST', `${order_id}/refunds`, refund),
      ship: ({ order_id }, ctx) => by(ctx, 'POST', `${order_id}/ship`, {}),
      note: ({ order_id, ...note }, ctx) => by(ctx, 'POST', `${order_id}/notes`, note),
      label: ({ order_id, label }, ctx) => by(ctx, 'PUT', `${order_id}/labels/${label}`),
    },
    reconcile: {
      async ship({ order_id }, ctx) {
        const { status } = z.object({ status: z.string() }).parse(await by(ctx, 'GET', order_id));
        return status === 'shipped' ? { applied: { status } } : 'not_applied';
      },
    },
  });

const known = { order_id: 'o1' };
const unknown = { order_id: 'o2' };

export const tinyConformance: ConformanceSpec = {
  start: startTinyShop,
  tools: {
    read: { args: known, invalid: [{}], rejected: unknown },
    refund: { args: { ...known, amount: 5 }, invalid: [{ ...known, amount: -1 }], rejected: { ...unknown, amount: 5 } },
    ship: { args: known, invalid: [{}], rejected: unknown },
    note: {
      args: { ...known, text: 'hello', pin: '471147' },
      invalid: [known],
      rejected: { ...unknown, text: 'x', pin: '1' },
    },
    label: {
      args: { ...known, label: 'late' },
      invalid: [known],
      rejected: { ...unknown, label: 'late' },
      setsState: true,
    },
  },
};

async function startTinyShop(): Promise<StandIn> {
  const refunds = new Map<string, { readonly id: string; readonly amount: number }>();
  const notes: string[] = [];
  const labels = new Set<string>();
  let status = 'open';

  const found = (body: object) => ({ status: 200, body });
  function handle(method: string, path: string, key: string, body: string) {
    const [id, what, name = ''] = path.split('/').slice(1);
    if (id !== 'o1') return { status: 404, body: { error: 'no such order' } };
    switch (`${method} ${what ?? ''}`) {
      case 'GET ':
        return found({ id, status });
      case 'POST refunds': {
        const { amount } = JSON.parse(body);
        const refund = refunds.get(key) ?? { id: `r${refunds.size + 1}`, amount };
        refunds.set(key || `none-${refunds.size}`, refund);
        return found(refund);
      }
      case 'POST ship':
        if (status === 'shipped') return { status: 409, body: { error: 'shipped already' } };
        status = 'shipped';
        return found({ status });
      case 'POST notes':
        notes.push(JSON.parse(body).text);
        return found({ notes: notes.length });
      case 'PUT labels':
        labels.add(name);
        return found({ labels: [...labels] });
      default:
        return { status: 405 };
    }
  }

  const applied: Record<string, (args: Readonly<Record<string, unknown>>) => number> = {
    read: () => 0,
    refund: ({ amount }) => [...refunds.values()].filter((refund) => refund.amount === amount).length,
    ship: ({ order_id }) => Number(order_id === 'o1' && status === 'shipped'),
    note: ({ text }) => notes.filter((note) => note === text).length,
    label: ({ order_id, label }) => Number(order_id === 'o1' && labels.has(String(label))),
  };
  const server = await startHttpStandIn({
    handle: ({ method, path, headers, body }) => handle(method, path, String(headers['idempotency-key'] ?? ''), body),
    rateLimited: (seconds) => ({ status: 429, headers: { 'retry-after': String(seconds) } }),
    exhausted: (response, seconds) => ({
      ...response,
      headers: { ...('headers' in response && response.headers), 'x-left': '0', 'x-reset': String(seconds) },
    }),
  });
  return {
    ...server,
    config: { baseUrl: server.url },
    credentials: { token: 'tok_very_secret' },
    applied: (tool, args) => applied[tool]?.(args) ?? 0,
  };
}
