import { plannedOnce } from '@holdpoint/shared/db/planned-once';
import {
  createDatabase,
  createPool,
  isConnectionLoss,
  isDeadlock,
  isUniqueViolation,
  withRetry,
} from '@holdpoint/shared/runtime/postgres';
import { privatePostgres, type TestServers, testServers } from '@holdpoint/stack/testing/test-servers';
import { type Generated, sql } from 'kysely';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { recordingLogger } from './recording-logger.ts';

let servers: TestServers;
let pool: pg.Pool;
const { logger, lines } = recordingLogger();

beforeAll(async () => {
  servers = await testServers({ nats: false, redis: false });
  pool = createPool({ url: servers.databaseOwnerUrl, applicationName: 'runtime-test', max: 4, logger });
  await pool.query('CREATE TABLE things (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)');
  await pool.query('INSERT INTO things (id) VALUES (1), (2)');
});
afterAll(async () => {
  await pool?.end();
  await servers?.stop();
});

describe('the pool', () => {
  test('an int8 is a number where that is exact, else text; a timestamptz is a Date', async () => {
    const { rows } = await pool.query(
      `SELECT 7::int8 AS small, 9007199254740993::int8 AS large, '2026-01-02T03:04:05Z'::timestamptz AS at, array[1,2]::int8[] AS list`,
    );
    expect(rows[0]).toMatchObject({ small: 7, large: '9007199254740993', at: new Date('2026-01-02T03:04:05Z') });
  });

  test('a statement that is marked so is planned once a connection, and stays right when the table changes', async () => {
    const one = createPool({ url: servers.databaseOwnerUrl, applicationName: 'runtime-test', max: 1 });
    const db = createDatabase<Record<string, never>>(one);
    const insert = (n: number) =>
      sql<{ n: number }>`${plannedOnce} INSERT INTO marked (n) VALUES (${n}) RETURNING n`.execute(db);
    await sql`CREATE TABLE marked (n int PRIMARY KEY)`.execute(db);
    await insert(1);
    await sql`ALTER TABLE marked ADD COLUMN more int CHECK (n <> 3)`.execute(db);
    expect((await insert(2)).rows).toEqual([{ n: 2 }]);
    await expect(insert(3)).rejects.toThrow('check constraint');
    await expect(insert(2)).rejects.toThrow('duplicate key');
    expect((await insert(4)).rows).toEqual([{ n: 4 }]);
    const { rows } =
      await sql`SELECT statement, generic_plans + custom_plans AS runs FROM pg_prepared_statements`.execute(db);
    expect(rows).toEqual([{ statement: expect.stringContaining('INSERT INTO marked'), runs: 5 }]);
    await db.destroy();
  });

  test('names itself, and a statement that runs too long is ended by the server', async () => {
    const short = createPool({
      url: servers.databaseOwnerUrl,
      applicationName: 'short',
      max: 1,
      statementTimeoutMs: 50,
    });
    const { rows } = await short.query('SELECT application_name FROM pg_stat_activity WHERE pid = pg_backend_pid()');
    expect(rows).toEqual([{ application_name: 'short' }]);
    await expect(short.query('SELECT pg_sleep(10)')).rejects.toMatchObject({ code: '57014' });
    await short.end();
  });

  test('an idle connection that the server cuts is logged, and the next query works', async () => {
    const other = createPool({ url: servers.databaseOwnerUrl, applicationName: 'cut', max: 1, logger });
    await other.query('SELECT 1');
    lines.length = 0;
    await pool.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cut'");
    await vi.waitFor(() => expect(lines.join('')).toContain('an idle connection broke'));
    expect((await other.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await other.end();
  });

  test('a query whose connection is cut is a connection loss', async () => {
    const other = createPool({ url: servers.databaseOwnerUrl, applicationName: 'victim', max: 1, logger });
    const sleeping = other.query('SELECT pg_sleep(5)').catch((error) => error);
    await vi.waitFor(async () => {
      const { rowCount } = await pool.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim' AND state = 'active'",
      );
      expect(rowCount).toBe(1);
    });
    expect(isConnectionLoss(await sleeping)).toBe(true);
    await other.end();
  });
});

describe('errors', () => {
  test('a unique violation is told apart by its constraint', async () => {
    const error = await pool.query('INSERT INTO things (id) VALUES (1)').catch((caught) => caught);
    expect(isUniqueViolation(error)).toBe(true);
    expect(isUniqueViolation(error, 'things_pkey')).toBe(true);
    expect(isUniqueViolation(error, 'other')).toBe(false);
    expect(isConnectionLoss(error)).toBe(false);
  });

  test('a deadlock is retried and both transactions commit', async () => {
    const db = createDatabase<{ things: { id: Generated<number>; n: number } }>(pool);
    const retried: unknown[] = [];
    const both = { count: 0, meet: () => {} };
    const met = new Promise<void>((resolve) => {
      both.meet = resolve;
    });
    const bump = (first: number, second: number) =>
      withRetry(
        (attempt) =>
          db.transaction().execute(async (tx) => {
            await sql`UPDATE things SET n = n + 1 WHERE id = ${first}`.execute(tx);
            both.count += 1;
            if (both.count === 2) both.meet();
            if (attempt === 1) await met;
            await sql`UPDATE things SET n = n + 1 WHERE id = ${second}`.execute(tx);
          }),
        { onRetry: (error) => retried.push(error) },
      );
    await Promise.all([bump(1, 2), bump(2, 1)]);
    expect(retried).toHaveLength(1);
    expect(isDeadlock(retried[0])).toBe(true);
    expect((await pool.query('SELECT id, n FROM things ORDER BY id')).rows).toEqual([
      { id: 1, n: 2 },
      { id: 2, n: 2 },
    ]);
  });

  test('what is not a deadlock is tried once, and a deadlock only so often', async () => {
    let tries = 0;
    const failing = (error: Error) => async () => {
      tries += 1;
      throw error;
    };
    await expect(withRetry(failing(new Error('other')))).rejects.toThrow('other');
    expect(tries).toBe(1);
    tries = 0;
    const deadlock = Object.assign(new Error('deadlock'), { code: '40P01' });
    await expect(withRetry(failing(deadlock), { attempts: 3 })).rejects.toThrow('deadlock');
    expect(tries).toBe(3);
  });
});

test('a database that goes away and comes back is found again', async () => {
  const postgres = await privatePostgres();
  const other = createPool({ url: postgres.databaseOwnerUrl, applicationName: 'away', max: 2, logger });
  try {
    await other.query('SELECT 1');
    await postgres.server.stop();
    const lost = await other.query('SELECT 1').catch((error) => error);
    expect(isConnectionLoss(lost)).toBe(true);
    await postgres.server.start();
    await vi.waitFor(async () => expect((await other.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]), {
      timeout: 10_000,
    });
  } finally {
    await other.end();
    await postgres.stop();
  }
});
