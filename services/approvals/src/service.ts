import { createStopper, type RunningService } from '@holdpoint/shared/runtime/service';
import { buildApp } from './app.ts';
import type { ApprovalsConfig } from './config.ts';
import { approvalsLogger, createContext } from './context.ts';
import { startExpiry } from './jobs/expiry.ts';
import { startPendingGauge } from './jobs/pending-gauge.ts';
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
    const gauge = startPendingGauge(context);
    stopper.onStop('pending gauge', () => gauge.stop());
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
