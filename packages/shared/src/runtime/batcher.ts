import { HoldpointError } from '../domain/errors.ts';

export interface BatcherOptions<T, R> {
  readonly name: string;
  /** One result an item, in the order of the items. */
  flush(items: readonly T[]): Promise<readonly R[]>;
  /** Items a flush. */
  readonly maxItems: number;
  /** Bytes a flush, by `sizeOf`; one larger item goes alone. */
  readonly maxBytes?: number;
  sizeOf?(item: T): number;
  /** Items that may wait; one more is refused. */
  readonly maxQueued: number;
  /** Least time between the starts of two flushes; 0 unless told. */
  readonly minGapMs?: number;
  /** Flushes in flight at once; 1 unless told. */
  readonly concurrency?: number;
  /** Whether a failed flush is worth trying item by item: one unique violation aborts all of its statement. */
  retrySingly?(error: unknown): boolean;
}

export interface Batcher<T, R> {
  /** @throws {HoldpointError} DEPENDENCY_UNAVAILABLE where the queue is full; else what the item's flush threw */
  add(item: T): Promise<R>;
  /** Resolves when nothing waits and nothing is in flight. */
  drain(): Promise<void>;
  /** Items that wait for a flush. */
  readonly depth: number;
}

interface Entry<T, R> {
  readonly item: T;
  readonly bytes: number;
  resolve(result: R): void;
  reject(error: unknown): void;
}

/**
 * A natural batcher: the next flush starts when the last returns, with all that came meanwhile. Alone, an item waits for
 * nothing; under load batches grow by themselves.
 */
export function createBatcher<T, R>(options: BatcherOptions<T, R>): Batcher<T, R> {
  const { name, maxItems, maxBytes = Number.POSITIVE_INFINITY, maxQueued, minGapMs = 0, concurrency = 1 } = options;
  let queue: Entry<T, R>[] = [];
  let inFlight = 0;
  let scheduled = false;
  let lastStart = Number.NEGATIVE_INFINITY;
  let idleWaiters: (() => void)[] = [];

  function schedule(): void {
    if (scheduled || queue.length === 0 || inFlight >= concurrency) return;
    scheduled = true;
    const gapMs = lastStart + minGapMs - performance.now();
    // An immediate, not a microtask: callers whose flush has just returned get to join the next one.
    if (gapMs > 0) setTimeout(start, gapMs);
    else setImmediate(start);
  }

  function start(): void {
    scheduled = false;
    lastStart = performance.now();
    const entries = take();
    inFlight += 1;
    void settle(options, entries).then(() => {
      inFlight -= 1;
      schedule();
      if (inFlight === 0 && queue.length === 0) {
        for (const wake of idleWaiters) wake();
        idleWaiters = [];
      }
    });
    schedule();
  }

  function take(): Entry<T, R>[] {
    let count = 0;
    let bytes = 0;
    for (const entry of queue) {
      if (count === maxItems || (count > 0 && bytes + entry.bytes > maxBytes)) break;
      count += 1;
      bytes += entry.bytes;
    }
    const entries = queue.slice(0, count);
    queue = queue.slice(count);
    return entries;
  }

  return {
    add(item) {
      if (queue.length >= maxQueued) {
        return Promise.reject(new HoldpointError('DEPENDENCY_UNAVAILABLE', `${name}: ${maxQueued} already wait`));
      }
      return new Promise<R>((resolve, reject) => {
        queue.push({ item, bytes: options.sizeOf?.(item) ?? 0, resolve, reject });
        schedule();
      });
    },
    drain() {
      if (inFlight === 0 && queue.length === 0) return Promise.resolve();
      return new Promise((resolve) => idleWaiters.push(resolve));
    },
    get depth() {
      return queue.length;
    },
  };
}

/** Flushes the entries and tells each what became of it. Never rejects. */
async function settle<T, R>(options: BatcherOptions<T, R>, entries: readonly Entry<T, R>[]): Promise<void> {
  try {
    const results = await options.flush(entries.map((entry) => entry.item));
    if (results.length !== entries.length) {
      throw new HoldpointError('INTERNAL', `${options.name}: ${results.length} results for ${entries.length} items`);
    }
    entries.forEach((entry, index) => {
      entry.resolve(results[index] as R);
    });
  } catch (error) {
    if (entries.length > 1 && options.retrySingly?.(error)) {
      for (const entry of entries) await settle(options, [entry]);
    } else {
      for (const entry of entries) entry.reject(error);
    }
  }
}
