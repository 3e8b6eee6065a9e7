import type { ActionRow } from '@holdpoint/shared/db/schema/actions';
import type { Database } from '@holdpoint/shared/db/schema/index';
import type { EventEnvelope } from '@holdpoint/shared/domain/event';
import type { Consent } from '@holdpoint/shared/domain/quorum';
import { type Kysely, sql } from 'kysely';

/** An action that waits to be scored again, with what its decision needs. */
export interface Waiting {
  readonly action: ActionRow;
  readonly env: EventEnvelope;
  readonly requester: string;
  readonly sessionId: string | null;
  /** Everybody who agreed to this very digest, in whichever approval of the action. */
  readonly consents: readonly Consent[];
}

/** The oldest that wait; no lock: `apply-rescores` names the state it leaves. */
export async function findRescores(db: Kysely<Database>, limit: number): Promise<Waiting[]> {
  const { rows } = await sql<
    ActionRow & { env: EventEnvelope; requester: string; session_id: string | null; consents: Consent[] }
  >`
    SELECT a.*, p.env, p.requester, p.session_id, coalesce((
      SELECT jsonb_agg(jsonb_build_object('principal', v.principal, 'audiences', v.audiences) ORDER BY v.at)
      FROM approvals g JOIN votes v ON v.approval = g.id
      WHERE g.action = a.id AND g.digest = a.digest AND g.status = 'granted' AND v.vote = 'approve'), '[]') AS consents
    FROM actions a JOIN plans p ON p.id = a.plan
    WHERE a.state = 'rescore'
    ORDER BY a.id LIMIT ${limit}`.execute(db);
  return rows.map(({ env, requester, session_id: sessionId, consents, ...action }) => ({
    action,
    env,
    requester,
    sessionId,
    consents,
  }));
}
