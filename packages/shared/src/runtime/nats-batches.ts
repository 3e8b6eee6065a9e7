import type { ConsumerMessages, JetStreamClient, JsMsg } from '@nats-io/jetstream';
import type { Logger } from './logger.ts';
import { withQuickHeaders } from './message-headers.ts';

export interface ConsumeBatchesOptions {
  readonly js: JetStreamClient;
  readonly stream: string;
  readonly durable: string;
  readonly logger: Logger;
  /**
   * Creates stream and consumer where they are missing. Asked before the first pull and after every failed one, so that a
   * server that came back empty is set up again.
   */
  ensure?(): Promise<unknown>;
  /**
   * Acknowledges each message itself. If it rejects, what it left unacknowledged comes again after a pause that grows with
   * each delivery.
   */
  handle(messages: JsMsg[]): Promise<unknown>;
  /** Messages a batch; 200 unless told. At most twice as many are held. */
  readonly maxMessages?: number;
  /** Bytes a batch, 4 MiB unless told; one larger message goes alone. */
  readonly maxBytes?: number;
  /** How long a message may wait for company; 2 ms unless told. Under load nothing waits: batches fill meanwhile. */
  readonly gatherMs?: number;
  /** How often held messages tell the server that they are worked on; a third of the consumer's `ack_wait`: 5 s. */
  readonly heartbeatMs?: number;
}

export interface BatchConsumer {
  /** Finishes the batch in hand, gives back what is held, and resolves. Takes up to one pull's length (1 s) longer. */
  stop(): Promise<void>;
  /** Messages held: in hand and waiting. */
  readonly depth: number;
}

/** Short, so that stopping never leaves a pull open whose messages nobody would hear. */
const PULL_MS = 1_000;
/** A pull that has not ended by then lost its server: it is given up and made again. */
const PULL_LOST_MS = PULL_MS + 8_000;
/** A batch that takes longer stops claiming that it is worked on: others may have its messages. */
const HOLD_MAX_MS = 10 * 60_000;
const RETRY_MAX_MS = 5_000;
const NAK_MAX_MS = 30_000;

/** Pulls a durable consumer and hands its messages over in batches, one at a time, pulling ahead by one batch. */
export function consumeBatches(options: ConsumeBatchesOptions): BatchConsumer {
  const { maxMessages = 200, maxBytes = 4 * 1024 * 1024, gatherMs = 2, heartbeatMs = 5_000 } = options;
  const stopping = new AbortController();
  const waiting = createWaiting({ maxMessages, maxBytes, gatherMs });
  let inHand: JsMsg[] = [];
  let inHandSince = 0;

  async function work(): Promise<void> {
    while (!stopping.signal.aborted) {
      const waitMs = waiting.dueInMs();
      if (waitMs > 0) {
        await waiting.changed.next(waitMs);
      } else {
        inHand = waiting.nextBatch();
        inHandSince = performance.now();
        await handleBatch(options, inHand);
        inHand = [];
      }
    }
  }

  const heartbeat = setInterval(() => {
    for (const message of waiting.messages()) message.working();
    if (performance.now() - inHandSince < HOLD_MAX_MS) for (const message of inHand) message.working();
  }, heartbeatMs);

  async function stop(): Promise<void> {
    stopping.abort();
    waiting.changed.notify();
    await ended;
    clearInterval(heartbeat);
    for (const message of waiting.messages()) message.nak();
    waiting.clear();
  }

  const ended = Promise.all([work(), pull(options, waiting, stopping.signal)]);
  let stopped: Promise<void> | undefined;
  return {
    stop() {
      stopped ??= stop();
      return stopped;
    },
    get depth() {
      return waiting.messages().length + inHand.length;
    },
  };
}

/** Pulls while there is room, until told to stop; sets up again what is missing. */
async function pull(options: ConsumeBatchesOptions, waiting: Waiting, signal: AbortSignal): Promise<void> {
  const { logger, stream, durable } = options;
  let failures = 0;
  while (!signal.aborted) {
    try {
      await options.ensure?.();
      const consumer = await options.js.consumers.get(stream, durable);
      while (!signal.aborted) {
        if (waiting.full()) await waiting.changed.next();
        else await take(await consumer.fetch({ max_messages: waiting.room(), expires: PULL_MS }), waiting);
        failures = 0;
      }
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      logger.warn({ err: error, stream, durable, failures }, 'nats: a pull failed, trying again');
      const backoffMs = Math.min(100 * 2 ** Math.min(failures, 6), RETRY_MAX_MS);
      await pause(backoffMs * (0.5 + Math.random() / 2), signal);
    }
  }
}

async function take(messages: ConsumerMessages, waiting: Waiting): Promise<void> {
  const lost = setTimeout(() => void messages.close(), PULL_LOST_MS);
  try {
    for await (const message of messages) waiting.add(withQuickHeaders(message));
  } finally {
    clearTimeout(lost);
  }
}

async function handleBatch({ handle, logger, stream, durable }: ConsumeBatchesOptions, batch: JsMsg[]): Promise<void> {
  try {
    await handle(batch);
  } catch (error) {
    logger.error({ err: error, stream, durable, messages: batch.length }, 'a batch failed, its messages come again');
    // An acknowledged message ignores this.
    for (const message of batch) message.nak(Math.min(500 * 2 ** message.info.deliveryCount, NAK_MAX_MS));
  }
}

type Waiting = ReturnType<typeof createWaiting>;

/** Messages that were pulled and wait for their batch. */
function createWaiting(limits: { maxMessages: number; maxBytes: number; gatherMs: number }) {
  const { maxMessages, maxBytes, gatherMs } = limits;
  const changed = createSignal();
  let messages: JsMsg[] = [];
  let bytes = 0;
  let oldestAt = 0;
  let averageBytes = 1024;
  const full = () => messages.length >= maxMessages || bytes >= maxBytes;

  return {
    changed,
    full,
    messages: (): readonly JsMsg[] => messages,
    /** Messages to ask for: a batch's worth, by what they weighed lately. */
    room: () => Math.max(1, Math.min(maxMessages, Math.floor(maxBytes / averageBytes))),
    /** How long until a batch should go; 0 or less: now. */
    dueInMs(): number {
      if (messages.length === 0) return Number.POSITIVE_INFINITY;
      return full() ? 0 : oldestAt + gatherMs - performance.now();
    },
    add(message: JsMsg): void {
      if (messages.length === 0) oldestAt = performance.now();
      messages.push(message);
      bytes += message.data.length;
      averageBytes = Math.max(1, averageBytes * 0.9 + message.data.length * 0.1);
      changed.notify();
    },
    nextBatch(): JsMsg[] {
      let count = 0;
      let batchBytes = 0;
      for (const message of messages) {
        if (count === maxMessages || (count > 0 && batchBytes + message.data.length > maxBytes)) break;
        count += 1;
        batchBytes += message.data.length;
      }
      const batch = messages.slice(0, count);
      messages = messages.slice(count);
      bytes -= batchBytes;
      changed.notify();
      return batch;
    },
    clear(): void {
      messages = [];
      bytes = 0;
    },
  };
}

/** Wakes all who wait for the next change. */
function createSignal(): { next(timeoutMs?: number): Promise<void>; notify(): void } {
  let wakers: (() => void)[] = [];
  return {
    next: (timeoutMs) =>
      new Promise((resolve) => {
        const timer = Number.isFinite(timeoutMs) ? setTimeout(resolve, timeoutMs) : undefined;
        wakers.push(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
    notify() {
      const woken = wakers;
      wakers = [];
      for (const wake of woken) wake();
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
