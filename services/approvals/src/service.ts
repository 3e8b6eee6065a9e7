import { createStopper, type RunningService, type Stopper } from '@holdpoint/shared/runtime/service';
import { buildApp } from './app.ts';
import type { ApprovalsConfig } from './config.ts';
import { consumeNotices } from './consumers/notices.ts';
import { approvalsLogger, type Context, createContext } from './context.ts';
import { startEscalations, startExpiry, startReminders } from './jobs/due.ts';
import { startNoticeSweep } from './jobs/notice-sweep.ts';
import { startNotificationGauge, startPruning } from './jobs/notification-upkeep.ts';
import { startPendingGauge } from './jobs/pending-gauge.ts';
import { startSending } from './jobs/sending.ts';
import { startSessionExpiry } from './jobs/session-expiry.ts';
import { startStreams } from './jobs/streams.ts';

/** Starts one instance. What a failed start had opened is closed again. */
export async function startApprovals(config: ApprovalsConfig, signal?: AbortSignal): Promise<RunningService> {
  const logger = approvalsLogger(config);
  const stopper = createStopper(logger);
  try {
    const context = await createContext(config, logger, stopper, signal);
    const streams = startStreams(context);
    stopper.onStop('streams', () => streams.stop());
    const expiry = startExpiry(context);
    stopper.onStop('expiry', () => expiry.stop());
    const escalations = startEscalations(context);
    stopper.onStop('escalations', () => escalations.stop());
    const reminders = startReminders(context);
    stopper.onStop('reminders', () => reminders.stop());
    const gauge = startPendingGauge(context);
    stopper.onStop('pending gauge', () => gauge.stop());
    const sessions = startSessionExpiry(context);
    stopper.onStop('session expiry', () => sessions.stop());
    startNotifications(context, stopper);
    const http = await buildApp(context);
    stopper.onStop('http', () => http.close());
    stopper.onStop('open waits and streams', () => context.drain());
    const url = await http.listen(config.host, config.port);
    return { url, stop: stopper.stop };
  } catch (error) {
    await stopper.stop();
    throw error;
  }
}

/** Without channels nothing is recorded; what was, while there were some, is still sent or ended. */
function startNotifications(context: Context, stopper: Stopper): void {
  const sending = startSending(context);
  stopper.onStop('notifications', () => sending.stop());
  const notices = consumeNotices(context, sending.nudge);
  stopper.onStop('notices', () => notices.stop());
  const polls = [startNoticeSweep(context, sending.nudge), startNotificationGauge(context), startPruning(context)];
  stopper.onStop('notification polls', () => Promise.all(polls.map((poll) => poll.stop())));
}
