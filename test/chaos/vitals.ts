import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import {
  emptyVitals,
  type HeapSeen,
  keyPattern,
  type ProcessSeen,
  type RedisSeen,
  type Vitals,
} from './core/vitals.ts';
import { epochMs } from './process.ts';
import { readSessions, readTables } from './store/read-vitals.ts';
import type { System } from './system.ts';

/** Somebody who is down, or asleep, is passed over this time. */
const ANSWER_MAX_MS = 3_000;
const NS_A_MS = 1_000_000;
const SCAN_COUNT = 1_000;
/** More of them would be a finding in itself. */
const KEYS_MAX = 200_000;

type Growing = ReturnType<typeof emptyVitals>;

/** Looks at every part again and again, until the signal says that it is enough. */
export async function watchVitals(
  system: System,
  { everyMs, signal }: { readonly everyMs: number; readonly signal: AbortSignal },
): Promise<Vitals> {
  const seen = emptyVitals();
  const redis = new Redis(system.stack.redisUrl, { maxRetriesPerRequest: 0, commandTimeout: ANSWER_MAX_MS });
  redis.on('error', () => {});
  const looks = [lookAtProcesses, lookAtPostgres, lookAtNats, (_: System, into: Growing) => lookAtRedis(redis, into)];
  while (!signal.aborted) {
    await Promise.all(looks.map((look) => inTime(look(system, seen))));
    await pause(everyMs, undefined, { signal }).catch(() => {});
  }
  redis.disconnect();
  seen.heaps.push(...(await readHeaps(system.vitalsDir)));
  return seen;
}

async function inTime(look: Promise<void>): Promise<void> {
  const late = pause(ANSWER_MAX_MS, undefined, { ref: false });
  await Promise.race([look, late]).catch(() => {});
}

async function lookAtProcesses(system: System, into: Growing): Promise<void> {
  const services = Object.values(system.services)
    .flat()
    .map(({ process }) => ({ name: process.name, pid: process.pid() }));
  const servers = Object.entries(system.servers).map(([name, server]) => ({ name, pid: pidOf(server) }));
  for (const { name, pid } of [...services, ...servers]) {
    const found = pid === undefined ? undefined : await lookAtProcess(name, pid).catch(() => undefined);
    if (found) into.processes.push(found);
  }
}

function pidOf(server: { readonly pid: number }): number | undefined {
  try {
    return server.pid;
  } catch {
    return undefined;
  }
}

async function lookAtProcess(name: string, pid: number): Promise<ProcessSeen | undefined> {
  const [status, descriptors] = await Promise.all([
    readFile(`/proc/${pid}/status`, 'utf8'),
    // Of a server that runs as somebody else only root may see them.
    readdir(`/proc/${pid}/fd`).catch(() => []),
  ]);
  const field = (what: string): number => Number(new RegExp(`^${what}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  const rssBytes = field('VmRSS') * 1024;
  // One that has just died has none any more.
  if (!(rssBytes > 0)) return undefined;
  return { at: epochMs(), name, pid, rssBytes, descriptors: descriptors.length, threads: field('Threads') };
}

async function lookAtPostgres({ db }: System, into: Growing): Promise<void> {
  const [tables, sessions] = [await readTables(db), await readSessions(db)];
  const at = epochMs();
  into.tables.push(...tables.map((table) => ({ at, ...table })));
  into.sessions.push({ at, ...sessions });
}

async function lookAtNats({ nats: { jsm } }: System, into: Growing): Promise<void> {
  for await (const { config, state } of jsm.streams.list()) {
    const at = epochMs();
    into.streams.push({
      at,
      stream: config.name,
      messages: state.messages,
      bytes: state.bytes,
      maxBytes: Math.max(0, config.max_bytes),
      maxAgeMs: config.max_age / NS_A_MS,
      oldestMs: state.messages === 0 ? 0 : at - Date.parse(String(state.first_ts)),
      consumers: state.consumer_count,
    });
    for await (const { name, num_pending: pending, num_ack_pending: held, config: own } of jsm.consumers.list(
      config.name,
    )) {
      into.consumers.push({
        at,
        stream: config.name,
        name,
        pending,
        unacknowledged: held,
        unacknowledgedMax:
          own.max_ack_pending && own.max_ack_pending > 0 ? own.max_ack_pending : Number.MAX_SAFE_INTEGER,
      });
    }
  }
}

async function lookAtRedis(redis: Redis, into: Growing): Promise<void> {
  const info = await redis.info();
  const field = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
  const keys: Record<string, number> = {};
  let found = 0;
  for (let cursor = '0'; ; ) {
    const [next, page] = await redis.scan(cursor, 'COUNT', SCAN_COUNT);
    for (const pattern of page.map(keyPattern)) keys[pattern] = (keys[pattern] ?? 0) + 1;
    found += page.length;
    cursor = next;
    if (cursor === '0' || found > KEYS_MAX) break;
  }
  const seen: RedisSeen = { at: epochMs(), run: field('run_id'), usedBytes: Number(field('used_memory')), keys };
  into.redis.push(seen);
}

/** What the services wrote down of themselves: see `programs/tell-heap.ts`. */
async function readHeaps(dir: string): Promise<HeapSeen[]> {
  const files = (await readdir(dir)).filter((name) => name.endsWith('.jsonl'));
  const texts = await Promise.all(files.map((name) => readFile(join(dir, name), 'utf8')));
  return texts.flatMap((text) =>
    text.split('\n').flatMap((line) => {
      try {
        return [JSON.parse(line) as HeapSeen];
      } catch {
        // It was killed as it wrote.
        return [];
      }
    }),
  );
}
