import type { Database } from '@holdpoint/shared/db/schema/index';
import type { ReceiptRow } from '@holdpoint/shared/db/schema/receipts';
import type { ReceiptKind } from '@holdpoint/shared/domain/receipt';
import { type Kysely, type RawBuilder, sql } from 'kysely';
import { type About, findActionsAbout } from './find-actions-about.ts';

/** Its time as text, for a Date would lose microseconds. */
export interface ReceiptPlace {
  readonly at: string;
  readonly id: string;
}

export interface ReceiptsQuery extends About {
  /** Undefined: of any tenant. */
  readonly tenant: string | undefined;
  readonly kind?: ReceiptKind | undefined;
  readonly event?: string | undefined;
  readonly operator?: string | undefined;
  readonly connector?: string | undefined;
  readonly tool?: string | undefined;
  readonly actor?: string | undefined;
  readonly outcome?: string | undefined;
  readonly since?: string | undefined;
  /** Left out itself. */
  readonly until?: string | undefined;
  /** Only those before this one. */
  readonly before?: ReceiptPlace | undefined;
  readonly limit: number;
}

export interface ReceiptsPage {
  readonly rows: readonly ReceiptRow[];
  /** Where to go on: there are more, or not all was looked at. */
  readonly next: ReceiptPlace | undefined;
}

/** What is about more actions than this is about the newest of them. */
const ACTIONS_MAX = 2_000;
/** Receipts one call looks at where no index leads to what it wants. */
const LOOKED_MAX = 20_000;

type Placed = ReceiptRow & { readonly at_text: string };

/**
 * Newest first. No lock. What is about an action, a plan, an entity is found by its actions; all else is looked for along time,
 * so many receipts at once, so that a page may be short, or empty, and still say where to go on.
 */
export async function listReceipts(db: Kysely<Database>, query: ReceiptsQuery): Promise<ReceiptsPage> {
  const actions = await findActionsAbout(db, query.tenant, query, ACTIONS_MAX);
  return actions ? ofActions(db, actions, query) : alongTime(db, query);
}

async function ofActions(
  db: Kysely<Database>,
  actions: readonly string[],
  query: ReceiptsQuery,
): Promise<ReceiptsPage> {
  const conditions = [...stretchOf(query), ...filtersOf(query)];
  // Only the ids decide the way in: an order by time would tempt the planner to walk all of time.
  const { rows } = await sql<Placed>`
    SELECT f.*, f.at::text AS at_text FROM (
      SELECT r.* FROM unnest(${actions}::uuid[]) AS a (id)
      CROSS JOIN LATERAL (SELECT * FROM receipts r WHERE r.action = a.id OFFSET 0) r
      WHERE ${sql.join(conditions, sql` AND `)} OFFSET 0
    ) f ORDER BY f.at DESC, f.id DESC LIMIT ${query.limit + 1}::int`.execute(db);
  return pageOf(rows, query.limit, undefined);
}

async function alongTime(db: Kysely<Database>, query: ReceiptsQuery): Promise<ReceiptsPage> {
  const { rows } = await sql<Placed & { looked: number; last_at: string; last_id: string }>`
    WITH looked AS MATERIALIZED (
      SELECT r.* FROM receipts r WHERE ${sql.join(stretchOf(query), sql` AND `)}
      ORDER BY r.at DESC, r.id DESC LIMIT ${LOOKED_MAX}::int
    ), seen AS (
      SELECT (SELECT count(*) FROM looked)::int AS looked, l.at::text AS last_at, l.id AS last_id
      FROM looked l ORDER BY l.at, l.id LIMIT 1
    )
    SELECT found.*, found.at::text AS at_text, seen.* FROM seen LEFT JOIN (
      SELECT r.* FROM looked r WHERE ${sql.join(filtersOf(query), sql` AND `)}
      ORDER BY r.at DESC, r.id DESC LIMIT ${query.limit + 1}::int
    ) found ON true ORDER BY found.at DESC, found.id DESC`.execute(db);
  const [first] = rows;
  if (!first) return { rows: [], next: undefined };
  const further = first.looked >= LOOKED_MAX ? { at: first.last_at, id: first.last_id } : undefined;
  const found = rows.filter(({ id }) => id !== null);
  return pageOf(
    found.map(({ looked, last_at, last_id, ...row }) => row),
    query.limit,
    further,
  );
}

function pageOf(rows: readonly Placed[], limit: number, further: ReceiptPlace | undefined): ReceiptsPage {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    rows: shown.map(({ at_text, ...row }) => row),
    next: rows.length > limit && last ? { at: last.at_text, id: last.id } : further,
  };
}

function stretchOf({ since, until, before }: ReceiptsQuery): RawBuilder<unknown>[] {
  return [
    sql`true`,
    ...(since === undefined ? [] : [sql`r.at >= ${since}::timestamptz`]),
    ...(until === undefined ? [] : [sql`r.at < ${until}::timestamptz`]),
    ...(before === undefined ? [] : [sql`(r.at, r.id) < (${before.at}::timestamptz, ${before.id}::uuid)`]),
  ];
}

function filtersOf(query: ReceiptsQuery): RawBuilder<unknown>[] {
  const conditions: RawBuilder<unknown>[] = [sql`true`];
  for (const field of ['tenant', 'kind', 'event', 'operator', 'connector', 'tool', 'actor', 'outcome'] as const) {
    const wanted = query[field];
    if (wanted !== undefined) conditions.push(sql`${sql.ref(`r.${field}`)} = ${wanted}`);
  }
  return conditions;
}
