import type { ConnectorContext } from '@holdpoint/sdk/define';
import { RateLimited, Retryable, Terminal, Unknown } from '@holdpoint/sdk/errors';
import { z } from 'zod';
import { callRemote, type RemoteAnswer, type RemoteCall } from '../remote/call-remote.ts';

/** The account's day ends at midnight of its own time zone, which no answer tells: it is looked at again every hour. */
const DAILY_REST_SECONDS = 3600;
const ROLLING_SECONDS = 10;
/** Of a record that is busy with a large change. */
const LOCKED_SECONDS = 2;

const BASE_URL = 'https://api.hubapi.com/';
const settings = z.strictObject({
  baseUrl: z.url().default(BASE_URL),
  /** A text property of contacts that the account has for this: it holds which action created a contact. */
  actionProperty: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,99}$/)
    .optional(),
});

/** @throws {Terminal} that names what is wrong with the config: nothing is sent by it */
export function hubspotSettings(config: Readonly<Record<string, unknown>>): z.infer<typeof settings> {
  const parsed = settings.safeParse(config);
  if (parsed.success) return parsed.data;
  throw new Terminal(parsed.error.issues.map(({ path, message }) => `config.${path.join('.')}: ${message}`).join('; '));
}

export interface CrmCall extends Pick<RemoteCall, 'method' | 'body' | 'effect'> {
  /** Under `crm/v3/objects/`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
}

/** One call, answered with what `schema` reads of its body. */
export async function callCrm<Schema extends z.ZodType>(
  ctx: ConnectorContext,
  { path, query = {}, ...call }: CrmCall,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const url = new URL(`crm/v3/objects/${path}`, withSlash(hubspotSettings(ctx.config).baseUrl));
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const { body } = await callRemote(ctx, {
    ...call,
    url,
    headers: { authorization: `Bearer ${ctx.secret('token')}` },
    describe: wordsOf,
    judge: (answer, words) => judge(ctx, answer, words),
    allowance: [],
  });
  const read = schema.safeParse(body);
  if (read.success) return read.data;
  const effect = call.effect ?? call.method !== 'GET';
  const odd = `${call.method} ${path} answered what is no answer of HubSpot's`;
  throw effect ? new Unknown(odd) : new Retryable(odd);
}

/** Of a record that is not there, or was archived: undefined. */
export async function absent<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof NotThere) return undefined;
    throw error;
  }
}

class NotThere extends Terminal {}

const withSlash = (url: string): string => (url.endsWith('/') ? url : `${url}/`);

/**
 * Limits: https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines, refusals other than 4xx's own:
 * https://developers.hubspot.com/docs/api-reference/error-handling. A batch answers 207 with what failed of it.
 */
function judge(ctx: ConnectorContext, { status, headers, body, retryAfterSeconds }: RemoteAnswer, words: string) {
  const rest = usedUpSeconds(headers);
  if (rest !== undefined) ctx.rest(rest);
  switch (status) {
    case 429: {
      const asked = retryAfterSeconds ?? rest ?? policySeconds(body);
      if (policyOf(body) === 'DAILY') ctx.rest(asked);
      return new RateLimited(asked, words);
    }
    case 404:
      return new NotThere(words);
    case 423:
      return new RateLimited(retryAfterSeconds ?? LOCKED_SECONDS, words);
    // The account moves to another data centre, which takes up to a day.
    case 477:
      return new RateLimited(retryAfterSeconds ?? DAILY_REST_SECONDS, words);
    case 207:
      return new Terminal(words);
    default:
      return undefined;
  }
}

/** For how long the headers say that nothing is left, of the interval or of the day. */
function usedUpSeconds(headers: Headers): number | undefined {
  const numberIn = (name: string) => Number(headers.get(`x-hubspot-ratelimit-${name}`) ?? Number.NaN);
  if (numberIn('daily-remaining') <= 0) return DAILY_REST_SECONDS;
  if (!(numberIn('remaining') <= 0)) return undefined;
  const intervalMs = numberIn('interval-milliseconds');
  return intervalMs > 0 ? Math.ceil(intervalMs / 1000) : ROLLING_SECONDS;
}

const policyOf = (body: unknown): unknown => (body as { policyName?: unknown } | null)?.policyName;

/** `SECONDLY`, `TEN_SECONDLY_ROLLING` or `DAILY`. */
function policySeconds(body: unknown): number {
  switch (policyOf(body)) {
    case 'DAILY':
      return DAILY_REST_SECONDS;
    case 'SECONDLY':
      return 1;
    default:
      return ROLLING_SECONDS;
  }
}

/** All of it is optional: https://developers.hubspot.com/docs/api-reference/error-handling */
const failure = z.object({
  category: z.string().optional(),
  message: z.string().optional(),
  errors: z.array(z.object({ message: z.string().optional() })).optional(),
});

function wordsOf(body: unknown): string | undefined {
  const { data } = failure.safeParse(body);
  const words = [data?.category, data?.message ?? data?.errors?.[0]?.message].filter(Boolean).join(': ');
  return words === '' ? undefined : words;
}
