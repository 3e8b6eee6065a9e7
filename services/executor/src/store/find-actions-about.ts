import type { Database } from '@holdpoint/shared/db/schema/index';
import { CLAIMING_STATES } from '@holdpoint/shared/domain/lifecycle';
import { type Kysely, sql } from 'kysely';

/** What a person has in hand: an id, or a key. */
export interface About {
  readonly actionId?: string | undefined;
  /** The plan's server id. */
  readonly plan?: string | undefined;
  /** The plan's id as its operator named it. */
  readonly planId?: string | undefined;
  readonly entityKey?: string | undefined;
  /** An action's, plan's or approval's id; a plan's id as its operator named it; an idempotency key that is held; an entity key. */
  readonly anyId?: string | undefined;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The actions that something is about, the newest so many: each look by an index of its own, for none leads from these words to
 * receipts. Undefined: it was not asked about anything. No lock.
 */
export async function findActionsAbout(
  db: Kysely<Database>,
  tenant: string | undefined,
  about: About,
  max: number,
): Promise<string[] | undefined> {
  const looks = [
    about.actionId === undefined ? [] : [sql`SELECT ${about.actionId}::uuid AS id`],
    about.plan === undefined ? [] : [ofPlan(about.plan)],
    about.planId === undefined ? [] : [ofPlanNamed(about.planId)],
    about.entityKey === undefined ? [] : [ofEntity(about.entityKey, max)],
    about.anyId === undefined ? [] : [anyOf(about.anyId, max)],
  ].flat();
  if (looks.length === 0) return undefined;
  const all = looks.map((look) => sql`SELECT id FROM (${look}) l`);
  const { rows } = await sql<{ id: string }>`
    SELECT a.id FROM (${sql.join(all, sql` INTERSECT `)}) f JOIN actions a ON a.id = f.id
    WHERE ${tenant ?? null}::text IS NULL OR a.tenant = ${tenant ?? null}::text
    ORDER BY a.id DESC LIMIT ${max}::int`.execute(db);
  return rows.map(({ id }) => id);
}

const ofPlan = (plan: string) => sql`SELECT id FROM actions WHERE plan = ${plan}::uuid`;

const ofPlanNamed = (planId: string) =>
  sql`SELECT a.id FROM plans p JOIN actions a ON a.plan = p.id WHERE p.plan_id = ${planId}`;

const ofEntity = (key: string, max: number) =>
  sql`(SELECT id FROM actions WHERE entity_key = ${key} ORDER BY id DESC LIMIT ${max}::int)`;

function anyOf(text: string, max: number) {
  const claiming = sql.join(CLAIMING_STATES.map((state) => sql.lit(state)));
  const looks = [
    ofPlanNamed(text),
    ofEntity(text, max),
    sql`SELECT id FROM actions WHERE idempotency_key = ${text} AND state IN (${claiming}) AND risk <> 'read'`,
    ...(UUID.test(text)
      ? [
          sql`SELECT ${text}::uuid AS id`,
          ofPlan(text),
          sql`SELECT action AS id FROM approvals WHERE id = ${text}::uuid AND action IS NOT NULL`,
        ]
      : []),
  ];
  return sql.join(looks, sql` UNION `);
}
