import type { ConnectorContext } from '@holdpoint/sdk/define';
import { RateLimited, Retryable, Terminal, Unknown } from '@holdpoint/sdk/errors';
import type {
  ChatDeleteArguments,
  ChatPostMessageArguments,
  ChatUpdateArguments,
  ConversationsArchiveArguments,
  ConversationsHistoryArguments,
  ConversationsInfoArguments,
  ConversationsInviteArguments,
  ConversationsRepliesArguments,
  ReactionsAddArguments,
  UsersLookupByEmailArguments,
} from '@slack/web-api';
import { z } from 'zod';
import { callRemote } from '../remote/call-remote.ts';
import { slackSettings } from './settings.ts';

/** What each method takes, by Slack's own types; https://docs.slack.dev/reference/methods */
interface SlackArguments {
  readonly 'chat.delete': ChatDeleteArguments;
  readonly 'chat.postMessage': ChatPostMessageArguments;
  readonly 'chat.update': ChatUpdateArguments;
  readonly 'conversations.archive': ConversationsArchiveArguments;
  readonly 'conversations.history': ConversationsHistoryArguments;
  readonly 'conversations.info': ConversationsInfoArguments;
  readonly 'conversations.invite': ConversationsInviteArguments;
  readonly 'conversations.replies': ConversationsRepliesArguments;
  readonly 'reactions.add': ReactionsAddArguments;
  readonly 'users.lookupByEmail': UsersLookupByEmailArguments;
}
export type SlackMethod = keyof SlackArguments;

const HAS_EFFECT = {
  'chat.delete': true,
  'chat.postMessage': true,
  'chat.update': true,
  'conversations.archive': true,
  'conversations.history': false,
  'conversations.info': false,
  'conversations.invite': true,
  'conversations.replies': false,
  'reactions.add': true,
  'users.lookupByEmail': false,
} as const satisfies Record<SlackMethod, boolean>;

/**
 * What a refusal means, where it is not simply refused. "It's possible some aspect of the operation succeeded before the error
 * was raised" is said of the first two; https://docs.slack.dev/reference/methods/chat.postMessage#errors
 */
const MEANINGS: Readonly<Record<string, 'unknown' | 'limited'>> = {
  fatal_error: 'unknown',
  internal_error: 'unknown',
  service_unavailable: 'unknown',
  request_timeout: 'unknown',
  update_failed: 'unknown',
  ratelimited: 'limited',
  rate_limited: 'limited',
};

/** Where it does not say: https://docs.slack.dev/apis/web-api/rate-limits always does, its answers in 200 need not. */
const LIMIT_SECONDS = 30;

const saidSchema = z.object({ ok: z.boolean(), error: z.string().optional() });

export interface SlackCall<Method extends SlackMethod, Answer> {
  readonly method: Method;
  readonly args: SlackArguments[Method];
  /** What is believed of an answer that is `ok`, or of a refusal that is in `asGood`. */
  readonly answer: z.ZodType<Answer>;
  /** Refusals by which what was asked for is the case already. */
  readonly asGood?: readonly string[];
}

/**
 * One method of Slack's Web API, over `ctx.fetch`. Not by Slack's own client: it waits and repeats by itself, and takes an answer
 * that is no JSON for a refusal. As there the arguments are a form, so that no address or text stands in a URL.
 * @throws what `callRemote` throws, and Terminal for `ok: false`
 */
export async function callSlack<Method extends SlackMethod, Answer>(
  ctx: ConnectorContext,
  { method, args, answer, asGood = [] }: SlackCall<Method, Answer>,
): Promise<Answer> {
  const effect = HAS_EFFECT[method];
  const { body } = await callRemote(ctx, {
    method: 'POST',
    url: new URL(method, slackSettings(ctx.config).baseUrl),
    headers: { authorization: `Bearer ${ctx.secret('token')}` },
    body: formOf(args),
    effect,
    describe,
    judge({ status, body, retryAfterSeconds }, words) {
      if (status !== 200) return undefined;
      const said = saidSchema.safeParse(body);
      const lost = effect ? Unknown : Retryable;
      if (!said.success) return new lost(`${words}, but not as it is described`);
      const { ok, error = '' } = said.data;
      if (ok || asGood.includes(error)) return undefined;
      switch (Object.hasOwn(MEANINGS, error) ? MEANINGS[error] : undefined) {
        case 'limited':
          return new RateLimited(retryAfterSeconds ?? LIMIT_SECONDS, words);
        case 'unknown':
          return new lost(words);
        default:
          return new Terminal(words);
      }
    },
  });
  const parsed = answer.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new (effect ? Unknown : Retryable)(`${method} answered, but not as it is described`);
}

/** Objects as JSON in a field of the form: https://docs.slack.dev/apis/web-api/#basics */
function formOf(args: object): URLSearchParams {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(args)) {
    if (value !== undefined) form.set(name, typeof value === 'object' ? JSON.stringify(value) : String(value));
  }
  return form;
}

const refusalSchema = z.object({
  error: z.string(),
  needed: z.string().optional(),
  response_metadata: z.object({ messages: z.array(z.string()).optional() }).optional(),
});

/** The code, the scope that the token lacks, and what Slack says beside. */
function describe(body: unknown): string | undefined {
  const { success, data } = refusalSchema.safeParse(body);
  if (!success) return undefined;
  const needed = data.needed === undefined ? [] : [`needs the scope ${data.needed}`];
  return [data.error, ...needed, ...(data.response_metadata?.messages ?? [])].join('; ');
}
