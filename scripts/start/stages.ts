/** What was started, to be stopped in reverse: later stages first, the parts of one stage side by side. */
export interface Stages {
  /** What is added from here on stops before what was added so far. */
  next(): void;
  add(stop: () => unknown): void;
  /** The same promise however often it is called. Never rejects: what does not stop is told to `onError`. */
  stop(): Promise<void>;
}

export function openStages(onError: (error: unknown) => void): Stages {
  const stages: (() => unknown)[][] = [[]];
  let stopped: Promise<void> | undefined;

  async function stopAll(): Promise<void> {
    for (let stage = stages.pop(); stage !== undefined; stage = stages.pop()) {
      const results = await Promise.allSettled(stage.map(async (stop) => stop()));
      for (const result of results) if (result.status === 'rejected') onError(result.reason);
    }
  }

  return {
    next: () => void stages.push([]),
    add: (stop) => void stages.at(-1)?.push(stop),
    stop() {
      stopped ??= stopAll();
      return stopped;
    },
  };
}
