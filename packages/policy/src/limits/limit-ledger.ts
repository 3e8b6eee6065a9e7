import type { Reason } from '@holdpoint/shared/domain/decision';
import { windowText } from '@holdpoint/shared/domain/limit-window';
import type { Reservation } from '@holdpoint/shared/domain/reservation';
import { type Exact, exact, exactText, isOver, plus, ZERO } from './exact-sum.ts';

/** What is used of one limit now: open reservations, and what was applied within its window. */
export interface LimitUsage {
  readonly count: number;
  /** Decimal text, exact. */
  readonly total: string;
}

export interface LimitLedger {
  /** Reserves all, so that the next sees them, and answers nothing; or reserves none and tells each limit it would exceed, by policy. */
  reserve(reservations: readonly Reservation[]): Reason[];
}

/** Decides over limits, one action after the other. `used` says by key what was used before; a key that it lacks is unused. */
export function createLimitLedger(used: ReadonlyMap<string, LimitUsage>): LimitLedger {
  const now = new Map([...used].map(([key, { count, total }]) => [key, { count, total: exact(total) }]));
  return {
    reserve(reservations) {
      const asked = reservations.map((reservation) => ({
        reservation,
        before: now.get(reservation.key) ?? { count: 0, total: ZERO },
      }));
      const refusals = asked.flatMap(({ reservation, before }) => refusalsOf(reservation, before));
      if (refusals.length > 0) return refusals.sort((a, b) => (sortText(a) < sortText(b) ? -1 : 1));
      for (const { reservation, before } of asked) {
        now.set(reservation.key, { count: before.count + 1, total: plus(before.total, exact(reservation.amount)) });
      }
      return [];
    },
  };
}

function refusalsOf(
  { policy, by, who, amount, count, total, per_seconds }: Reservation,
  used: { readonly count: number; readonly total: Exact },
): Reason[] {
  const scope = `in ${windowText(per_seconds)} by ${by}${who === '' ? '' : ` ${who}`}`;
  const refusal = (message: string): Reason => ({ code: 'limit_exceeded', policy, message });
  return [
    ...(count !== undefined && used.count + 1 > count ? [refusal(`${used.count} of ${count} ${scope}`)] : []),
    ...(total !== undefined && isOver(plus(used.total, exact(amount)), exact(total))
      ? [refusal(`${exactText(used.total)} and ${amount} more of ${total} ${scope}`)]
      : []),
  ];
}

const sortText = ({ policy, message }: Reason): string => `${policy}\0${message}`;
