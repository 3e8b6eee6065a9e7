import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { newId } from '@holdpoint/shared/runtime/ids';
import type pg from 'pg';

export interface ActionSpec {
  readonly entity?: string;
  readonly connector?: string;
  readonly tool?: string;
  readonly risk?: 'read' | 'write' | 'destructive';
  readonly state?: string;
  readonly args?: Record<string, unknown>;
  readonly tenant?: string;
  readonly operator?: string;
  readonly key?: string;
  readonly plan?: string;
  readonly index?: number;
  readonly decision?: 'ALLOW' | 'ALERT' | 'BLOCK';
  readonly escalation?: unknown;
  readonly approvalId?: string;
  readonly duplicateOf?: string;
  /** Seconds from now; negative: it is over. */
  readonly expiresInSeconds?: number;
  readonly authorisedAgoSeconds?: number;
}

export interface Seeded {
  readonly id: string;
  readonly plan: string;
  readonly laneId: number | null;
  readonly laneSeq: number | null;
  readonly entity: string | null;
  readonly tenant: string;
}

/** Writes a plan of its own (unless one is named), the entity's lane, and the action, as the evaluator would. */
export async function seedAction(client: pg.Client | pg.Pool, spec: ActionSpec = {}): Promise<Seeded> {
  const id = newId();
  const tenant = spec.tenant ?? 'acme';
  const operator = spec.operator ?? 'bot';
  const risk = spec.risk ?? 'write';
  const entity = risk === 'read' ? null : (spec.entity ?? `entity-${id}`);
  const plan = spec.plan ?? (await seedPlan(client, tenant, operator));
  const state = spec.state ?? 'queued';
  const lane =
    entity !== null && ['queued', 'running', 'indeterminate'].includes(state)
      ? await takePlace(client, tenant, entity)
      : undefined;
  await client.query(
    `INSERT INTO actions (id, plan, plan_id, index, tenant, operator, connector, tool, risk, args, entity_key, idempotency_key,
       proposed_digest, digest, decision, reasons, matched, policy_version, escalation, decided_at, state, duplicate_of,
       approval_id, lane_id, lane_seq, expires_at, authorised_at, worker, token, started_at)
     VALUES ($1, $2, $21, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'd', 'd', $12, '[]', '[]', 'v1', $13,
       clock_timestamp(), $14::text, $15, $16, $17, $18,
       clock_timestamp() + $19::int * interval '1 second', clock_timestamp() - $20::int * interval '1 second',
       CASE WHEN $14 = 'running' THEN gen_random_uuid() END, CASE WHEN $14 = 'running' THEN gen_random_uuid() END,
       CASE WHEN $14 = 'running' THEN clock_timestamp() END)`,
    [
      id,
      plan,
      spec.index ?? 0,
      tenant,
      operator,
      spec.connector ?? 'alpha',
      spec.tool ?? (risk === 'read' ? 'look' : 'write'),
      risk,
      JSON.stringify(spec.args ?? {}),
      entity,
      risk === 'read' ? null : (spec.key ?? `key-${id}`),
      spec.decision ?? 'ALLOW',
      spec.escalation === undefined ? null : JSON.stringify(spec.escalation),
      state,
      spec.duplicateOf ?? null,
      spec.approvalId ?? null,
      lane?.laneId ?? null,
      lane?.laneSeq ?? null,
      spec.expiresInSeconds ?? null,
      spec.authorisedAgoSeconds ?? 0,
      `plan-${plan}`,
    ],
  );
  return { id, plan, laneId: lane?.laneId ?? null, laneSeq: lane?.laneSeq ?? null, entity, tenant };
}

export async function seedPlan(client: pg.Client | pg.Pool, tenant = 'acme', operator = 'bot'): Promise<string> {
  const id = newId();
  await client.query(
    `INSERT INTO plans (id, tenant, operator, plan_id, body_digest, env, requester)
     VALUES ($1, $2, $3, $4, 'd', '{}', $5)`,
    [id, tenant, operator, `plan-${id}`, `operator|${tenant}|${operator}`],
  );
  return id;
}

