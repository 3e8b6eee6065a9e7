import { once } from 'node:events';
import { WorkspaceError } from '../workspace/workspace-error.ts';
import { ConfigError } from './config.ts';
import { createLogger, type Logger } from './logger.ts';

export interface RunningService {
  readonly url: string;
  /** Drains and closes everything; the same promise however often it is called. */
  stop(): Promise<void>;
}

export interface RunOptions {
  readonly name: string;
  /** Reads the configuration and starts; the signal aborts when the process is told to end meanwhile. */
  start(signal: AbortSignal): Promise<RunningService>;
  /** Deals with an error that nobody caught, where it is another's code that the service runs. False: it is our own. */
  handStray?(error: unknown): boolean;
}

/** Longer, and the process ends with 1: what is unfinished is picked up by others, as after a crash. */
const DRAIN_MAX_MS = 8_000;
const EXIT_BAD_CONFIG = 78;

/**
 * A service's `main`: starts it, and drains it on SIGTERM or SIGINT. Ends with 78 for a bad configuration or workspace, with 1 for
 * anything unforeseen that is its own: a supervisor starts it again.
 */
export async function runService({ name, start, handStray }: RunOptions): Promise<void> {
  const logger = createLogger({ service: name, level: 'info', instance: String(process.pid) });
  const ending = new AbortController();
  const told = () => {
    if (ending.signal.aborted) return;
    ending.abort();
    // Counts from the signal: a start that does not listen to it is bounded too.
    setTimeout(() => {
      logger.error(`${name} did not drain within ${DRAIN_MAX_MS} ms`);
      process.exit(1);
    }, DRAIN_MAX_MS);
  };
  // They stay: a repeated signal must not end the process in the middle of its drain.
  process.on('SIGTERM', told);
  process.on('SIGINT', told);
  const crash = (err: unknown) => {
    logger.fatal({ err }, 'unforeseen, the process ends');
    process.exit(1);
  };
  const uncaught = (err: unknown) => {
    if (!handStray?.(err)) crash(err);
  };
  process.on('uncaughtException', uncaught);
  process.on('unhandledRejection', uncaught);
  try {
    const running = await start(ending.signal);
    logger.info({ url: running.url }, `${name} is running`);
    if (!ending.signal.aborted) await once(ending.signal, 'abort');
    logger.info(`${name} is draining`);
    await running.stop();
    logger.info(`${name} has stopped`);
    process.exit(0);
  } catch (error) {
    if (error instanceof ConfigError || error instanceof WorkspaceError) {
      process.stderr.write(`${error.message}\n`);
      process.exit(EXIT_BAD_CONFIG);
    }
    if (!ending.signal.aborted) return crash(error);
    logger.info({ err: error }, `${name} was told to end before it was up`);
    process.exit(0);
  }
}

export interface Stopper {
  /** Registers how to stop what was just started. A step that takes longer than `limitMs` (5 s) is left behind. */
  onStop(name: string, stop: () => unknown, limitMs?: number): void;
  /** Runs the steps in reverse, one after another; the same promise however often it is called. Never rejects. */
  stop(): Promise<void>;
}

const STEP_MAX_MS = 5_000;

/**
 * Collects what has to be stopped, in the order it was started: clients first, then workers, then doors. Reversed, doors
 * close first. Also serves a start that fails half-way.
 */
export function createStopper(logger: Logger): Stopper {
  const steps: { name: string; stop: () => unknown; limitMs: number }[] = [];
  let stopped: Promise<void> | undefined;

  async function stopAll(): Promise<void> {
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
      const startedAt = performance.now();
      try {
        await withLimit(step.stop, step.limitMs);
        logger.debug({ step: step.name, ms: Math.round(performance.now() - startedAt) }, 'stopped');
      } catch (err) {
        logger.error({ err, step: step.name }, 'a part did not stop as it should');
      }
    }
  }

  return {
    onStop(name, stop, limitMs = STEP_MAX_MS) {
      steps.push({ name, stop, limitMs });
    },
    stop() {
      stopped ??= stopAll();
      return stopped;
    },
  };
}

async function withLimit(stop: () => unknown, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${limitMs} ms`)), limitMs);
  });
  try {
    await Promise.race([(async () => stop())(), late]);
  } finally {
    clearTimeout(timer);
  }
}
