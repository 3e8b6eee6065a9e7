import { rateKey } from '@holdpoint/shared/messages/rate-keys';
import { type Rate, takeTokens } from '@holdpoint/shared/runtime/token-bucket';
import type { Redis } from 'ioredis';
import { fullBucket, type LocalBucket, spend, waitMs } from '../core/local-bucket.ts';

export type Limited = Parameters<typeof rateKey>[0];

/** One rate for each name of a kind, shared by all instances. */
export interface RateLimiter {
  /** Takes a token; else says in milliseconds how long until there is one. 0: taken. Never rejects. */
  take(name: string, rate: Rate): Promise<number>;
  /** Gives back a token that was not used after all. */
  give(name: string, rate: Rate): void;
  /** How long `take` would refuse, as far as is known without asking. */
  dryForMs(name: string, rate: Rate): number;
}

export interface RateLimiterOptions {
  readonly redis: Redis;
  readonly kind: Limited;
  /** Names remembered at once; the one unused for longest is forgotten. */
  readonly namesMax: number;
}

/** A delivery waits for Redis at most so long. */
const ASK_MAX_MS = 1_000;
/** How long Redis is not asked again after it did not answer. */
const SILENT_MS = 5_000;
/** A lease is what a rate gives in a tenth of a second. */
const LEASES_A_SECOND = 10;

interface Bucket {
  /** Taken from Redis and not yet spent. */
  leased: number;
  /** Until when Redis has none, by our own clock. */
  dryUntil: number;
  waiting: number;
  asking: Promise<void> | undefined;
  local: LocalBucket;
}

/**
 * Takes tokens from Redis a lease at a time and spends them here, for a round trip a delivery would be too dear. So all
 * instances together stay within the rate and one lease each. While Redis is away an instance keeps the same figures alone;
 * its own bucket is charged all the time, so that a Redis that comes and goes is not worth a new burst each time.
 */
export function rateLimiter({ redis, kind, namesMax }: RateLimiterOptions): RateLimiter {
  const buckets = new Map<string, Bucket>();
  let silentUntil = 0;
  /** A command that waits for its connection would only come too late. */
  const alone = (now: number) => redis.status !== 'ready' || now < silentUntil;

  function bucketOf(name: string, rate: Rate): Bucket {
    const known = buckets.get(name);
    if (known) buckets.delete(name);
    const bucket = known ?? newBucket(rate);
    buckets.set(name, bucket);
    if (buckets.size > namesMax) buckets.delete(buckets.keys().next().value as string);
    return bucket;
  }

  async function lease(name: string, bucket: Bucket, rate: Rate): Promise<void> {
    try {
      const wanted = Math.min(rate.burst, Math.max(leaseOf(rate), bucket.waiting));
      const granted = await within(ASK_MAX_MS, takeTokens(redis, rateKey(kind, name), rate, wanted));
      bucket.leased += granted.tokens;
      if (granted.tokens === 0) bucket.dryUntil = performance.now() + granted.waitMs;
    } catch {
      silentUntil = performance.now() + SILENT_MS;
    }
  }

  async function take(name: string, rate: Rate): Promise<number> {
    const bucket = bucketOf(name, rate);
    bucket.waiting += 1;
    try {
      for (;;) {
        const now = performance.now();
        if (bucket.leased >= 1) {
          bucket.leased -= 1;
          bucket.local = spend(bucket.local, rate, now, 1);
          return 0;
        }
        if (now < bucket.dryUntil) return bucket.dryUntil - now;
        if (alone(now)) return takeLocally(bucket, rate, now);
        bucket.asking ??= lease(name, bucket, rate).finally(() => {
          bucket.asking = undefined;
        });
        await bucket.asking;
      }
    } finally {
      bucket.waiting -= 1;
    }
  }

  return {
    take,
    give(name, rate) {
      const bucket = bucketOf(name, rate);
      bucket.leased = Math.min(bucket.leased + 1, leaseOf(rate));
      bucket.local = spend(bucket.local, rate, performance.now(), -1);
    },
    dryForMs(name, rate) {
      const bucket = buckets.get(name);
      const now = performance.now();
      if (!bucket || bucket.leased >= 1) return 0;
      if (now < bucket.dryUntil) return bucket.dryUntil - now;
      return alone(now) ? waitMs(bucket.local, rate, now) : 0;
    },
  };
}

const newBucket = (rate: Rate): Bucket => ({
  leased: 0,
  dryUntil: 0,
  waiting: 0,
  asking: undefined,
  local: fullBucket(rate, performance.now()),
});

/** Of a small burst no more than a tenth: what one instance leases, the others go without. */
const leaseOf = ({ perSecond, burst }: Rate): number =>
  Math.max(1, Math.floor(Math.min(perSecond, burst) / LEASES_A_SECOND));

function takeLocally(bucket: Bucket, rate: Rate, now: number): number {
  const wait = waitMs(bucket.local, rate, now);
  if (wait === 0) bucket.local = spend(bucket.local, rate, now, 1);
  return wait;
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
