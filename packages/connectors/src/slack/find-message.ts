import type { ConnectorContext } from '@holdpoint/sdk/define';
import { z } from 'zod';
import { actionTimeMs } from '../remote/action-time.ts';
import { callSlack } from './call-slack.ts';
import { slackSettings } from './settings.ts';

/** Apps that are sold outside of the Marketplace get 15 a page: https://docs.slack.dev/reference/methods/conversations.history */
const PAGE_MESSAGES = 200;
const PAGES_MAX = 5;
/** How far Slack's clock may be behind the one that gave the action its id. */
const SKEW_MS = 10 * 60_000;
const EVENT_TYPE = 'holdpoint';

/** Goes with a message, and is shown to apps alone: https://docs.slack.dev/messaging/message-metadata */
export function messageMetadata(actionId: string) {
  return { event_type: EVENT_TYPE, event_payload: { action: actionId } };
}

const answeredPage = z.object({
  messages: z.array(
    z.object({
      ts: z.string(),
      metadata: z
        .object({ event_type: z.string(), event_payload: z.record(z.string(), z.unknown()) })
        .optional()
        .catch(undefined),
    }),
  ),
  has_more: z.boolean().default(false),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});

export interface Posted {
  readonly channel: string;
  readonly thread_ts?: string;
}

/** The message that this action posted; null: all that was posted since the action was recorded was read, and it is not there. */
export async function findMessage(
  { channel, thread_ts }: Posted,
  ctx: ConnectorContext,
): Promise<{ readonly ts: string } | null | 'unknown'> {
  if (!slackSettings(ctx.config).metadata) return 'unknown';
  const where = { channel, include_all_metadata: true, limit: PAGE_MESSAGES, ...oldest(ctx) };
  let cursor: string | undefined;
  for (let page = 1; page <= PAGES_MAX; page += 1) {
    const args = { ...where, ...(cursor !== undefined && { cursor }) };
    // A reply stands in its thread alone.
    const { messages, has_more, response_metadata } = await (thread_ts === undefined
      ? callSlack(ctx, { method: 'conversations.history', args, answer: answeredPage })
      : callSlack(ctx, { method: 'conversations.replies', args: { ...args, ts: thread_ts }, answer: answeredPage }));
    const found = messages.find(
      ({ metadata }) => metadata?.event_type === EVENT_TYPE && metadata.event_payload.action === ctx.actionId,
    );
    if (found) return { ts: found.ts };
    cursor = response_metadata?.next_cursor || undefined;
    if (cursor === undefined) return has_more ? 'unknown' : null;
  }
  return 'unknown';
}

function oldest({ actionId }: ConnectorContext): { oldest?: string } {
  const recordedMs = actionTimeMs(actionId);
  return recordedMs === undefined ? {} : { oldest: ((recordedMs - SKEW_MS) / 1000).toFixed(6) };
}
