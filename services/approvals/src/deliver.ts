import type { Approval } from '@holdpoint/shared/domain/approval';
import type { Channel } from '@holdpoint/shared/workspace/notifications';
import type { Delivered, Delivery, Sending } from './channels/delivery.ts';
import { targetOf } from './channels/directory.ts';
import { sendEmail } from './channels/email.ts';
import { whyNotSent } from './channels/outbound.ts';
import { sendSlack } from './channels/slack.ts';
import { sendWebhook } from './channels/webhook.ts';
import type { Context } from './context.ts';
import { ATTEMPTS_MAX, deliveryBackoffMs } from './core/delivery-backoff.ts';
import { isEnding } from './core/notices.ts';
import type { ClaimedNotification } from './store/claim-notifications.ts';
import { disableChannel } from './store/disable-channel.ts';
import { type AttemptEnd, endAttempt } from './store/end-attempt.ts';
import { findReceipts } from './store/find-receipts.ts';
import { readApproval } from './store/read-approval.ts';

/** For how long a receiver may ask for time without using up attempts. */
const LIMITED_MAX_MS = 24 * 3_600_000;

/** Sends what was claimed and records what became of it. Aborted, it is given back, to be sent again under the same id. */
export async function deliver(
  context: Context,
  claimed: ClaimedNotification,
  draining: AbortSignal,
): Promise<{ readonly restMs: number }> {
  const channel = context.directory.find(claimed.tenant, claimed.channel);
  const delivered = await attempt(context, claimed, channel, draining);
  const end = endOf(claimed, delivered, draining.aborted, context.clock().getTime());
  if (delivered.kind === 'gone' && channel) {
    await disableChannel(context.db, claimed.tenant, channel.id, targetOf(channel));
  }
  await endAttempt(context.db, claimed, end);
  context.metrics.notified(channel?.type ?? 'none', end.as === 'due' ? 'retried' : end.as);
  report(context, claimed, delivered, end);
  return { restMs: delivered.kind === 'again' && delivered.limited ? (delivered.afterMs ?? 1_000) : 0 };
}

async function attempt(
  context: Context,
  claimed: ClaimedNotification,
  channel: Channel | undefined,
  draining: AbortSignal,
): Promise<Delivered> {
  const { tenant, approval: approvalId, notice } = claimed;
  // Another instance may have a newer workspace, in which it stands.
  if (!channel) return { kind: 'again', reason: 'there is no such channel in the workspace' };
  if (claimed.disabled_target === targetOf(channel)) {
    return { kind: 'skipped', reason: 'the channel is disabled: its receiver is gone' };
  }
  const approval = (await readApproval(context.db, tenant, approvalId))?.approval;
  if (!approval) return { kind: 'skipped', reason: 'there is no such approval' };
  if (!isEnding(notice) && approval.status !== 'pending') {
    return { kind: 'skipped', reason: `it was ${approval.status} meanwhile` };
  }
  return send(context, channel, claimed, approval, draining);
}

async function send(
  { config, db, clock, outbound, publicUrl }: Context,
  channel: Channel,
  { id, notice, created_at: at, approval: approvalId }: ClaimedNotification,
  approval: Approval,
  draining: AbortSignal,
): Promise<Delivered> {
  const earlier = isEnding(notice) ? await findReceipts(db, approvalId, channel.id) : [];
  const signal = AbortSignal.any([draining, AbortSignal.timeout(config.limits.sendMaxMs)]);
  const delivery: Delivery = { id, notice, approval, at, earlier, signal };
  const sending: Sending = { outbound, publicUrl, nowMs: clock().getTime() };
  try {
    return await Promise.race([sendBy(channel, delivery, sending), overBy(signal)]);
  } catch (error) {
    return { kind: 'again', reason: whyNotSent(error) };
  }
}

/** Not every client hears the signal. */
function overBy(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function sendBy(channel: Channel, delivery: Delivery, sending: Sending): Promise<Delivered> {
  switch (channel.type) {
    case 'webhook':
      return sendWebhook(channel, delivery, sending);
    case 'slack':
      return sendSlack(channel, delivery, sending);
    case 'email':
      return sendEmail(channel, delivery, sending);
    default:
      return channel satisfies never;
  }
}

function endOf(
  { attempts, created_at }: ClaimedNotification,
  delivered: Delivered,
  drained: boolean,
  nowMs: number,
): AttemptEnd {
  switch (delivered.kind) {
    case 'sent':
      return { as: 'sent', receipt: delivered.receipt };
    case 'skipped':
      return { as: 'skipped', error: delivered.reason };
    case 'refused':
    case 'gone':
      return { as: 'failed', error: delivered.reason };
    case 'again': {
      const { reason, afterMs } = delivered;
      const limited = delivered.limited === true && nowMs - created_at.getTime() < LIMITED_MAX_MS;
      if (drained) return { as: 'due', error: null, afterMs: 0, counts: false };
      if (attempts >= ATTEMPTS_MAX && !limited) return { as: 'failed', error: reason };
      return {
        as: 'due',
        error: reason,
        afterMs: deliveryBackoffMs(attempts, Math.random(), afterMs),
        counts: !limited,
      };
    }
    default:
      return delivered satisfies never;
  }
}

function report({ logger }: Context, claimed: ClaimedNotification, delivered: Delivered, end: AttemptEnd): void {
  const { id, tenant, channel, approval, notice, attempts } = claimed;
  const about = { notification: id, tenant, channel, approval, notice, attempts };
  if (delivered.kind === 'gone') logger.warn(about, 'a receiver is gone, its channel is disabled');
  else if (end.as === 'failed') logger.warn({ ...about, reason: end.error }, 'a notification failed');
  else logger.debug({ ...about, end }, 'a notification was attempted');
}
