import type { RecordedEnd } from '@holdpoint/calls/core/end-attempt';
import { plannedOnce } from '@holdpoint/shared/db/planned-once';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';
import type { ClaimedAction, Verdict } from '../core/claimed-action.ts';

export interface Flush {
  /** By action. */
  readonly finishes: Readonly<Record<string, RecordedEnd & { readonly token: string }>>;
  readonly claims: readonly { readonly lane: number; readonly connector: string; readonly token: string }[];
  /** Action → token. */
  readonly reads: Readonly<Record<string, string>>;
}

export interface Found {
  readonly verdict: Verdict;
  /** The head's. */
  readonly connector: string | null;
  readonly claimed: ClaimedAction | null;
}

export interface Flushed {
  /** Actions whose end was recorded; of the others the attempt was no longer ours. */
  readonly finished: ReadonlySet<string>;
  /** By the token that asked. Reads that may not run are not in it. */
  readonly found: ReadonlyMap<string, Found>;
}

/**
 * Records what ended, then claims what is wanted: one round trip, one commit. Locks the actions that ended, then the heads,
 * each in order of id. Of two callers who want one head the first gets it; the other is told `again` or `busy`.
 */
export async function flush(
  db: Kysely<Database>,
  { finishes, claims, reads }: Flush,
  { worker, authorisedMaxSeconds }: { readonly worker: string; readonly authorisedMaxSeconds: number },
): Promise<Flushed> {
  const { rows } = await sql<Found & { finished: string[] | null; token: string | null }>`${plannedOnce}
    SELECT finished, token, verdict, connector, claimed FROM executor_flush(${JSON.stringify(finishes)}::jsonb,
      ${JSON.stringify(claims)}::jsonb, ${JSON.stringify(reads)}::jsonb, ${worker}::uuid, ${authorisedMaxSeconds}::int)
  `.execute(db);
  const finished = new Set<string>();
  const found = new Map<string, Found>();
  for (const { finished: ids, token, ...row } of rows) {
    for (const id of ids ?? []) finished.add(id);
    if (token !== null) found.set(token, row);
  }
  return { finished, found };
}
