export interface PollOptions {
  readonly name: string;
  readonly everyMs: number;
  /** One round. The signal aborts when the poll is stopped. */
  run(signal: AbortSignal): Promise<unknown>;
  onError(error: unknown): void;
  /** Share of the wait that is random, so that instances spread out; 0.1 unless told. */
  readonly jitter?: number;
  /** Where waits end up after rounds that failed one after another; ten times `everyMs`, at least 5 s, unless told. */
  readonly backoffMaxMs?: number;
}

export interface Poll {
  /** Asks for a round now; during a round, for another right after it. */
  nudge(): void;
  /** Starts no further round and resolves when the one under way has ended. */
  stop(): Promise<void>;
}

/** Runs at once, then whenever nudged or `everyMs` after the last round ended. Rounds never overlap. */
export function startPoll(options: PollOptions): Poll {
  const { everyMs, jitter = 0.1, backoffMaxMs = Math.max(5_000, everyMs * 10) } = options;
  const controller = new AbortController();
  let nudged = false;
  let wake: (() => void) | undefined;

  async function loop(): Promise<void> {
    let failures = 0;
    while (!controller.signal.aborted) {
      nudged = false;
      try {
        await options.run(controller.signal);
        failures = 0;
      } catch (error) {
        failures += 1;
        if (!controller.signal.aborted) options.onError(error);
      }
      const backoffMs = failures === 0 ? everyMs : Math.min(everyMs * 2 ** Math.min(failures, 16), backoffMaxMs);
      // A nudge means that there is work, not that the cause of a failure is gone.
      await wait(backoffMs * (1 + jitter * Math.random()), failures === 0);
    }
  }

  function wait(ms: number, wakeable: boolean): Promise<void> {
    if (controller.signal.aborted || (wakeable && nudged)) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        wake = undefined;
        controller.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      controller.signal.addEventListener('abort', done);
      wake = wakeable ? done : undefined;
    });
  }

  const ended = loop();
  return {
    nudge() {
      nudged = true;
      wake?.();
    },
    async stop() {
      controller.abort();
      await ended;
    },
  };
}
