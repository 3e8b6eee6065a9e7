import { createStopper, type RunningService } from '@holdpoint/shared/runtime/service';
import { createApp } from './app.ts';
import type { ExecutorConfig } from './config.ts';
import { consumeDoorbells } from './consumers/doorbells.ts';
import { createContext, executorLogger } from './context.ts';
import { startBacklogGauge } from './jobs/backlog-gauge.ts';
import { startConnectorHealth } from './jobs/connector-health.ts';
import { startDue } from './jobs/due.ts';
import { startEntityExpiry, startKvExpiry } from './jobs/expiry.ts';
import { startJudge } from './jobs/judge.ts';
import { startSweep } from './jobs/sweep.ts';
import { startWorkers } from './jobs/workers.ts';

/**
 * Starts one executor; any number may run. Stopped doors first: calls in hand end within a limit and are recorded and told.
 * What had been started when a start fails is stopped again.
 */
export async function startExecutor(config: ExecutorConfig, signal?: AbortSignal): Promise<RunningService> {
  const logger = executorLogger(config);
  const stopper = createStopper(logger);
  const draining = new AbortController();
  const abandon = new AbortController();
  try {
    const ending = { draining: draining.signal, abandon: abandon.signal };
    const context = await createContext(config, logger, stopper, ending, signal);
    // For what outlasted the drain: its end is recorded as unknown while there is still time.
    stopper.onStop('what is left', () => abandon.abort());
    const polls = [
      startBacklogGauge(context),
      startJudge(context),
      startDue(context),
      startKvExpiry(context),
      startEntityExpiry(context),
      startConnectorHealth(context),
    ];
    stopper.onStop('polls', () => Promise.all(polls.map((poll) => poll.stop())));
    const sweep = startSweep(context);
    stopper.onStop('sweep', () => sweep.stop());
    const workers = startWorkers(context);
    const doorbells = consumeDoorbells(context);
    const { drainMaxMs } = config.limits;
    stopper.onStop(
      'doorbells and calls',
      async () => {
        const late = setTimeout(() => abandon.abort(), drainMaxMs);
        await Promise.all([doorbells.stop(), workers.stop()]);
        clearTimeout(late);
      },
      drainMaxMs + 1_000,
    );
    const http = await createApp(context, sweep);
    stopper.onStop('http', () => http.close());
    const url = await http.listen(config.host, config.port);
    return {
      url,
      stop() {
        draining.abort();
        http.drain();
        return stopper.stop();
      },
    };
  } catch (error) {
    await stopper.stop();
    throw error;
  }
}
