import { setTimeout as delay } from 'node:timers/promises';
import { type Approval, approvalSchema } from '@holdpoint/shared/domain/approval';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { APPROVAL_NEWS, type ApprovalNews } from '@holdpoint/shared/messages/subjects';
import { readEvents } from './server-sent-events.ts';

export interface ApprovalEvent {
  readonly event: `approval.${ApprovalNews | 'resolved'}`;
  readonly approval: Approval;
}

const EVENTS: readonly ApprovalEvent['event'][] = [
  ...APPROVAL_NEWS.map((news) => `approval.${news}` as const),
  'approval.resolved',
];

export interface StreamOptions {
  /** Ends the stream. */
  readonly signal?: AbortSignal | undefined;
  /** Told when it broke, and how long until it is opened again; what is said meanwhile does not come. */
  readonly onLost?: ((error: HoldpointError, retryMs: number) => void) | undefined;
}

/** The bytes of one connection. */
export type OpenStream = (signal: AbortSignal | undefined) => AsyncIterable<Uint8Array>;

const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 30_000;

/**
 * What is said about the tenant's approvals from now on, each as it stands then. Comes back by itself where it breaks; ends
 * with the signal, and throws where it is refused for good. Not a history: lists say what is.
 */
export async function* streamApprovals(
  open: OpenStream,
  { signal, onLost }: StreamOptions = {},
): AsyncGenerator<ApprovalEvent, void, undefined> {
  let retryMs = RETRY_MIN_MS;
  while (!signal?.aborted) {
    let heard = false;
    const hear = (): void => {
      heard = true;
      retryMs = RETRY_MIN_MS;
    };
    try {
      for await (const { event, data } of readEvents(tapped(open(signal), hear))) {
        const known = EVENTS.find((name) => name === event);
        const approval = approvalSchema.safeParse(parseJson(data));
        if (known !== undefined && approval.success) yield { event: known, approval: approval.data };
      }
      // The server ends each stream after its time: it is opened again at once.
      if (!heard) await pause(retryMs, signal);
    } catch (error) {
      if (signal?.aborted) return;
      if (!(error instanceof HoldpointError && error.retryable)) throw error;
      onLost?.(error, retryMs);
      await pause(retryMs, signal);
      retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
    }
  }
}

async function* tapped<T>(items: AsyncIterable<T>, hear: () => void): AsyncGenerator<T, void, undefined> {
  for await (const item of items) {
    hear();
    yield item;
  }
}

const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  delay(ms, undefined, { signal }).catch(() => undefined);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
