import type { Database } from '@holdpoint/shared/db/schema/index';
import { sql, type Transaction } from 'kysely';

export interface Lane {
  readonly tenant: string;
  readonly entityKey: string;
}

export const laneKey = ({ tenant, entityKey }: Lane): string => `${tenant} ${entityKey}`;

/**
 * Takes places at the tails of lanes: one for each time that a lane is named, numbered in the order of naming. Holds the
 * lanes' row locks, sorted, until the commit, so that numbers commit in their order.
 */
export async function takePlaces(
  tx: Transaction<Database>,
  lanes: readonly Lane[],
): Promise<{ readonly id: number; readonly seq: number }[]> {
  if (lanes.length === 0) return [];
  const counts = new Map<string, { tenant: string; entity_key: string; count: number }>();
  for (const lane of lanes) {
    const known = counts.get(laneKey(lane));
    if (known) known.count += 1;
    else counts.set(laneKey(lane), { tenant: lane.tenant, entity_key: lane.entityKey, count: 1 });
  }
  const { rows } = await sql<{ id: number; tenant: string; entity_key: string; first_seq: number }>`
    WITH wanted AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify([...counts.values()])}::jsonb)
        AS w (tenant text, entity_key text, count bigint)
    ), taken AS (
      INSERT INTO lanes AS l (tenant, entity_key, next_seq)
      SELECT tenant, entity_key, count + 1 FROM wanted ORDER BY entity_key COLLATE "C", tenant COLLATE "C"
      ON CONFLICT (entity_key, tenant) DO UPDATE SET next_seq = l.next_seq + excluded.next_seq - 1
      RETURNING l.id, l.tenant, l.entity_key, l.next_seq
    )
    SELECT t.id, t.tenant, t.entity_key, t.next_seq - w.count AS first_seq
    FROM taken t JOIN wanted w ON w.tenant = t.tenant AND w.entity_key = t.entity_key`.execute(tx);
  const next = new Map(
    rows.map((row) => [laneKey({ tenant: row.tenant, entityKey: row.entity_key }), { id: row.id, seq: row.first_seq }]),
  );
  return lanes.map((lane) => {
    const place = next.get(laneKey(lane));
    if (!place) throw new Error(`no lane came back for ${laneKey(lane)}`);
    return { id: place.id, seq: place.seq++ };
  });
}
