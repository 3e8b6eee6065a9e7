import type { Database } from '@holdpoint/shared/db/schema/index';
import { SNAPSHOTS_MAX_BYTES } from '@holdpoint/shared/domain/entity';
import { type Kysely, sql } from 'kysely';
import type { FoundEntity, WantedEntity } from '../core/wanted-entities.ts';

/** What one plan asks for: each entity once. */
export interface EntitiesOfPlan {
  readonly tenant: string;
  readonly wanted: readonly WantedEntity[];
}

/**
 * What is known of the entities of a batch of plans, by the place of the plan: one query for all. Those that were deleted or
 * whose time is up are left out. Data beyond what one plan is shown stays behind, in the order of its lines. No lock.
 */
export async function findEntities(
  db: Kysely<Database>,
  plans: readonly EntitiesOfPlan[],
): Promise<readonly (readonly FoundEntity[])[]> {
  const wanted = plans.flatMap((plan, place) => plan.wanted.map((one) => ({ ...one, tenant: plan.tenant, place })));
  const found: FoundEntity[][] = plans.map(() => []);
  if (wanted.length === 0) return found;
  const { rows } = await sql<FoundEntity & { place: number }>`
    SELECT place, connector, name, id, version, "seenAt", CASE WHEN bytes <= ${SNAPSHOTS_MAX_BYTES} THEN data END AS data
    FROM (
      SELECT w.place, e.connector, e.entity AS name, e.id, e.version::text, iso_time(e.seen_at) AS "seenAt", e.data,
        sum(octet_length(e.data::text)) OVER (PARTITION BY w.place ORDER BY w.nth) AS bytes
      FROM unnest(${wanted.map(({ place }) => place)}::integer[], ${wanted.map(({ tenant }) => tenant)}::text[],
        ${wanted.map(({ connector }) => connector)}::text[], ${wanted.map(({ name }) => name)}::text[],
        ${wanted.map(({ id }) => id)}::text[]) WITH ORDINALITY AS w (place, tenant, connector, entity, id, nth)
      JOIN entities e ON e.tenant = w.tenant AND e.connector = w.connector AND e.entity = w.entity AND e.id = w.id
      WHERE e.data IS NOT NULL AND e.expires_at > clock_timestamp()
    ) AS f`.execute(db);
  for (const { place, ...entity } of rows) found[place]?.push(entity);
  return found;
}
