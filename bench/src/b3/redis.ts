import { Redis } from 'ioredis';
import type { Servers } from '../servers.ts';

export async function emptyRedis({ stack }: Servers): Promise<void> {
  const redis = new Redis(stack.redisUrl);
  await redis.flushall();
  await redis.quit();
}
