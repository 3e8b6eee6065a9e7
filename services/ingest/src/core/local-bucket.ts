/** One process's own bucket of tokens. */
export interface LocalBucket {
  readonly tokens: number;
  /** When it held so many, in milliseconds. */
  readonly atMs: number;
}

interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

export const fullBucket = ({ burst }: Rate, nowMs: number): LocalBucket => ({ tokens: burst, atMs: nowMs });

/** What is left after `count` were taken, never less than nothing. */
export function spend(bucket: LocalBucket, rate: Rate, nowMs: number, count: number): LocalBucket {
  const tokens = Math.min(rate.burst, filled(bucket, rate, nowMs) - count);
  return { tokens: Math.max(0, tokens), atMs: nowMs };
}

/** How long until there is a token; 0 where there is one. */
export function waitMs(bucket: LocalBucket, rate: Rate, nowMs: number): number {
  const missing = 1 - filled(bucket, rate, nowMs);
  return missing <= 0 ? 0 : Math.ceil((missing * 1000) / rate.perSecond);
}

function filled({ tokens, atMs }: LocalBucket, { perSecond, burst }: Rate, nowMs: number): number {
  return Math.min(burst, tokens + (Math.max(0, nowMs - atMs) * perSecond) / 1000);
}
