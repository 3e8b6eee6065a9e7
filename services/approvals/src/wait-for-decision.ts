import type { Approval } from '@holdpoint/shared/domain/approval';
import type { Context } from './context.ts';
import { readApproval } from './store/read-approval.ts';

export interface Wait {
  readonly tenant: string;
  readonly approvalId: string;
  readonly waitMs: number;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** A timer may run a little before the database's clock: then it looks again, this much later. */
const LOOK_AGAIN_MS = 25;

/**
 * Reads the approval, and while it is pending waits for a fact that says otherwise, for its time to run out, or for the end
 * of the wait. Holds no connection meanwhile, and believes the row only: a fact just says when to look.
 */
export async function waitForDecision(context: Context, wait: Wait): Promise<Approval | undefined> {
  const read = () => readApproval(context.db, wait.tenant, wait.approvalId);
  const first = (await read())?.approval;
  if (wait.waitMs === 0 || first?.status !== 'pending') return first;

  const endAt = performance.now() + wait.waitMs;
  const ended = AbortSignal.any([wait.signal, context.draining]);
  const bell = createBell(ended);
  const unlisten = await context.facts.listen(wait.tenant, ({ approval }) => {
    if (approval.id === wait.approvalId) bell.ring();
  });
  try {
    for (;;) {
      const found = await read();
      const leftMs = endAt - performance.now();
      if (found?.approval.status !== 'pending' || leftMs <= 0 || ended.aborted) return found?.approval;
      const toExpiryMs = Math.max(found.leftMs, 0) + LOOK_AGAIN_MS;
      await bell.next(Math.min(leftMs, toExpiryMs, context.config.limits.waitRecheckMs));
    }
  } finally {
    unlisten();
  }
}

interface Bell {
  ring(): void;
  /** Resolves when it rings, or rang since it was last heard; and after the given time, or the end. */
  next(timeoutMs: number): Promise<void>;
}

function createBell(ended: AbortSignal): Bell {
  let rung = false;
  let wake: (() => void) | undefined;
  return {
    ring() {
      rung = true;
      wake?.();
    },
    async next(timeoutMs) {
      if (!rung && !ended.aborted) {
        await new Promise<void>((resolve) => {
          const done = (): void => {
            clearTimeout(timer);
            ended.removeEventListener('abort', done);
            resolve();
          };
          const timer = setTimeout(done, timeoutMs);
          ended.addEventListener('abort', done);
          wake = done;
        });
        wake = undefined;
      }
      rung = false;
    },
  };
}
