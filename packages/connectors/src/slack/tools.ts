import { defineTool, defineTools } from '@holdpoint/sdk/define';
import { z } from 'zod';
import { isBroadcast } from './message-text.ts';

/** By its id alone: names are not stable, and a message to a user's id lands in a channel of another id. */
const channel = z.string().regex(/^[CDG][A-Z0-9]{2,30}$/, 'must be the id of a channel or a direct message');
const user = z.string().regex(/^[UW][A-Z0-9]{2,30}$/, 'must be the id of a user');
const ts = z.string().regex(/^\d{1,12}\.\d{6}$/, 'must be the time stamp of a message: 1405894322.002768');

/** "Slack will truncate messages containing more than 40,000 characters": they are refused instead. */
const POST_MAX_CHARS = 40_000;
/** "The `text` field cannot exceed 4,000 characters": https://docs.slack.dev/reference/methods/chat.update#errors */
const UPDATE_MAX_CHARS = 4_000;

const message = z.strictObject({ channel, ts });
const ofMessage = (args: { readonly channel: string; readonly ts: string }) => `message:${args.channel}:${args.ts}`;
const ofChannel = (args: { readonly channel: string }) => `channel:${args.channel}`;
/** A policy sees it as `args.allow_broadcast`. */
const allow_broadcast = z.boolean().default(false);

interface Worded {
  readonly text: string;
  readonly allow_broadcast: boolean;
}
const withoutBroadcast = ({ text, allow_broadcast }: Worded): boolean => allow_broadcast || !isBroadcast(text);
const BROADCAST_FAULT = { path: ['text'], message: 'notifies many at once, which wants allow_broadcast: true' };

/**
 * Messages and channels of Slack. The tenant gives the credential `token`, and may give `config: { baseUrl, metadata }`. Slack
 * honours no idempotency key: `client_msg_id` "is not supposed to be used by 3rd party apps"
 * (https://github.com/slackapi/java-slack-sdk/issues/852). So a message is looked for by its metadata, and all else says what
 * is to be the case, and is simply said again.
 */
export const slack = defineTools({
  name: 'slack',
  tools: {
    'users.lookup': defineTool({ risk: 'read', args: z.strictObject({ email: z.email().max(320) }) }),
    'conversations.info': defineTool({ risk: 'read', args: z.strictObject({ channel }) }),
    'messages.post': defineTool({
      risk: 'write',
      args: z
        .strictObject({
          channel,
          text: z.string().min(1).max(POST_MAX_CHARS),
          thread_ts: ts.exactOptional(),
          allow_broadcast,
        })
        .refine(withoutBroadcast, BROADCAST_FAULT),
      entityKey: ofChannel,
    }),
    'messages.update': defineTool({
      risk: 'write',
      args: z
        .strictObject({ channel, ts, text: z.string().min(1).max(UPDATE_MAX_CHARS), allow_broadcast })
        .refine(withoutBroadcast, BROADCAST_FAULT),
      entityKey: ofMessage,
      idempotent: true,
    }),
    'messages.delete': defineTool({ risk: 'destructive', args: message, entityKey: ofMessage, idempotent: true }),
    'reactions.add': defineTool({
      risk: 'write',
      args: z.strictObject({
        channel,
        ts,
        /** Without colons; a tone of skin is part of it: `wave::skin-tone-2`. */
        name: z.string().regex(/^[\p{Ll}\p{Lo}\p{N}_+'-]{1,100}(::skin-tone-[2-6])?$/u, 'must be the name of an emoji'),
      }),
      entityKey: ofMessage,
      idempotent: true,
    }),
    'conversations.invite': defineTool({
      risk: 'write',
      args: z.strictObject({ channel, users: z.array(user).min(1).max(100) }),
      entityKey: ofChannel,
      idempotent: true,
    }),
    'conversations.archive': defineTool({
      risk: 'destructive',
      args: z.strictObject({ channel }),
      entityKey: ofChannel,
      idempotent: true,
    }),
  },
});
