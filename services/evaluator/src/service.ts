import { createLogger } from '@holdpoint/shared/runtime/logger';
import { createStopper, type RunningService } from '@holdpoint/shared/runtime/service';
import { createApp } from './app.ts';
import type { EvaluatorConfig } from './config.ts';
import { consumePlans } from './consumers/plans.ts';
import { createContext } from './context.ts';
import { createDecider } from './decide-plans.ts';
import { startAfterHooks } from './jobs/after-hooks.ts';
import { startErasing } from './jobs/erase-records.ts';
import { startLimits } from './jobs/limits.ts';
import { startPartitions } from './jobs/partitions.ts';
import { startReload } from './jobs/reload.ts';
import { startRescore } from './jobs/rescore.ts';

/** Starts one evaluator; any number may run. Stopped doors first: what is in hand is decided, recorded and told. */
export async function startEvaluator(config: EvaluatorConfig, signal?: AbortSignal): Promise<RunningService> {
  const logger = createLogger({ service: 'evaluator', level: config.logLevel, instance: config.instanceId ?? '' });
  const stopper = createStopper(logger);
  try {
    const context = await createContext(config, stopper, signal);
    const partitions = startPartitions(context);
    stopper.onStop('partitions', () => partitions.stop());
    if (config.recordsDays !== undefined) {
      const erasing = startErasing(context, config.recordsDays);
      stopper.onStop('erasing', () => erasing.stop());
    }
    const limits = startLimits(context);
    stopper.onStop('limits', () => limits.stop());
    const after = await startAfterHooks(context);
    stopper.onStop('after hooks', () => after.stop());
    const decider = createDecider(context);
    stopper.onStop('decisions', () => decider.drain());
    const reload = await startReload(context);
    stopper.onStop('reload', () => reload.stop());
    const doors = [startRescore(context), consumePlans(context, decider)];
    stopper.onStop('plans and rescores', () => Promise.all(doors.map((door) => door.stop())));
    const draining = new AbortController();
    const http = await createApp(context, { decider, reload, draining: draining.signal });
    stopper.onStop('http', () => http.close());
    const url = await http.listen(config.host, config.port);
    return {
      url,
      stop() {
        http.drain();
        draining.abort();
        return stopper.stop();
      },
    };
  } catch (error) {
    await stopper.stop();
    throw error;
  }
}
