import { type Point, type Trend, trendOf } from '../../../bench/src/trend.ts';
import { grouped } from './group.ts';
import type { SignVerdict, Vitals } from './vitals.ts';

/** Growth that is taken for a leak: surely more than so much in what was seen, and more than so much an hour. */
export interface Allowance {
  readonly least: number;
  readonly anHour: number;
}

const MIB = 1024 ** 2;
const HOUR_MS = 3_600_000;

export const ALLOWED = {
  heapBytes: { least: 3 * MIB, anHour: 24 * MIB },
  // An allocator keeps what it once had, and a JIT compiles for long.
  rssBytes: { least: 40 * MIB, anHour: 120 * MIB },
  // A server keeps what it has read of its files for as long as nobody else wants the memory.
  serverBytes: { least: 128 * MIB, anHour: 256 * MIB },
  descriptors: { least: 6, anHour: 24 },
  threads: { least: 3, anHour: 12 },
  connections: { least: 10, anHour: 40 },
  emptiedBytes: { least: 4 * MIB, anHour: 32 * MIB },
  consumers: { least: 2, anHour: 8 },
  pending: { least: 500, anHour: 4_000 },
  redisBytes: { least: 8 * MIB, anHour: 48 * MIB },
  keys: { least: 200, anHour: 2_000 },
} as const satisfies Record<string, Allowance>;

/** Of every process: what it loads, compiles and remembers at first is no leak. */
export const WARM_UP_MS = 60_000;
/** A piece that is shorter says nothing. */
const PIECE_MIN_MS = 60_000;
/** A vacuum comes by once a minute and takes its time. */
const UNVACUUMED_MAX_MS = 180_000;
const TRANSACTION_MAX_MS = 60_000;
/** The server looks for what is too old now and then. */
const TOO_OLD_MS = 20_000;

/** Rows come and go: what stands in them at any time is little. */
export const EMPTIED_TABLES = ['outbox', 'workers', 'limit_buckets', 'limit_reservations'] as const;

const SERVERS: ReadonlySet<string> = new Set(['postgres', 'nats', 'redis']);

export function judgeVitals(vitals: Vitals): SignVerdict[] {
  return [memoryFlat(vitals), nothingGathered(vitals), vacuumed(vitals), bounded(vitals)];
}

function memoryFlat({ processes, heaps }: Vitals): SignVerdict {
  const found = openFindings();
  for (const piece of pieces(heaps)) {
    found.grows(`${piece.name} heap`, piece.of('heapBytes'), ALLOWED.heapBytes, asMib);
    found.grows(`${piece.name} buffers`, piece.of('outsideBytes'), ALLOWED.heapBytes, asMib);
  }
  for (const piece of pieces(processes)) {
    const allowed = SERVERS.has(piece.name) ? ALLOWED.serverBytes : ALLOWED.rssBytes;
    found.grows(`${piece.name} resident`, piece.of('rssBytes'), allowed, asMib);
  }
  return { sign: 'V1', ...found.all() };
}

function nothingGathered({ processes, sessions }: Vitals): SignVerdict {
  const found = openFindings();
  for (const piece of pieces(processes)) {
    found.grows(`${piece.name} descriptors`, piece.of('descriptors'), ALLOWED.descriptors, asCount);
    found.grows(`${piece.name} threads`, piece.of('threads'), ALLOWED.threads, asCount);
  }
  const connections = sessions.map(({ at, connections: value }) => ({ at, value }));
  found.grows('postgres connections', connections, ALLOWED.connections, asCount);
  return { sign: 'V2', ...found.all() };
}

function vacuumed({ tables, sessions }: Vitals): SignVerdict {
  const found = openFindings();
  for (const [table, seen] of grouped(tables, ({ table: name }) => name)) {
    found.looked();
    let overSince: number | undefined;
    let longestMs = 0;
    for (const { at, dead, deadDue } of seen) {
      overSince = dead > 2 * deadDue ? (overSince ?? at) : undefined;
      longestMs = Math.max(longestMs, overSince === undefined ? 0 : at - overSince);
    }
    if (longestMs > UNVACUUMED_MAX_MS) {
      found.add(`${table} had more than twice the dead rows that bring the vacuum for ${asSeconds(longestMs)}`);
    }
    if ((EMPTIED_TABLES as readonly string[]).includes(table)) {
      const bytes = seen.map(({ at, tableBytes, indexBytes }) => ({ at, value: tableBytes + indexBytes }));
      found.grows(`table ${table}`, afterWarmUp(bytes), ALLOWED.emptiedBytes, asMib);
    }
  }
  const oldestMs = Math.max(0, ...sessions.map(({ oldestTransactionMs }) => oldestTransactionMs));
  if (oldestMs > TRANSACTION_MAX_MS) found.add(`a transaction was open for ${asSeconds(oldestMs)}`);
  return { sign: 'V3', ...found.all() };
}

