import { limitTerms } from '@holdpoint/policy/compile/limit-terms';
import { readLimitKey } from '@holdpoint/policy/limits/reservations';
import { limitSchema } from '@holdpoint/shared/domain/policy';
import type { LimitInUse } from '@holdpoint/shared/domain/reservation';

/** What is used of a limit, as it is recorded. */
export interface Usage {
  readonly key: string;
  readonly per_seconds: number;
  /** Of `used`: what is not applied yet. */
  readonly open: number;
  readonly used: number;
  /** Decimal text, exact. */
  readonly total: string;
  readonly releases_at: Date | null;
}

/** The terms by which the policies of now limit what a key stands for; undefined where none does. */
export type TermsOf = (key: string) => ReturnType<typeof limitTerms> | undefined;

/** `policies` as a tenant's summary shows them. */
export function termsIn(policies: readonly Readonly<Record<string, unknown>>[]): TermsOf {
  const terms = new Map(
    policies.flatMap(({ id, limit }) => {
      const parsed = limitSchema.safeParse(limit);
      return parsed.success ? [[id, limitTerms(parsed.data)] as const] : [];
    }),
  );
  return (key) => {
    const { policy, by } = readLimitKey(key);
    const found = terms.get(policy);
    return found?.by === by ? found : undefined;
  };
}

export function limitInUse(usage: Usage, termsOf: TermsOf): LimitInUse {
  const { key, per_seconds, open, used, total, releases_at } = usage;
  const terms = termsOf(key);
  return {
    ...readLimitKey(key),
    in_force: terms !== undefined,
    used_count: used,
    ...(terms?.count !== undefined && { count: terms.count }),
    used_total: total,
    ...(terms?.total !== undefined && { total: terms.total }),
    open_count: open,
    per_seconds,
    ...(releases_at && { releases_at: releases_at.toISOString() }),
  };
}
