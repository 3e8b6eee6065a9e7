import type { ConnectorContext } from '@holdpoint/sdk/define';
import { RateLimited, Retryable, Terminal, Unknown } from '@holdpoint/sdk/errors';
import { z } from 'zod';
import { callRemote, type RemoteAnswer } from '../remote/call-remote.ts';
import { vendorWords } from '../remote/vendor-words.ts';
import { type QueryCost, untilAffordable } from './core/query-cost.ts';
import type { Operation, UserErrors } from './operations.ts';

/**
 * The newest stable one that Shopify documents; each is kept for a year at least.
 * https://shopify.dev/docs/api/usage/versioning
 */
export const API_VERSION = '2026-10';

const THROTTLED_DEFAULT_SECONDS = 1;

/**
 * One document, answered with its data. `config.baseUrl` is the shop's own address, `https://acme.myshopify.com/`; the
 * credential `token` its access token. A query costs points of a bucket that fills again: what is missing for another such
 * one is told by `ctx.rest`.
 */
export async function callAdmin<Data>(
  ctx: ConnectorContext,
  operation: Operation<Data>,
  variables: Readonly<Record<string, unknown>>,
): Promise<Data> {
  const { baseUrl } = ctx.config;
  if (typeof baseUrl !== 'string') throw new Terminal("the tenant's connectors.ts gives no baseUrl");
  const token = ctx.secret('token');
  const { body } = await callRemote(ctx, {
    method: 'POST',
    url: new URL(`/admin/api/${API_VERSION}/graphql.json`, baseUrl),
    headers: { 'x-shopify-access-token': token },
    body: { query: operation.document, variables },
    effect: operation.effect,
    describe: (said) => describe(said, token),
    judge: (answer, words) => judge(ctx, operation.effect, answer, words),
  });
  const read = z.object({ data: operation.data }).safeParse(body);
  if (read.success) return read.data.data;
  throw lost(operation.effect, `Shopify answered what is not understood: ${z.prettifyError(read.error)}`);
}

/** A mutation that was understood and refused did nothing: https://shopify.dev/docs/api/usage/response-codes */
export function refuseOn(errors: UserErrors): void {
  if (errors.length === 0) return;
  const words = vendorWords(
    errors.map(({ field, message }) => [field?.join('.'), message].filter(Boolean).join(': ')).join('; '),
  );
  // The same key is at work in another attempt: this one did nothing, and the other will have answered soon.
  if (IN_PROGRESS.test(words)) throw new Retryable(`Shopify refused: ${words}`);
  throw new Terminal(`Shopify refused: ${words}`);
}

const IN_PROGRESS = /request is currently in progress/i;

const answerShape = z.object({
  errors: z
    .array(
      z.object({
        message: z.string(),
        path: z.array(z.union([z.string(), z.number()])).nullish(),
        extensions: z.object({ code: z.string().nullish() }).nullish(),
      }),
    )
    .optional(),
  extensions: z
    .object({
      cost: z
        .object({
          requestedQueryCost: z.number(),
          throttleStatus: z.object({ currentlyAvailable: z.number(), restoreRate: z.number() }),
        })
        .optional(),
    })
    .optional(),
});
type AnswerError = NonNullable<z.infer<typeof answerShape>['errors']>[number];

/** Errors come with status 200: https://shopify.dev/docs/api/admin-graphql#status-and-error-codes */
function judge(ctx: ConnectorContext, effect: boolean, answer: RemoteAnswer, words: string): Error | undefined {
  const read = answerShape.safeParse(answer.body);
  if (!read.success || answer.status !== 200) return undefined;
  const { errors = [], extensions } = read.data;
  const wait = extensions?.cost ? untilAffordable(extensions.cost satisfies QueryCost) : 0;
  if (wait > 0) ctx.rest(wait);
  if (errors.length === 0) return undefined;
  if (errors.some((error) => codeOf(error) === 'THROTTLED')) {
    return new RateLimited(wait || (answer.retryAfterSeconds ?? THROTTLED_DEFAULT_SECONDS), words);
  }
  if (errors.some((error) => codeOf(error) === 'IDEMPOTENCY_CONCURRENT_REQUEST')) return new Retryable(words);
  return errors.every(isDefinite) ? new Terminal(words) : lost(effect, words);
}

/** Shopify's own faults: what they leave behind is not told. */
const FAULTS: ReadonlySet<string> = new Set(['INTERNAL_SERVER_ERROR', 'SERVICE_UNAVAILABLE', 'TIMEOUT']);

/**
 * A refusal of the document or of its one field did nothing. An error deeper than that is about the answer of something that
 * was done; one without a code says nothing.
 */
function isDefinite(error: AnswerError): boolean {
  const code = codeOf(error);
  return code !== undefined && !FAULTS.has(code) && (error.path?.length ?? 0) <= 1;
}

const codeOf = ({ extensions }: AnswerError): string | undefined => extensions?.code ?? undefined;

const lost = (effect: boolean, words: string): Error => (effect ? new Unknown(words) : new Retryable(words));

/** The words of `errors`: a list, or of an HTTP refusal a text. */
function describe(body: unknown, token: string): string | undefined {
  const { errors } = (body ?? {}) as { errors?: unknown };
  const said = typeof errors === 'string' ? errors : answerShape.safeParse(body).data?.errors?.map(sentence).join('; ');
  return said ? vendorWords(said, [token]) : undefined;
}

const sentence = (error: AnswerError): string => [codeOf(error), error.message].filter(Boolean).join(': ');
