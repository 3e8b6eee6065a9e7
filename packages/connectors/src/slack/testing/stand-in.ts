import { type HttpStandIn, type StandInResponse, startHttpStandIn } from '@holdpoint/conformance/http-stand-in';
import type {
  ChatDeleteResponse,
  ChatPostMessageResponse,
  ChatUpdateResponse,
  ConversationsArchiveResponse,
  ConversationsHistoryResponse,
  ConversationsInfoResponse,
  ConversationsInviteResponse,
  ReactionsAddResponse,
  UsersLookupByEmailResponse,
} from '@slack/web-api';
import type { SlackMethod } from '../call-slack.ts';
import { CHANNEL, newWorkspace, type SlackMessage, type SlackWorkspace } from './slack-workspace.ts';

export const TOKEN = 'xoxb-111111111111-222222222222-abcdefghijklmnopqrstuvwx';

export interface SlackStandIn extends HttpStandIn {
  readonly world: SlackWorkspace;
  /** Answers the next request so, whatever it is. */
  answerNext(response: StandInResponse): void;
}

type Fields = URLSearchParams;
type Refusal = { readonly ok: false; readonly error: string };
type Page = ConversationsHistoryResponse;

const refused = (error: string): Refusal => ({ ok: false, error });
const READS: ReadonlySet<string> = new Set([
  'conversations.history',
  'conversations.info',
  'conversations.replies',
  'users.lookupByEmail',
] satisfies SlackMethod[]);

/** One workspace of Slack as https://docs.slack.dev/reference/methods says that it answers; answers are of Slack's own types. */
export async function startSlack(): Promise<SlackStandIn> {
  const world = newWorkspace();
  const methods = methodsOf(world);
  let next: StandInResponse | undefined;
  const http = await startHttpStandIn({
    handle({ path, headers, body }) {
      const method = path.slice(1);
      if (headers.authorization !== `Bearer ${TOKEN}`) return { status: 200, body: refused('invalid_auth') };
      if (!/^application\/x-www-form-urlencoded\b/.test(headers['content-type'] ?? '')) {
        return { status: 200, body: refused('invalid_post_type') };
      }
      const form = new URLSearchParams(body);
      world.forms.push(form);
      const answered = next ?? { status: 200, body: answerOf(methods, method, form) };
      next = undefined;
      return answered;
    },
    isEffect: ({ path }) => !READS.has(path.slice(1)),
    rateLimited: (seconds) => ({
      status: 429,
      headers: { 'retry-after': String(seconds) },
      body: refused('ratelimited'),
    }),
    error: () => ({ status: 200, body: refused('internal_error') }),
    refuse: (words) => ({
      status: 200,
      body: { ...refused('invalid_arguments'), response_metadata: { messages: [`[ERROR] ${words}`] } },
    }),
  });
  return {
    ...http,
    world,
    answerNext(response) {
      next = response;
    },
  };
}

type Methods = ReturnType<typeof methodsOf>;

function answerOf(methods: Methods, method: string, fields: Fields): unknown {
  return Object.hasOwn(methods, method) ? methods[method as SlackMethod](fields) : refused('unknown_method');
}

