import { acceptedOnce } from './accepted-once.ts';
import { appliedOnce } from './applied-once.ts';
import { drained } from './drained.ts';
import type { History, InvariantId, Verdict } from './history.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { oneOutcome } from './one-outcome.ts';
import { onlyPermitted } from './only-permitted.ts';
import { receiptsReplay } from './receipts-replay.ts';
import { secretsKept } from './secrets-kept.ts';
import { withinLimits } from './within-limits.ts';

const CHECKERS = {
  I1: acceptedOnce,
  I2: oneOutcome,
  I3: appliedOnce,
  I4: oneAtATime,
  I5: onlyPermitted,
  I6: receiptsReplay,
  I7: drained,
  I8: withinLimits,
  I9: secretsKept,
} as const satisfies Record<InvariantId, (history: History) => Verdict>;

export function verdictsOn(history: History): Verdict[] {
  return Object.values(CHECKERS).map((check) => check(history));
}
