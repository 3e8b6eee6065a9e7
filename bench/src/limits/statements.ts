import type { Limit } from '../benchmark.ts';
import { asked, type Servers } from '../servers.ts';

const ENTRIES_MAX = 15;
const TEXT_MAX_CHARS = 110;

/** Starts to time statements, those inside functions too; returns how to stop and what took the time. */
export async function watchStatements({ adminUrl, timesStatements }: Servers): Promise<() => Promise<Limit[]>> {
  if (!timesStatements) return async () => [];
  await track(adminUrl, 'all');
  await asked(adminUrl, 'SELECT pg_stat_statements_reset()');
  return async () => {
    const rows = await asked<Row>(
      adminUrl,
      `SELECT toplevel, query, calls::int, total_exec_time AS ms, rows::int
       FROM pg_stat_statements WHERE query NOT ILIKE '%pg_stat_statements%' ORDER BY total_exec_time DESC`,
    );
    await track(adminUrl, 'none');
    return [
      shares(
        'Postgres: statements as sent',
        rows.filter(({ toplevel }) => toplevel),
      ),
      shares(
        'Postgres: statements inside functions',
        rows.filter(({ toplevel }) => !toplevel),
      ),
    ];
  };
}

interface Row {
  readonly toplevel: boolean;
  readonly query: string;
  readonly calls: number;
  readonly ms: number;
  readonly rows: number;
}

function shares(what: string, rows: readonly Row[]): Limit {
  const totalMs = rows.reduce((sum, { ms }) => sum + ms, 0);
  return {
    what: `${what} (${Math.round(totalMs)} ms)`,
    shares: rows.slice(0, ENTRIES_MAX).map(({ query, ms, calls, rows: count }) => ({
      name: query.replace(/\s+/g, ' ').trim().slice(0, TEXT_MAX_CHARS),
      share: Math.round((ms / totalMs) * 1000) / 1000,
      note: `${calls} calls, ${(ms / calls).toFixed(2)} ms each, ${count} rows`,
    })),
  };
}

async function track(adminUrl: string, which: 'all' | 'none'): Promise<void> {
  await asked(adminUrl, `ALTER SYSTEM SET pg_stat_statements.track = '${which}'`);
  await asked(adminUrl, 'SELECT pg_reload_conf()');
}
