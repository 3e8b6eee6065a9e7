import type { ConnectorContext } from '@holdpoint/sdk/define';
import { RateLimited, Retryable, Terminal, Unknown } from '@holdpoint/sdk/errors';
import { z } from 'zod';
import { callRemote, type RemoteAnswer } from '../remote/call-remote.ts';
import { errorText } from './core/error-text.ts';

export interface CommerceCall<Data> {
  readonly method: 'GET' | 'POST';
  /** Below `/V1/`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  readonly data: z.ZodType<Data>;
  /** Where a status does not say what it did: the error for it, or undefined. */
  readonly judge?: (answer: RemoteAnswer, words: string) => Error | undefined;
}

/**
 * One call of the REST API. `config.baseUrl` ends before `V1`: `https://shop.example/rest/default/` with the store's code, or
 * what Adobe Commerce as a Cloud Service gives; the credential `token` is an integration's access token.
 */
export async function callCommerce<Data>(ctx: ConnectorContext, call: CommerceCall<Data>): Promise<Data> {
  const { method, path, query = {}, data } = call;
  const { baseUrl } = ctx.config;
  if (typeof baseUrl !== 'string') throw new Terminal("the tenant's connectors.ts gives no baseUrl");
  const url = new URL(`V1/${path}`, baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const { body } = await callRemote(ctx, {
    method,
    url,
    headers: { authorization: `Bearer ${ctx.secret('token')}` },
    ...(call.body && { body: call.body }),
    describe: errorText,
    judge: (answer, words) => call.judge?.(answer, words) ?? turnedAway(answer, words),
  });
  const read = data.safeParse(body);
  if (read.success) return read.data;
  const words = `${method} ${path} answered what is not understood: ${z.prettifyError(read.error)}`;
  throw method === 'GET' ? new Retryable(words) : new Unknown(words);
}

/** A 503 that says when to come again is of the edge before the shop, or of its maintenance: nothing was let in. */
function turnedAway({ status, retryAfterSeconds }: RemoteAnswer, words: string): Error | undefined {
  return status === 503 && retryAfterSeconds !== undefined ? new RateLimited(retryAfterSeconds, words) : undefined;
}

/** https://developer.adobe.com/commerce/webapi/rest/use-rest/performing-searches/ */
export const searchBy = (field: string, value: string, pageSize: number): Record<string, string> => ({
  'searchCriteria[filterGroups][0][filters][0][field]': field,
  'searchCriteria[filterGroups][0][filters][0][value]': value,
  'searchCriteria[filterGroups][0][filters][0][conditionType]': 'eq',
  'searchCriteria[pageSize]': String(pageSize),
});