async function takePlace(client: pg.Client | pg.Pool, tenant: string, entity: string) {
  const { rows } = await client.query(
    `INSERT INTO lanes AS l (tenant, entity_key, next_seq) VALUES ($1, $2, 2)
     ON CONFLICT (entity_key, tenant) DO UPDATE SET next_seq = l.next_seq + 1 RETURNING id, next_seq - 1 AS seq`,
    [tenant, entity],
  );
  return { laneId: Number(rows[0].id), laneSeq: Number(rows[0].seq) };
}

export async function seedGrant(
  client: pg.Client | pg.Pool,
  { id, tenant }: Seeded,
  over: { digest?: string } = {},
): Promise<string> {
  const approval = newId();
  await client.query(
    `INSERT INTO approvals (id, tenant, status, action, digest, args, urgency, reason, operator, requester, requirements, mode,
       self_approval, expires_at)
     VALUES ($1, $2, 'granted', $3, $4, '{}', 'low', 'r', 'bot', 'operator|bot', '[]', 'hold', false, now() + interval '1 day')`,
    [approval, tenant, id, over.digest ?? 'd'],
  );
  await client.query('UPDATE actions SET approval_id = $2 WHERE id = $1', [id, approval]);
  return approval;
}

export async function seedFreeze(
  client: pg.Client | pg.Pool,
  over: { tenant?: string; operator?: string; connector?: string; tool?: string } = {},
) {
  const id = newId();
  await client.query(
    `INSERT INTO freezes (id, tenant, operator, connector, tool, reason, frozen_by) VALUES ($1, $2, $3, $4, $5, 'stop', 'test')`,
    [id, over.tenant ?? 'acme', over.operator ?? null, over.connector ?? null, over.tool ?? null],
  );
  return id;
}

// biome-ignore lint/suspicious/noExplicitAny: rows are looked at by tests, field by field
export type Row = Record<string, any>;

export async function actionRow(client: pg.Client | pg.Pool, id: string): Promise<Row> {
  const { rows } = await client.query('SELECT * FROM actions WHERE id = $1', [id]);
  return rows[0];
}

export async function receiptsOf(client: pg.Client | pg.Pool, id: string): Promise<string[]> {
  const { rows } = await client.query('SELECT kind, outcome FROM receipts WHERE action = $1 ORDER BY at, id', [id]);
  return rows.map((row) => `${row.kind}:${row.outcome}`);
}

export interface Found {
  readonly token: string | null;
  readonly verdict: string | null;
  readonly connector: string | null;
  readonly claimed: Row | null;
  readonly finished: string[] | null;
}

/** One call of `executor_flush`, raw. */
export async function flush(
  client: pg.Client | pg.Pool,
  call: {
    readonly finishes?: Record<string, Row>;
    readonly claims?: readonly { lane: number; connector?: string; token?: string }[];
    readonly reads?: Record<string, string>;
    readonly worker?: string;
    readonly authorisedMaxSeconds?: number;
  },
): Promise<Found[]> {
  const claims = (call.claims ?? []).map((claim) => ({ connector: 'alpha', token: randomUUID(), ...claim }));
  const { rows } = await client.query('SELECT * FROM executor_flush($1, $2, $3, $4, $5)', [
    JSON.stringify(call.finishes ?? {}),
    JSON.stringify(claims),
    JSON.stringify(call.reads ?? {}),
    call.worker ?? randomUUID(),
    call.authorisedMaxSeconds ?? 3600,
  ]);
  return rows;
}

/** A workspace of files, given by path. Plain objects only: it imports nothing. */
export async function writeWorkspace(files: Record<string, string>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'holdpoint-executor-'));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
  return dir;
}
