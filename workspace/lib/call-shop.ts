import { callRemote } from '@holdpoint/connectors/remote/call-remote';
import type { ConnectorContext } from '@holdpoint/sdk/define';
import { Terminal } from '@holdpoint/sdk/errors';

/** One call of the development server, with the key that its tools honour. */
export async function callShop(
  ctx: ConnectorContext,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<unknown> {
  const { baseUrl } = ctx.config;
  if (typeof baseUrl !== 'string') throw new Terminal("the tenant's connectors.ts gives no baseUrl");
  const answer = await callRemote(ctx, {
    method,
    url: new URL(path, baseUrl),
    headers: {
      authorization: `Bearer ${ctx.secret('token')}`,
      ...(ctx.idempotencyKey !== null && { 'idempotency-key': ctx.idempotencyKey }),
    },
    body,
  });
  return answer.body;
}
