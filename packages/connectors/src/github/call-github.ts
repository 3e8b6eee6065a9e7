import type { ConnectorContext } from '@holdpoint/sdk/define';
import { RateLimited, Retryable, Terminal, Unknown } from '@holdpoint/sdk/errors';
import { endpoint } from '@octokit/endpoint';
import type { Endpoints, RequestParameters } from '@octokit/types';
import { z } from 'zod';
import { callRemote, type RemoteAnswer, type RemoteCall } from '../remote/call-remote.ts';
import { githubSettings } from './settings.ts';

/** The version whose description https://github.com/github/rest-api-description the stand-in is held to. */
const API_VERSION = '2022-11-28';
/** "Otherwise, wait for at least one minute": https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api */
const LIMIT_SECONDS = 60;
/** A 403 is also how a token is refused; by these words it is a limit. */
const LIMIT_WORDS = /secondary rate limit|abuse detection/i;

export type GithubRoute = keyof Endpoints;

export interface GithubPage<Answer> {
  readonly data: Answer;
  /** Whether the answer links to a next page: https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api */
  readonly more: boolean;
}

/**
 * One request of GitHub's API. What it answers is read as `answer` says, and nothing else of it is believed. A redirect is not
 * followed: a renamed repository has two names, and its issues would have two lanes.
 * @throws what `callRemote` throws
 */
export async function callGithub<Route extends GithubRoute, Answer>(
  ctx: ConnectorContext,
  route: Route,
  parameters: Endpoints[Route]['parameters'],
  answer: z.ZodType<Answer>,
): Promise<Answer> {
  return (await pageOfGithub(ctx, route, parameters, answer)).data;
}

export async function pageOfGithub<Route extends GithubRoute, Answer>(
  ctx: ConnectorContext,
  route: Route,
  parameters: Endpoints[Route]['parameters'],
  answer: z.ZodType<Answer>,
): Promise<GithubPage<Answer>> {
  const call = remoteCall(ctx, route, parameters as RequestParameters);
  const { status, headers, body } = await callRemote(ctx, call);
  const parsed = answer.safeParse(body);
  if (!parsed.success) {
    const words = `${call.method} ${call.url.pathname} answered ${status}, but not as it is described`;
    throw call.method === 'GET' ? new Retryable(words) : new Unknown(words);
  }
  return { data: parsed.data, more: /rel="next"/.test(headers.get('link') ?? '') };
}

function remoteCall(ctx: ConnectorContext, route: GithubRoute, parameters: RequestParameters): RemoteCall {
  const { baseUrl } = githubSettings(ctx.config);
  const { method, url, body } = endpoint(route, { ...parameters, baseUrl });
  return {
    method: methodSchema.parse(method),
    url: new URL(url),
    headers: {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${ctx.secret('token')}`,
      'x-github-api-version': API_VERSION,
      // "All API requests must include a valid User-Agent header": .../rest/using-the-rest-api/getting-started-with-the-rest-api
      'user-agent': 'holdpoint',
    },
    body,
    describe,
    judge,
  };
}

const methodSchema = z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

const refusalSchema = z.object({
  message: z.string(),
  errors: z
    .array(z.object({ field: z.string().optional(), code: z.string().optional(), message: z.string().optional() }))
    .optional()
    .catch(undefined),
});

/** https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#validation-failed */
function describe(body: unknown): string | undefined {
  const { success, data } = refusalSchema.safeParse(body);
  if (!success) return undefined;
  const faults = (data.errors ?? []).map(({ field, code, message }) =>
    [field, message ?? code].filter(Boolean).join(' '),
  );
  return [data.message, ...faults].filter(Boolean).join('; ');
}

/** https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit */
function judge(answer: RemoteAnswer, words: string): Error | undefined {
  if (isLimit(answer)) return new RateLimited(answer.retryAfterSeconds ?? LIMIT_SECONDS, words);
  // GitHub says so of a private repository that the token does not reach, too.
  return answer.status === 404 ? new Terminal(`${words} (it is not there, or the token may not see it)`) : undefined;
}

function isLimit({ status, headers, body }: RemoteAnswer): boolean {
  if (status !== 403) return status === 429;
  const usedUp = headers.get('x-ratelimit-remaining') === '0';
  return usedUp || headers.has('retry-after') || LIMIT_WORDS.test(describe(body) ?? '');
}