function methodsOf(world: SlackWorkspace) {
  const took = (effect: string): void => void world.effects.push(effect);
  const channelOf = (fields: Fields) => (fields.get('channel') === CHANNEL ? world.channel : undefined);
  const messageOf = (fields: Fields, name = 'ts') => world.messages.find(({ ts }) => ts === fields.get(name));

  return {
    'chat.postMessage'(fields): ChatPostMessageResponse | Refusal {
      const text = fields.get('text') ?? '';
      const [metadata, thread_ts] = [fields.get('metadata'), fields.get('thread_ts')];
      if (!channelOf(fields)) return refused('channel_not_found');
      if (world.channel.is_archived) return refused('is_archived');
      if (text === '') return refused('no_text');
      const message: SlackMessage = {
        ...{ ts: nextTs(world), user: 'U0BOT', text, reactions: [] },
        ...(metadata !== null && { metadata: JSON.parse(metadata) as NonNullable<SlackMessage['metadata']> }),
        ...(thread_ts !== null && { thread_ts }),
      };
      world.messages.push(message);
      took(`post ${text}`);
      return { ok: true, channel: CHANNEL, ts: message.ts, message: { type: 'message', text, ts: message.ts } };
    },
    'chat.update'(fields): ChatUpdateResponse | Refusal {
      const [message, text] = [messageOf(fields), fields.get('text') ?? ''];
      if (!channelOf(fields)) return refused('channel_not_found');
      if (!message) return refused('message_not_found');
      if (text.length > 4_000) return refused('msg_too_long');
      if (message.text !== text) took(`update ${message.ts} ${text}`);
      message.text = text;
      return { ok: true, channel: CHANNEL, ts: message.ts, text };
    },
    'chat.delete'(fields): ChatDeleteResponse | Refusal {
      const message = messageOf(fields);
      if (!channelOf(fields)) return refused('channel_not_found');
      if (!message) return refused('message_not_found');
      world.messages.splice(world.messages.indexOf(message), 1);
      took(`delete ${message.ts}`);
      return { ok: true, channel: CHANNEL, ts: message.ts };
    },
    'reactions.add'(fields): ReactionsAddResponse | Refusal {
      const [message, name] = [messageOf(fields, 'timestamp'), fields.get('name') ?? ''];
      if (!channelOf(fields)) return refused('channel_not_found');
      if (!message) return refused('message_not_found');
      if (name === 'nonsense') return refused('invalid_name');
      if (message.reactions.includes(name)) return refused('already_reacted');
      message.reactions.push(name);
      took(`react ${message.ts} ${name}`);
      return { ok: true };
    },
    'conversations.invite'(fields): ConversationsInviteResponse | Refusal {
      if (!channelOf(fields)) return refused('channel_not_found');
      const users = (fields.get('users') ?? '').split(',');
      const faultOf = (user: string) =>
        world.channel.members.includes(user)
          ? 'already_in_channel'
          : world.users.some(({ id }) => id === user)
            ? undefined
            : 'user_not_found';
      const errors = users.flatMap((user) => {
        const error = faultOf(user);
        return error === undefined ? [] : [{ user, ok: false, error }];
      });
      const [first] = errors;
      if (first && (fields.get('force') !== 'true' || errors.length === users.length)) {
        return { ...refused(first.error), errors } as Refusal;
      }
      for (const user of users.filter((one) => faultOf(one) === undefined)) {
        world.channel.members.push(user);
        took(`invite ${user}`);
      }
      return { ok: true, channel: { id: CHANNEL, name: world.channel.name }, ...(first && { errors }) };
    },
    'conversations.archive'(fields): ConversationsArchiveResponse | Refusal {
      if (!channelOf(fields)) return refused('channel_not_found');
      if (world.channel.is_archived) return refused('already_archived');
      world.channel.is_archived = true;
      took('archive');
      return { ok: true };
    },
    'conversations.info'(fields): ConversationsInfoResponse | Refusal {
      const channel = channelOf(fields);
      if (!channel) return refused('channel_not_found');
      const { name, is_archived, members } = channel;
      return { ok: true, channel: { id: CHANNEL, name, is_archived, is_channel: true, num_members: members.length } };
    },
    'conversations.history': (fields): Page | Refusal =>
      channelOf(fields)
        ? pageOf(fields, world.messages.filter(({ thread_ts }) => thread_ts === undefined).toReversed())
        : refused('channel_not_found'),
    'conversations.replies': (fields): Page | Refusal => {
      const thread = fields.get('ts');
      const replies = world.messages.filter((one) => one.ts === thread || one.thread_ts === thread);
      return replies.length > 0 ? pageOf(fields, replies) : refused('thread_not_found');
    },
    'users.lookupByEmail'(fields): UsersLookupByEmailResponse | Refusal {
      const user = world.users.find(({ email }) => email === fields.get('email'));
      return user
        ? { ok: true, user: { id: user.id, team_id: 'T0ACME', name: user.name } }
        : refused('users_not_found');
    },
  } satisfies Record<SlackMethod, (fields: Fields) => object>;
}

function pageOf(fields: Fields, messages: readonly SlackMessage[]): Page {
  const oldest = Number(fields.get('oldest') ?? 0);
  const within = messages.filter(({ ts }) => Number(ts) > oldest);
  const [from, size] = [Number(fields.get('cursor') ?? 0), Number(fields.get('limit') ?? 100)];
  const more = within.length > from + size;
  const told = fields.get('include_all_metadata') === 'true';
  return {
    ok: true,
    messages: within.slice(from, from + size).map(({ ts, user, text, metadata }) => ({
      ...{ type: 'message', ts, user, text },
      ...(told && metadata && { metadata }),
    })),
    has_more: more,
    response_metadata: { next_cursor: more ? String(from + size) : '' },
  } as Page;
}

function nextTs({ messages }: SlackWorkspace): string {
  return `${Math.floor(Date.now() / 1000)}.${String(messages.length + 1).padStart(6, '0')}`;
}
