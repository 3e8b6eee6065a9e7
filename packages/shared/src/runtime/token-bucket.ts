import type { Redis } from 'ioredis';

export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Lua: `now`, Redis's clock in milliseconds. */
export const NOW_LUA = "local t = redis.call('TIME'); local now = t[1] * 1000 + math.floor(t[2] / 1000)";

/**
 * Lua: what a bucket holds by now, from the fields it was last written with; one that was never written is full. It fills
 * by the time since then, fractions kept, so that no rate is lost to rounding.
 */
export const FILL_LUA = `local function fill(tokens, at, now, rate, burst)
  local passed = math.max(0, now - tonumber(at or now))
  return math.min(burst, tonumber(tokens or burst) + passed * rate / 1000)
end`;

const TAKE = `${NOW_LUA}
${FILL_LUA}
local rate, burst, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = fill(bucket[1], bucket[2], now, rate, burst)
local granted, wait = math.min(wanted, math.floor(tokens)), 0
if granted < 1 then granted, wait = 0, math.ceil((1 - tokens) * 1000 / rate) end
redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens - granted), 'at', now)
redis.call('PEXPIRE', KEYS[1], math.ceil(burst * 1000 / rate) + 1000)
return { granted, wait }`;

export interface Granted {
  /** Whole tokens, at most as many as were wanted. */
  readonly tokens: number;
  /** Where none was: until there is one. */
  readonly waitMs: number;
}

/** Takes up to `wanted` tokens of a bucket that all processes share, by Redis's clock. The key goes when the bucket is full. */
export async function takeTokens(
  redis: Redis,
  key: string,
  { perSecond, burst }: Rate,
  wanted: number,
): Promise<Granted> {
  const [tokens, waitMs] = (await redis.eval(TAKE, 1, key, perSecond, burst, wanted)) as [number, number];
  return { tokens, waitMs };
}
