import type { Limit } from '../benchmark.ts';
import { asked, type RunDatabase, type Servers } from '../servers.ts';
import { cpuSeconds } from './cpu-time.ts';

/** What was used since the start of a watch, by name. */
export type Costs = ReadonlyMap<string, number>;

/**
 * Starts to count what work costs; returns how to stop. Seconds of processors by process, and what Postgres and Redis wrote: on a
 * machine with others at work these stay what they are, while rates and times do not.
 */
export async function watchCosts(
  { adminUrl, stack }: Servers,
  { ownerUrl }: RunDatabase,
  pids: Readonly<Record<string, number>>,
): Promise<() => Promise<Costs>> {
  const { postgres, nats, redis } = stack.servers;
  const all = { ...pids, postgres: postgres?.pid ?? 0, nats: nats?.pid ?? 0, redis: redis?.pid ?? 0 };
  const look = async (): Promise<Map<string, number>> => {
    const counts = new Map<string, number>();
    for (const [name, pid] of Object.entries(all)) counts.set(`CPU ms, ${name}`, ((await cpuSeconds(pid)) ?? 0) * 1000);
    for (const { name, count } of await asked<{ name: string; count: number }>(ownerUrl, WRITTEN))
      counts.set(name, count);
    for (const { name, count } of await asked<{ name: string; count: number }>(adminUrl, WAL)) counts.set(name, count);
    return counts;
  };
  const before = await look();
  return async () => {
    const after = await look();
    return new Map([...after].map(([name, count]) => [name, count - (before.get(name) ?? 0)]));
  };
}

/** Divided by how many were done. */
export function costsOfOne(what: string, costs: Costs, count: number): Limit {
  return {
    what: `what one ${what} costs, of ${count}`,
    shares: [...costs]
      .filter(([, used]) => used / count >= NOTED_MIN)
      .map(([name, used]) => ({ name, note: (used / count).toPrecision(3) })),
  };
}

const NOTED_MIN = 0.001;

const WRITTEN = `
  SELECT pg_stat_force_next_flush(), 'transactions' AS name, xact_commit::float8 AS count FROM pg_stat_database WHERE datname = current_database()
  UNION ALL SELECT null, 'rows inserted, ' || t.relname, t.n_tup_ins FROM pg_stat_user_tables t
  UNION ALL SELECT null, 'rows updated, ' || t.relname, t.n_tup_upd FROM pg_stat_user_tables t
  UNION ALL SELECT null, 'of them without new index entries, ' || t.relname, t.n_tup_hot_upd FROM pg_stat_user_tables t
  UNION ALL SELECT null, 'rows deleted, ' || t.relname, t.n_tup_del FROM pg_stat_user_tables t`;
const WAL = `
  SELECT 'WAL bytes' AS name, wal_bytes::float8 AS count FROM pg_stat_wal
  UNION ALL SELECT 'WAL records', wal_records FROM pg_stat_wal`;
