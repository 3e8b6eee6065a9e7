import type { Approval } from '@holdpoint/shared/domain/approval';

export interface LiveFact {
  readonly name: FactName;
  readonly approval: Approval;
}

const FACT_NAMES = [
  'approval.requested',
  'approval.voted',
  'approval.resolved',
  'approval.commented',
  'approval.reminded',
  'approval.escalated',
] as const;
export type FactName = (typeof FACT_NAMES)[number];

const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 30_000;

export interface StreamEvents {
  fact(fact: LiveFact): void;
  /** From here on nothing is missed; what was said before may have been. */
  opened(): void;
  lost(): void;
}

/** The server's events until it is closed; comes back by itself, later each time. */
export function openStream({ fact, opened, lost }: StreamEvents): () => void {
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;

  const connect = (): void => {
    const own = new EventSource('/v1/approvals/stream');
    source = own;
    own.onopen = () => {
      failures = 0;
      opened();
    };
    own.onerror = () => {
      own.close();
      lost();
      failures += 1;
      retry = setTimeout(connect, delayMs(failures));
    };
    for (const name of FACT_NAMES) {
      own.addEventListener(name, ({ data }: MessageEvent<string>) =>
        fact({ name, approval: JSON.parse(data) as Approval }),
      );
    }
  };
  connect();
  return () => {
    clearTimeout(retry);
    source?.close();
  };
}

/** Half of it by chance, so that not everyone comes back at the same moment. */
function delayMs(failures: number): number {
  const most = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** failures);
  return most / 2 + (Math.random() * most) / 2;
}
