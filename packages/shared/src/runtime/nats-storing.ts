import type { JetStreamClient, PubAck } from '@nats-io/jetstream';
import { isSubjectTaken } from '../messages/publish-refusal.ts';
import { isNatsLoss } from './dependency-loss.ts';

/** Whether what this process publishes is stored. */
export interface StoringWatch {
  /** False once something that was sent was not acknowledged, until something is that was sent after it; or for so long. */
  isStoring(): boolean;
  /** Another server, or the same one started again: what was lost before says nothing of it. */
  forget(): void;
}

export interface StoringWatchOptions {
  /** Told when it turns out that nothing is stored, by the first token of the subject. */
  onLost(family: string, error: unknown): void;
  /** For so long a loss counts: whoever is sent nothing because of it would otherwise never find out that it is over. */
  readonly lossCountsMs?: number;
}

const LOSS_COUNTS_MS = 10_000;

interface Family {
  /** When what was last acknowledged was sent. */
  storedMs: number;
  lostMs: number;
}

/**
 * Watches the publishes of a client. A server whose disk is full takes every message and acknowledges none, and answers all else
 * as if nothing was wrong; each stream of it for itself, and until it is started again, whatever space there is by then.
 */
export function watchStoring(js: JetStreamClient, options: StoringWatchOptions): StoringWatch {
  const { onLost, lossCountsMs = LOSS_COUNTS_MS } = options;
  const publish = js.publish.bind(js);
  let families = new Map<string, Family>();
  const isLost = ({ lostMs }: Family): boolean => performance.now() - lostMs < lossCountsMs;

  js.publish = (subject, ...rest): Promise<PubAck> => {
    const sentMs = performance.now();
    const known = families;
    const name = subject.slice(0, subject.indexOf('.'));
    const found = families.get(name) ?? { storedMs: Number.NEGATIVE_INFINITY, lostMs: Number.NEGATIVE_INFINITY };
    families.set(name, found);
    const answer = publish(subject, ...rest);
    answer.then(
      () => {
        found.storedMs = Math.max(found.storedMs, sentMs);
        found.lostMs = Number.NEGATIVE_INFINITY;
      },
      (error: unknown) => {
        if (sentMs < found.storedMs || known !== families || !isNatsLoss(error) || isSubjectTaken(error)) return;
        if (!isLost(found)) onLost(name, error);
        found.lostMs = performance.now();
      },
    );
    return answer;
  };
  return {
    isStoring: () => ![...families.values()].some(isLost),
    forget() {
      families = new Map();
    },
  };
}