function bounded({ streams, consumers, redis }: Vitals): SignVerdict {
  const found = openFindings();
  for (const [stream, seen] of grouped(streams, ({ stream: name }) => name)) {
    found.looked();
    const unlimited = seen.find(({ maxAgeMs, maxBytes }) => maxAgeMs <= 0 || maxBytes <= 0);
    if (unlimited) found.add(`stream ${stream} has no limit of age, or none of bytes`);
    const tooMuch = seen.find(({ bytes, maxBytes }) => maxBytes > 0 && bytes > maxBytes);
    if (tooMuch) found.add(`stream ${stream} holds ${asMib(tooMuch.bytes)} of ${asMib(tooMuch.maxBytes)}`);
    const tooOld = seen.find(({ oldestMs, maxAgeMs }) => maxAgeMs > 0 && oldestMs > maxAgeMs + TOO_OLD_MS);
    if (tooOld) found.add(`stream ${stream} keeps ${asSeconds(tooOld.oldestMs)} of ${asSeconds(tooOld.maxAgeMs)}`);
    const count = seen.map(({ at, consumers: value }) => ({ at, value }));
    found.grows(`consumers of ${stream}`, afterWarmUp(count), ALLOWED.consumers, asCount);
  }
  for (const [name, seen] of grouped(consumers, ({ stream, name: durable }) => `${stream}/${durable}`)) {
    const pending = seen.map(({ at, pending: value }) => ({ at, value }));
    found.grows(`what ${name} has yet to read`, afterWarmUp(pending), ALLOWED.pending, asCount);
    const tooMany = seen.find(({ unacknowledged, unacknowledgedMax }) => unacknowledged > unacknowledgedMax);
    if (tooMany) found.add(`${name} has ${tooMany.unacknowledged} messages in hand`);
  }
  for (const seen of grouped(redis, ({ run }) => run).values()) {
    const used = seen.map(({ at, usedBytes: value }) => ({ at, value }));
    found.grows('redis', afterWarmUp(used), ALLOWED.redisBytes, asMib);
    for (const pattern of new Set(seen.flatMap(({ keys }) => Object.keys(keys)))) {
      const count = seen.map(({ at, keys }) => ({ at, value: keys[pattern] ?? 0 }));
      found.grows(`redis keys ${pattern}`, afterWarmUp(count), ALLOWED.keys, asCount);
    }
  }
  return { sign: 'V4', ...found.all() };
}

/** One life of one process, from when it was warm. */
export function pieces<Seen extends { readonly at: number; readonly name: string; readonly pid: number }>(
  all: readonly Seen[],
) {
  return [...grouped(all, ({ name, pid }) => `${name}/${pid}`).values()].map((seen) => ({
    name: seen[0]?.name ?? '',
    of: (what: keyof Seen & string): Point[] =>
      afterWarmUp(seen.map((one) => ({ at: one.at, value: Number(one[what]) }))),
  }));
}

function afterWarmUp(points: readonly Point[]): Point[] {
  const from = Math.min(...points.map(({ at }) => at)) + WARM_UP_MS;
  return points.filter(({ at }) => at >= from);
}

/** Undefined where too little was seen. */
export function growth(points: readonly Point[]): Trend | undefined {
  const trend = trendOf(points);
  return trend && trend.overMs >= PIECE_MIN_MS ? trend : undefined;
}

function openFindings() {
  let checked = 0;
  const violations: string[] = [];
  return {
    looked() {
      checked += 1;
    },
    add: (violation: string) => void violations.push(violation),
    grows(what: string, points: readonly Point[], allowance: Allowance, shown: (value: number) => string) {
      const trend = growth(points);
      if (!trend) return;
      checked += 1;
      const { grownLeast, grown, median, overMs } = trend;
      if (grownLeast <= allowance.least || grownLeast <= (allowance.anHour * overMs) / HOUR_MS) return;
      violations.push(
        `${what} grew by ${shown(grown)} in ${asSeconds(overMs)}, by ${shown(grownLeast)} for sure, about ${shown(median)}`,
      );
    },
    all: () => ({ checked, violations }),
  };
}

export const asMib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;
const asCount = (count: number): string => String(Math.round(count));
const asSeconds = (ms: number): string => `${Math.round(ms / 1000)} s`;
