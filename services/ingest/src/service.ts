import { runAfterHooks } from '@holdpoint/hooks/run-after-hooks';
import { createStopper, type RunningService } from '@holdpoint/shared/runtime/service';
import { buildApp } from './app.ts';
import type { IngestConfig } from './config.ts';
import { recordReceived } from './consumers/received.ts';
import { buildContext, ingestLogger } from './context.ts';
import { keepCounts } from './jobs/keep-counts.ts';

/** Events run at once of one `after` hook. */
const AFTER_AT_ONCE_MAX = 32;

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
    const after = await runAfterHooks({
      nats: context.nats,
      logger,
      hooks: context.hooks.after,
      atOnceMax: AFTER_AT_ONCE_MAX,
      endThreads: () => context.hooks.stop(),
    });
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
