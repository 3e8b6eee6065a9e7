import { createStopper, type RunningService } from '@holdpoint/shared/runtime/service';
import { buildApp } from './app.ts';
import type { IngestConfig } from './config.ts';
import { runAfterHooks } from './consumers/after-hooks.ts';
import { recordReceived } from './consumers/received.ts';
import { buildContext, ingestLogger } from './context.ts';
import { keepCounts } from './jobs/keep-counts.ts';

/** Starts one instance. What a failed start had opened is closed again. */
export async function startIngest(config: IngestConfig, signal?: AbortSignal): Promise<RunningService> {
  const logger = ingestLogger(config);
  const stopper = createStopper(logger);
  try {
    const context = await buildContext(config, logger, stopper, signal);
    const counts = keepCounts(context, config.counts);
    stopper.onStop('counts', () => counts.stop());
    await counts.ready;
    const received = recordReceived(context);
    stopper.onStop('received', () => received.stop());
    const after = await runAfterHooks(context);
    stopper.onStop('after hooks', () => after.stop());
    const http = await buildApp(config, context);
    stopper.onStop('http', () => http.close());
    const url = await http.listen(config.host, config.port);
    return { url, stop: stopper.stop };
  } catch (error) {
    await stopper.stop();
    throw error;
  }
}
