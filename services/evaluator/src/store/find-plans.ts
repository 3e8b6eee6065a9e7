import type { ActionRow } from '@holdpoint/shared/db/schema/actions';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';
import type { Proposal } from '../core/proposal.ts';

export interface KnownPlan {
  readonly id: string;
  readonly tenant: string;
  readonly operator: string;
  readonly plan_id: string;
  readonly body_digest: string;
}

/** Those of the proposed plans that are recorded already, by identity. No lock: a plan never changes once recorded. */
export async function findPlans(db: Kysely<Database>, proposals: readonly Proposal[]): Promise<KnownPlan[]> {
  const { rows } = await sql<KnownPlan>`
    SELECT id, tenant, operator, plan_id, body_digest FROM plans
    WHERE (plan_id, operator, tenant) IN (
      SELECT p.plan_id, p.operator, p.tenant FROM unnest(${proposals.map((p) => p.plan.plan_id)}::text[],
        ${proposals.map((p) => p.operator)}::text[], ${proposals.map((p) => p.tenant)}::text[]) AS p (plan_id, operator, tenant))
  `.execute(db);
  return rows;
}

/** A plan's actions in their order; at most a plan's worth. */
export async function findActions(db: Kysely<Database>, planRowId: string): Promise<ActionRow[]> {
  return db.selectFrom('actions').selectAll().where('plan', '=', planRowId).orderBy('index').execute();
}
