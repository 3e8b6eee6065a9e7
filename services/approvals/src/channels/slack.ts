import type { SlackChannel } from '@holdpoint/shared/workspace/notifications';
import { z } from 'zod';
import { noticeText } from '../core/notice-text.ts';
import { isEnding } from '../core/notices.ts';
import { slackMessage } from '../core/slack-message.ts';
import type { Delivered, Delivery, Sending } from './delivery.ts';
import { callSlack, type SlackAnswer } from './slack-api.ts';

/** A message is known by its channel and its time stamp. */
const receiptSchema = z.object({ channel: z.string(), ts: z.string() });

/** Errors that pass, or that somebody can mend in Slack meanwhile. */
const REFUSALS = new Set(['invalid_blocks', 'invalid_blocks_format', 'msg_too_long', 'no_text', 'msg_blocks_too_long']);

/** Asks with buttons; when it has ended, takes the buttons from every message that asked, and says how. */
export async function sendSlack(channel: SlackChannel, delivery: Delivery, sending: Sending): Promise<Delivered> {
  const { notice, approval, earlier } = delivery;
  const text = noticeText(approval, notice, sending.publicUrl, sending.nowMs);
  const message = slackMessage(text, approval.id, !isEnding(notice));
  if (!isEnding(notice)) return postMessage(channel, delivery, sending, message);
  const posted = earlier.flatMap((one) => receiptSchema.safeParse(one).data ?? []);
  if (posted.length > 0) return updateAll(channel, posted, delivery, sending, message);
  if (!channel.on.includes('requested')) return postMessage(channel, delivery, sending, message);
  return { kind: 'skipped', reason: 'there is no message that asked' };
}

async function postMessage(
  channel: SlackChannel,
  { id, signal }: Delivery,
  { outbound, nowMs }: Sending,
  message: object,
): Promise<Delivered> {
  const body = {
    ...message,
    channel: channel.channel,
    unfurl_links: false,
    unfurl_media: false,
    metadata: { event_type: 'holdpoint_notification', event_payload: { id } },
  };
  const answer = await callSlack(outbound, channel, 'chat.postMessage', body, { signal, nowMs });
  if (!answer.ok) return unsent(answer);
  return { kind: 'sent', receipt: { channel: answer.body.channel ?? channel.channel, ts: answer.body.ts ?? '' } };
}

/** One that was deleted in Slack wants no update. Repeating those that went through is harmless. */
async function updateAll(
  channel: SlackChannel,
  posted: readonly z.infer<typeof receiptSchema>[],
  { signal }: Delivery,
  { outbound, nowMs }: Sending,
  message: object,
): Promise<Delivered> {
  for (const where of posted) {
    const answer = await callSlack(outbound, channel, 'chat.update', { ...message, ...where }, { signal, nowMs });
    if (!answer.ok && answer.error !== 'message_not_found') return unsent(answer);
  }
  return { kind: 'sent' };
}

function unsent({ error, limited, afterMs }: Extract<SlackAnswer, { ok: false }>): Delivered {
  const reason = `Slack: ${error}`;
  if (REFUSALS.has(error)) return { kind: 'refused', reason };
  return { kind: 'again', reason, limited, ...(afterMs !== undefined && { afterMs }) };
}
