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
  /** The last approval of this digest that was granted: what a claim of a held action shows for itself. */
  readonly grantedBy: string | null;
  /** Whether people were asked about this digest, and the question is open or was answered. */
  readonly asked: boolean;
  /** How many denied this digest in approvals that were granted all the same. */
  readonly denials: number;
}

/** Those that wait, by id, beyond `after`; no lock: `apply-rescores` names the state it leaves. */
export async function findRescores(db: Kysely<Database>, after: string, limit: number): Promise<Waiting[]> {
  const { rows } = await sql<
    ActionRow & {
      env: EventEnvelope;
      requester: string;
      session_id: string | null;
      consents: Consent[];
      granted_by: string | null;
      asked: boolean;
      denials: number;
    }
  >`
    SELECT a.*, p.env, p.requester, p.session_id, coalesce((
      SELECT jsonb_agg(jsonb_build_object('principal', v.principal, 'audiences', v.audiences) ORDER BY v.at)
      FROM approvals g JOIN votes v ON v.approval = g.id
      WHERE g.action = a.id AND g.digest = a.digest AND g.status = 'granted' AND v.vote = 'approve'), '[]') AS consents, (
      SELECT g.id FROM approvals g WHERE g.action = a.id AND g.digest = a.digest AND g.status = 'granted'
      ORDER BY g.decided_at DESC, g.id DESC LIMIT 1) AS granted_by, EXISTS (
      SELECT 1 FROM approvals g WHERE g.action = a.id AND g.digest = a.digest
        AND g.status IN ('pending', 'granted', 'denied')) AS asked, (
      SELECT count(DISTINCT v.principal) FROM approvals g JOIN votes v ON v.approval = g.id
      WHERE g.action = a.id AND g.digest = a.digest AND g.status = 'granted' AND v.vote = 'deny')::integer AS denials
    FROM actions a JOIN plans p ON p.id = a.plan
    WHERE a.state = 'rescore' AND a.id > ${after}
    ORDER BY a.id LIMIT ${limit}`.execute(db);
  return rows.map(
    ({ env, requester, session_id: sessionId, consents, granted_by: grantedBy, asked, denials, ...action }) => ({
      action,
      env,
      requester,
      sessionId,
      consents,
      grantedBy,
      asked,
      denials,
    }),
  );
}
