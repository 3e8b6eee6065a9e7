import { asked } from '../servers.ts';
import { CONNECTOR, OPERATOR, TENANT, TOOL } from '../workspace.ts';

/** Asked by almost everything; asked by few, and long ago: behind all others in every list. */
export const AUDIENCE = 'reviewer';
export const RARE_AUDIENCE = 'auditor';
/** As many as fill a page, in the empty table as well. */
export const RARE_ROWS = 100;

const CHUNK_ROWS = 20_000;
const DAY_MS = 24 * 3600 * 1000;

export interface Batch {
  readonly rows: number;
  readonly audience: string;
  readonly quorum?: number;
  /** When the first was asked, and how long each waits from now; the next ones a millisecond later. */
  readonly bornAtMs: number;
  readonly expiresAtMs: number;
  readonly expiresEveryMs?: number;
}

/** Approvals that wait, oldest first, each of a held action; of every tenth with two to agree one has voted. Their ids. */
export async function addPending(ownerUrl: string, batch: Batch): Promise<string[]> {
  const { rows, audience, quorum = 1, bornAtMs, expiresAtMs, expiresEveryMs = 0 } = batch;
  const ids: string[] = [];
  for (let from = 0; from < rows; from += CHUNK_ROWS) {
    const count = Math.min(CHUNK_ROWS, rows - from);
    const requirements = JSON.stringify([{ audience, quorum }]);
    const found = await asked<{ id: string }>(
      ownerUrl,
      `WITH n AS MATERIALIZED (
         SELECT ${uuidAt(`${bornAtMs + from} + i`)} AS id, ${uuidAt(`${bornAtMs + from} + i`)} AS action, i,
           to_timestamp((${expiresAtMs} + (${from} + i) * ${expiresEveryMs}) / 1000.0) AS expires_at
         FROM generate_series(0, ${count - 1}) AS i
       ), p AS (
         INSERT INTO plans (id, tenant, operator, plan_id, body_digest, env, requester)
         VALUES (${uuidAt(`${bornAtMs + from}`)}, '${TENANT}', '${OPERATOR}', gen_random_uuid()::text, 'd', '{}', 'operator|${OPERATOR}')
         RETURNING id, plan_id
       ), a AS (
         INSERT INTO actions (id, plan, plan_id, index, tenant, operator, connector, tool, risk, args, value, entity_key,
           idempotency_key, proposed_digest, digest, decision, reasons, matched, policy_version, escalation, decided_at, state,
           approval_id)
         SELECT n.action, p.id, p.plan_id, n.i, '${TENANT}', '${OPERATOR}', '${CONNECTOR}', '${TOOL}', 'write', '{"place":1}', 120,
           'order:' || n.i, n.id::text, 'd', 'd', 'ALERT', '[]', '["all"]', 'v', '{"mode":"hold"}', now(), 'held', n.id
         FROM n, p
       ), q AS (
         INSERT INTO approvals (id, tenant, status, action, plan_id, digest, connector, tool, args, value, entity_key, risk,
           urgency, reason, subject, operator, requester, requirements, mode, self_approval, expires_at, created_at)
         SELECT n.id, '${TENANT}', 'pending', n.action, p.plan_id, 'd', '${CONNECTOR}', '${TOOL}', '{"place":1}', 120,
           'order:' || n.i, 'write', 'medium', 'over what it may do alone', '${CONNECTOR} ${TOOL}', '${OPERATOR}',
           'operator|${OPERATOR}', '${requirements}', 'hold', false, n.expires_at, now()
         FROM n, p
       ), v AS (
         INSERT INTO votes (approval, principal, vote, audiences)
         SELECT n.id, 'https://people.bench|early', 'approve', '["${audience}"]' FROM n WHERE ${quorum} > 1 AND n.i % 10 = 0
       )
       SELECT id FROM n ORDER BY i`,
    );
    for (const { id } of found) ids.push(id);
  }
  return ids;
}

/** What stands in the table before the measuring: of two thirds two have to agree. Its middle, to go on from. */
export async function fill(ownerUrl: string, rows: number, log: (line: string) => void): Promise<{ middle: string }> {
  const now = Date.now();
  const far = { expiresAtMs: now + 30 * DAY_MS };
  const old = { ...far, audience: RARE_AUDIENCE, bornAtMs: now - 90 * DAY_MS };
  await addPending(ownerUrl, { ...old, rows: RARE_ROWS });
  const third = Math.max(Math.floor((rows - RARE_ROWS) / 3), 1);
  const one = { ...far, audience: AUDIENCE };
  const single = await addPending(ownerUrl, { ...one, rows: third, bornAtMs: now - 60 * DAY_MS });
  log(`B5 filled ${third + RARE_ROWS} of ${rows}`);
  await addPending(ownerUrl, { ...one, rows: rows - RARE_ROWS - third, quorum: 2, bornAtMs: now - 30 * DAY_MS });
  await asked(ownerUrl, 'VACUUM ANALYZE');
  await asked(ownerUrl, 'CHECKPOINT');
  return { middle: single.at(-1) ?? '' };
}

/** A UUIDv7 of a millisecond, in SQL. */
function uuidAt(ms: string): string {
  const random = "encode(uuid_send(gen_random_uuid()), 'hex')";
  return `(lpad(to_hex((${ms})::bigint), 12, '0') || '7' || substr(${random}, 1, 3) || '8' || substr(${random}, 5, 15))::uuid`;
}
