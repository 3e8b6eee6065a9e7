import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Logger } from './logger.ts';

export { isConnectionLoss } from './dependency-loss.ts';

export interface PoolOptions {
  readonly url: string;
  readonly applicationName: string;
  /** Connections at most. */
  readonly max: number;
  readonly logger?: Logger;
  /** The server ends a statement that runs longer; 10 s unless told. */
  readonly statementTimeoutMs?: number;
  /** How long a caller waits for a connection; 3 s unless told. */
  readonly connectTimeoutMs?: number;
}

/**
 * A pool that survives the server: a broken idle connection is dropped and logged, the next query makes a new one.
 * `int8` comes as a number where that is exact (else as text), `timestamptz` as a Date.
 */
export function createPool(options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.max,
    statement_timeout: options.statementTimeoutMs ?? 10_000,
    // A transaction whose owner forgot it would hold its locks for ever.
    idle_in_transaction_session_timeout: 15_000,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 3_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    types: { getTypeParser },
  });
  // Without a listener the loss of an idle connection would be an uncaught error.
  pool.on('error', (error) => options.logger?.warn({ err: error }, 'postgres: an idle connection broke'));
  pool.on('connect', (client) => {
    client.on('error', (error) => options.logger?.debug({ err: error }, 'postgres: a connection broke'));
    planMarkedOnce(client);
  });
  return pool;
}

/** As `db/planned-once.ts` begins a statement. */
const MARK = '/* planned once */';

/** As what the driver calls named statements. */
function planMarkedOnce(client: pg.PoolClient): void {
  const query = client.query.bind(client) as (...args: unknown[]) => unknown;
  client.query = ((...args: unknown[]) => {
    const [text, values, ...rest] = args;
    if (typeof text !== 'string' || !text.startsWith(MARK)) return query(...args);
    return query({ name: nameOf(text), text, values }, ...rest);
  }) as typeof client.query;
}

const names = new Map<string, string>();

function nameOf(text: string): string {
  const known = names.get(text);
  if (known) return known;
  const name = createHash('sha1').update(text).digest('hex');
  names.set(text, name);
  return name;
}

/** Columns are snake_case, as in the database. Destroying it ends the pool. */
export function createDatabase<DB>(pool: pg.Pool): Kysely<DB> {
  return new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });
}

/** With `constraint`, only of that index or constraint. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return sqlState(error) === '23505' && (constraint === undefined || constraintOf(error) === constraint);
}

/** A deadlock or a serialization failure: the same transaction may well succeed now. */
export function isDeadlock(error: unknown): boolean {
  const state = sqlState(error);
  return state === '40P01' || state === '40001';
}

export interface RetryOptions {
  /** Tries in all; 5 unless told. */
  readonly attempts?: number;
  retryOn?(error: unknown): boolean;
  onRetry?(error: unknown, attempt: number): void;
}

/** Runs a transaction again after a deadlock or serialization failure, with a short random pause between. */
export async function withRetry<T>(run: (attempt: number) => Promise<T>, options: RetryOptions = {}): Promise<T> {
  const { attempts = 5, retryOn = isDeadlock } = options;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run(attempt);
    } catch (error) {
      if (attempt >= attempts || !retryOn(error)) throw error;
      options.onRetry?.(error, attempt);
      await delay(Math.random() * 10 * 2 ** attempt);
    }
  }
}

const INT8_OID = 20;

const getTypeParser = ((oid: number, format?: 'text' | 'binary') =>
  oid === INT8_OID && format !== 'binary'
    ? parseInt8
    : (pg.types.getTypeParser as (oid: number, format?: string) => unknown)(
        oid,
        format,
      )) as typeof pg.types.getTypeParser;

function parseInt8(text: string): number | string {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

function sqlState(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

function constraintOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'constraint' in error ? error.constraint : undefined;
}
