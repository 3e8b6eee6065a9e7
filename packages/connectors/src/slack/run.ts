import { type ConnectorContext, defineConnector } from '@holdpoint/sdk/define';
import { Terminal } from '@holdpoint/sdk/errors';
import { z } from 'zod';
import { callSlack } from './call-slack.ts';
import { findMessage, messageMetadata } from './find-message.ts';
import { slackSettings } from './settings.ts';
import type { slack } from './tools.ts';

const answeredMessage = z.object({ channel: z.string(), ts: z.string() });
const answeredUser = z.object({
  user: z.object({
    id: z.string(),
    team_id: z.string().optional(),
    name: z.string(),
    real_name: z.string().optional(),
    deleted: z.boolean().default(false),
    is_bot: z.boolean().default(false),
    tz: z.string().optional(),
  }),
});
const answeredChannel = z.object({
  channel: z.object({
    id: z.string(),
    name: z.string().optional(),
    is_archived: z.boolean().default(false),
    is_private: z.boolean().default(false),
    is_im: z.boolean().default(false),
    is_ext_shared: z.boolean().default(false),
    num_members: z.int().optional(),
  }),
});
const answeredNothing = z.object({ error: z.string().optional() });
const answeredInvite = z.object({
  error: z.string().optional(),
  errors: z.array(z.object({ user: z.string().optional(), error: z.string() })).default([]),
});

export const runner = defineConnector<typeof slack>({
  init({ tenants }) {
    for (const { config, secret } of Object.values(tenants)) {
      slackSettings(config);
      secret('token');
    }
  },
  run: {
    async 'users.lookup'(args, ctx) {
      return (await callSlack(ctx, { method: 'users.lookupByEmail', args, answer: answeredUser })).user;
    },
    async 'conversations.info'({ channel }, ctx) {
      const args = { channel, include_num_members: true };
      return (await callSlack(ctx, { method: 'conversations.info', args, answer: answeredChannel })).channel;
    },
    'messages.post'({ channel, text, thread_ts }, ctx) {
      const { metadata } = slackSettings(ctx.config);
      const args = {
        ...{ channel, text },
        ...(thread_ts !== undefined && { thread_ts }),
        ...(metadata && { metadata: messageMetadata(ctx.actionId) }),
      };
      return callSlack(ctx, { method: 'chat.postMessage', args, answer: answeredMessage });
    },
    'messages.update'({ channel, ts, text }, ctx) {
      // Its default, unlike that of a post, makes mentions of what only looks like one.
      const args = { channel, ts, text, parse: 'none' } as const;
      return callSlack(ctx, { method: 'chat.update', args, answer: answeredMessage });
    },
    'messages.delete': deleteMessage,
    async 'reactions.add'({ channel, ts, name }, ctx) {
      const args = { channel, timestamp: ts, name };
      const asGood = ['already_reacted'];
      const { error } = await callSlack(ctx, { method: 'reactions.add', args, answer: answeredNothing, asGood });
      return { already: error !== undefined };
    },
    'conversations.invite': invite,
    async 'conversations.archive'(args, ctx) {
      const asGood = ['already_archived'];
      const { error } = await callSlack(ctx, {
        method: 'conversations.archive',
        args,
        answer: answeredNothing,
        asGood,
      });
      return { already: error !== undefined };
    },
  },
  reconcile: {
    async 'messages.post'(args, ctx) {
      const found = await findMessage(args, ctx);
      if (found === 'unknown') return 'unknown';
      return found ? { applied: { channel: args.channel, ts: found.ts } } : 'not_applied';
    },
  },
});

/** What is gone is as good as deleted where an earlier attempt may have done it; else it is the wrong message. */
async function deleteMessage(args: { readonly channel: string; readonly ts: string }, ctx: ConnectorContext) {
  const asGood = ctx.attempt > 1 ? ['message_not_found'] : [];
  const { error } = await callSlack(ctx, { method: 'chat.delete', args, answer: answeredNothing, asGood });
  return { already: error !== undefined };
}

/**
 * Each that can be invited, whatever is the matter with the others (`force`); who is there already is as good as invited.
 * https://docs.slack.dev/reference/methods/conversations.invite
 */
async function invite(
  { channel, users }: { readonly channel: string; readonly users: readonly string[] },
  ctx: ConnectorContext,
) {
  const args = { channel, users: users.join(','), force: true };
  const asGood = ['already_in_channel'];
  const answered = await callSlack(ctx, { method: 'conversations.invite', args, answer: answeredInvite, asGood });
  const refused = answered.errors.filter(({ error }) => error !== 'already_in_channel');
  if (refused.length === users.length) throw new Terminal(`slack invites none of them: ${refused[0]?.error}`);
  return { refused };
}
