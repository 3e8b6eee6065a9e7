import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';
import { FOLD_ABOVE_ROWS } from './take-limits.ts';

const ROWS_MAX = 5_000;

/** Limits of which a decision read more than is good. */
export async function findCrowdedLimits(db: Kysely<Database>, limit: number): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    SELECT id FROM policy_limits WHERE crowded ORDER BY id LIMIT ${limit}`.execute(db);
  return rows.map(({ id }) => id);
}

/** A page of all limits, by id. */
export async function findLimits(db: Kysely<Database>, after: number, limit: number): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    SELECT id FROM policy_limits WHERE id > ${after} ORDER BY id LIMIT ${limit}`.execute(db);
  return rows.map(({ id }) => id);
}

/**
 * Drops and folds what is no longer wanted one by one. Tries an advisory lock, so of two callers one tends and the other goes
 * away; a decision never waits for it. Returns the limits in which more is left than one call takes.
 */
export async function tendLimits(db: Kysely<Database>, limits: readonly number[]): Promise<number[]> {
  if (limits.length === 0) return [];
  const { rows } = await sql<{ more: number[] | null }>`
    SELECT tend_limits(${limits}::bigint[], ${ROWS_MAX}, ${FOLD_ABOVE_ROWS})::float8[] AS more`.execute(db);
  return rows[0]?.more ?? [];
}
