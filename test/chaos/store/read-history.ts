import type { ActionState } from '@holdpoint/shared/domain/lifecycle';
import type { ReceiptKind } from '@holdpoint/shared/domain/receipt';
import type pg from 'pg';
import type {
  RecordedAction,
  RecordedApproval,
  RecordedGrant,
  RecordedPlan,
  RecordedReceipt,
} from '../core/history.ts';
import { lineName } from '../core/traffic.ts';

export interface Records {
  readonly recordedPlans: RecordedPlan[];
  readonly actions: RecordedAction[];
  readonly receipts: RecordedReceipt[];
  readonly approvals: RecordedApproval[];
  readonly standingGrants: RecordedGrant[];
}

/** All that the truth has to say, as its owner. Nobody writes meanwhile. */
export async function readRecords(db: pg.Pool): Promise<Records> {
  const [plans, actions, receipts, approvals, standingGrants] = await Promise.all([
    db.query<{ planId: string; operator: string; rows: number }>(
      'SELECT plan_id AS "planId", operator, count(*)::int AS rows FROM plans GROUP BY plan_id, operator',
    ),
    db.query<ActionRow>(
      `SELECT id, plan_id, operator, index, connector, tool, risk, args, entity_key, idempotency_key, decision,
         escalation ->> 'mode' AS mode, state, duplicate_of, lane_seq, attempts FROM actions`,
    ),
    db.query<ReceiptRow>(
      `SELECT id, extract(epoch FROM at)::float8 * 1000 AS at, kind, action, event, actor, outcome, attempt FROM receipts`,
    ),
    db.query<RecordedApproval>(
      `SELECT id, action, status, ARRAY(SELECT standing_grant::text FROM standing_grant_uses u WHERE u.approval = a.id) AS spent
       FROM approvals a`,
    ),
    db.query<RecordedGrant>('SELECT id, reason, operator, connector, tool FROM standing_grants'),
  ]);
  return {
    recordedPlans: plans.rows,
    actions: actions.rows.map(toAction),
    receipts: receipts.rows,
    approvals: approvals.rows,
    standingGrants: standingGrants.rows,
  };
}

interface ActionRow {
  readonly id: string;
  readonly plan_id: string;
  readonly operator: string;
  readonly index: number;
  readonly connector: string;
  readonly tool: string;
  readonly risk: string | null;
  readonly args: { readonly n?: unknown };
  readonly entity_key: string | null;
  readonly idempotency_key: string | null;
  readonly decision: RecordedAction['decision'];
  readonly mode: RecordedAction['mode'];
  readonly state: ActionState;
  readonly duplicate_of: string | null;
  readonly lane_seq: number | null;
  readonly attempts: number;
}

type ReceiptRow = Omit<RecordedReceipt, 'kind'> & { readonly kind: ReceiptKind };

function toAction(row: ActionRow): RecordedAction {
  const { plan_id: planId, entity_key: entity, idempotency_key: key, duplicate_of, lane_seq, args, ...same } = row;
  return { ...same, planId, entity, key, line: lineName(row), duplicateOf: duplicate_of, laneSeq: lane_seq };
}

/** What is still to be done, by state; for looking again and again. */
export interface Work {
  readonly open: readonly { readonly id: string; readonly state: ActionState; readonly entity: string | null }[];
  readonly outboxRows: number;
  readonly receivedEvents: number;
  readonly plans: ReadonlySet<string>;
}

const OPEN_MAX = 1_000;

export async function readWork(db: pg.Pool): Promise<Work> {
  const [open, rest, plans] = await Promise.all([
    db.query<Work['open'][number]>(
      `SELECT id, state, entity_key AS entity FROM actions WHERE state IN ('queued', 'running', 'rescore', 'indeterminate')
       ORDER BY id LIMIT ${OPEN_MAX}`,
    ),
    db.query<{ outbox: number; received: number }>(
      `SELECT (SELECT count(*)::int FROM outbox) AS outbox,
         (SELECT count(*)::int FROM receipts WHERE kind = 'webhook_received') AS received`,
    ),
    db.query<{ name: string }>("SELECT operator || '/' || plan_id AS name FROM plans"),
  ]);
  return {
    open: open.rows,
    outboxRows: rest.rows[0]?.outbox ?? 0,
    receivedEvents: rest.rows[0]?.received ?? 0,
    plans: new Set(plans.rows.map(({ name }) => name)),
  };
}

/** How many actions are not over. */
export async function countOpen(db: pg.Pool): Promise<number> {
  const { rows } = await db.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM actions WHERE state IN ('queued', 'running', 'rescore', 'indeterminate')",
  );
  return rows[0]?.n ?? 0;
}
