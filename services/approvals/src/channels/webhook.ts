import type { WebhookChannel } from '@holdpoint/shared/workspace/notifications';
import { Webhook } from 'standardwebhooks';
import { retryAfterMs } from '../core/delivery-backoff.ts';
import { kindOf } from '../core/notices.ts';
import type { Delivered, Delivery, Sending } from './delivery.ts';
import { post } from './outbound.ts';

/** A receiver's answer is not read. */
const ANSWER_MAX_BYTES = 1_024;

/** Signed as Standard Webhooks says; 2xx takes it, 410 ends the channel, anything else is tried again. */
export async function sendWebhook(
  { url, secret }: WebhookChannel,
  { id, notice, approval, at, signal }: Delivery,
  { outbound, nowMs }: Sending,
): Promise<Delivered> {
  const body = JSON.stringify({ type: `approval.${kindOf(notice)}`, timestamp: at.toISOString(), data: approval });
  const webhookId = `msg_${id}`;
  const sentAt = new Date(nowMs);
  const { status, header } = await post(outbound, {
    url,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'holdpoint',
      'webhook-id': webhookId,
      'webhook-timestamp': String(Math.floor(nowMs / 1000)),
      'webhook-signature': new Webhook(secret).sign(webhookId, sentAt, body),
    },
    body,
    signal,
    answerMaxBytes: ANSWER_MAX_BYTES,
  });
  if (status >= 200 && status < 300) return { kind: 'sent' };
  const reason = `answered ${status}`;
  if (status === 410) return { kind: 'gone', reason: `${reason}: the receiver wants nothing more` };
  const afterMs = retryAfterMs(header('retry-after'), nowMs);
  if (afterMs === undefined) return { kind: 'again', reason };
  return { kind: 'again', reason, afterMs, limited: status === 429 };
}
