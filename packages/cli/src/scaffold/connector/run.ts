import { callRemote, type RemoteCall } from '@holdpoint/connectors/remote/call-remote';
import { type ConnectorContext, defineConnector } from '@holdpoint/sdk/define';
import { Terminal } from '@holdpoint/sdk/errors';
import { z } from 'zod';
import type { tools } from './tools.ts';

const ticketSchema = z.object({ id: z.string(), status: z.enum(['open', 'closed']) });

/** Only the executor loads this file. */
export const runner = defineConnector<typeof tools>({
  run: {
    'tickets.read': ({ ticket_id }, ctx) => call(ctx, 'GET', [ticket_id]),
    'tickets.comment': ({ ticket_id, ...comment }, ctx) => call(ctx, 'POST', [ticket_id, 'comments'], comment),
    'tickets.close': ({ ticket_id, ...why }, ctx) => call(ctx, 'POST', [ticket_id, 'close'], why),
  },
  reconcile: {
    async 'tickets.close'({ ticket_id }, ctx) {
      const ticket = ticketSchema.parse(await call(ctx, 'GET', [ticket_id]));
      return ticket.status === 'closed' ? { applied: ticket } : 'not_applied';
    },
  },
});

/** Throws `RateLimited`, `Terminal`, `Retryable` or `Unknown`, by how far the call got. */
async function call(
  ctx: ConnectorContext,
  method: RemoteCall['method'],
  path: readonly string[],
  body?: object,
): Promise<unknown> {
  const { baseUrl } = ctx.config;
  if (typeof baseUrl !== 'string') throw new Terminal("the tenant's connectors.ts gives no baseUrl");
  const answer = await callRemote(ctx, {
    method,
    url: new URL(['tickets', ...path.map(encodeURIComponent)].join('/'), baseUrl),
    headers: {
      authorization: `Bearer ${ctx.secret('token')}`,
      ...(ctx.idempotencyKey !== null && { 'idempotency-key': ctx.idempotencyKey }),
    },
    ...(body && { body }),
  });
  return answer.body;
}
