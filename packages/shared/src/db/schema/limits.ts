import type { Generated, GeneratedAlways } from 'kysely';

export interface PolicyLimitTable {
  id: GeneratedAlways<number>;
  tenant: string;
  key: string;
  per_seconds: number;
  keep_seconds: number;
  crowded: Generated<boolean>;
}

export interface LimitReservationTable {
  action: string;
  limit_id: number;
  /** Decimal text, exact. */
  amount: string;
  counted_at: Date | null;
}

export interface LimitBucketTable {
  limit_id: number;
  bucket_at: Date;
  last_at: Date;
  count: number;
  /** Decimal text, exact. */
  total: string;
}
