import { gateKey, holdsKey } from '@holdpoint/shared/messages/jobs';
import { FILL_LUA, NOW_LUA, type Rate } from '@holdpoint/shared/runtime/token-bucket';
import type { Redis } from 'ioredis';

/** What all processes share of one connector, by Redis's clock. Emptied, it is a full bucket and a closed circuit. */
export interface GateStore {
  /** Takes one token; else says how long until there is one. */
  take(connector: string, rate: Rate): Promise<number | undefined>;
  give(connector: string, rate: Rate): Promise<void>;
  /** Nothing is called for a tenant for so long; a longer time that stands is kept. */
  hold(connector: string, tenant: string, forMs: number): Promise<void>;
  /** Replaces the circuit's text if it is still the expected one; else gives the one that stands. Empty: none. */
  swapCircuit(connector: string, expected: string, next: string): Promise<string | undefined>;
  look(connectors: readonly string[]): Promise<{ readonly nowMs: number; readonly gates: readonly SeenGate[] }>;
}

export interface SeenGate {
  readonly circuit: string;
  /** By tenant. Some may be over. */
  readonly holds: ReadonlyMap<string, number>;
}

/** An idle connector's key goes; longer than any hold, any open circuit and any bucket's filling matters. */
const KEEP_MS = 2 * 24 * 3600_000;

const TAKE = `${NOW_LUA}
${FILL_LUA}
local g = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local tokens = fill(g[1], g[2], now, rate, burst)
local wait = 0
if tokens >= 1 then tokens = tokens - 1 else wait = math.ceil((1 - tokens) * 1000 / rate) end
redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens), 'at', now)
redis.call('PEXPIRE', KEYS[1], ${KEEP_MS})
return wait`;

const GIVE = `local tokens = redis.call('HGET', KEYS[1], 'tokens')
if tokens then
  redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', math.min(tonumber(ARGV[1]), tonumber(tokens) + 1)))
end`;

/** Those that are over go as another comes, so that there are never more than tenants. */
const HOLD = `${NOW_LUA}
local holds = redis.call('HGETALL', KEYS[1])
for i = 1, #holds, 2 do
  if tonumber(holds[i + 1]) <= now then redis.call('HDEL', KEYS[1], holds[i]) end
end
local held = math.max(tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0'), now + tonumber(ARGV[2]))
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', held))
redis.call('PEXPIRE', KEYS[1], ${KEEP_MS})`;

const SWAP = `local stands = redis.call('HGET', KEYS[1], 'circuit') or ''
if stands ~= ARGV[1] then return stands end
redis.call('HSET', KEYS[1], 'circuit', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ${KEEP_MS})
return false`;

export function createGateStore(redis: Redis): GateStore {
  return {
    async take(connector, { perSecond, burst }) {
      const waitMs = Number(await redis.eval(TAKE, 1, gateKey(connector), perSecond, burst));
      return waitMs > 0 ? waitMs : undefined;
    },
    async give(connector, { burst }) {
      await redis.eval(GIVE, 1, gateKey(connector), burst);
    },
    async hold(connector, tenant, forMs) {
      await redis.eval(HOLD, 1, holdsKey(connector), tenant, Math.ceil(forMs));
    },
    async swapCircuit(connector, expected, next) {
      const stands = await redis.eval(SWAP, 1, gateKey(connector), expected, next);
      return stands === null ? undefined : String(stands);
    },
    async look(connectors) {
      const pipeline = redis.pipeline().time();
      for (const connector of connectors) pipeline.hget(gateKey(connector), 'circuit').hgetall(holdsKey(connector));
      const [time, ...found] = ((await pipeline.exec()) ?? []).map(([error, value]) => {
        if (error) throw error;
        return value;
      });
      const [seconds, micros] = time as [string, string];
      return {
        nowMs: Number(seconds) * 1000 + Number(micros) / 1000,
        gates: connectors.map((_, index) => ({
          circuit: (found[2 * index] as string | null) ?? '',
          holds: new Map(
            Object.entries(found[2 * index + 1] as Record<string, string>).map(([tenant, until]) => [
              tenant,
              Number(until),
            ]),
          ),
        })),
      };
    },
  };
}
