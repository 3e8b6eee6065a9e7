import { registerApp } from '@holdpoint/shared/db/apps';
import type { Decision } from '@holdpoint/shared/domain/action';
import type { Outcome } from '@holdpoint/shared/domain/outcome';
import { hashApiKey } from '@holdpoint/shared/runtime/auth';
import { newId } from '@holdpoint/shared/runtime/ids';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKit, type Kit, line } from './kit.ts';

/** What a call that comes back is answered. */
interface Said {
  readonly status: number;
  readonly code?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly plan_id?: string;
  readonly decisions?: Decision[];
  readonly outcomes?: Outcome[];
}

let kit: Kit;
let service: RunningService;
const OTHER_TENANT = 'hp_other';
const OTHER_OPERATOR = 'hp_other_operator';

beforeAll(async () => {
  kit = await createKit();
  const app = { scopes: ['plan' as const], audiences: [], operators: null };
  await registerApp(kit.db, { ...app, id: 'other', tenant: 'other', key_hash: hashApiKey(OTHER_TENANT) });
  await registerApp(kit.db, { ...app, id: 'beside', tenant: 'acme', key_hash: hashApiKey(OTHER_OPERATOR) });
  service = await kit.start();
});
afterAll(() => kit.stop());

async function held(): Promise<{ proposed: Record<string, unknown>; actionId: string; approvalId: string }> {
  const proposed = line('orders.refund', { args: { amount: 9, card: '4242-4242', note: { b: 1, a: 2 } } });
  const plan = { plan_id: `asked-${newId()}`, operator: 'risk', actions: [line('orders.hold'), proposed] };
  const answer = (await (await kit.post(service, '/v1/plans', plan)).json()) as { decisions: Decision[] };
  const { action_id = '', approval_id = '' } = answer.decisions[1] ?? {};
  return { proposed, actionId: action_id, approvalId: approval_id };
}

async function comeBack(
  approvalId: string,
  actions: readonly unknown[],
  more: { wait?: number; key?: string; operator?: string } = {},
): Promise<Said> {
  const { wait, key = kit.keys.operator, operator = 'risk' } = more;
  const response = await fetch(`${service.url}/v1/plans${wait === undefined ? '' : `?wait=${wait}`}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, 'x-approval-id': approvalId },
    body: JSON.stringify({ plan_id: `again-${newId()}`, operator, actions }),
  });
  return { ...((await response.json()) as Omit<Said, 'status'>), status: response.status };
}

/** As the approvals service leaves it. */
async function end(approvalId: string, status: string, state: string, error: string | null = null): Promise<void> {
  await kit.db.transaction().execute(async (tx) => {
    await sql`INSERT INTO votes (approval, principal, vote, audiences) VALUES (${approvalId}, 'iss|ann',
      ${status === 'granted' ? 'approve' : 'deny'}, '["reviewer"]')`.execute(tx);
    await sql`UPDATE approvals SET status = ${status}, decided_at = now() WHERE id = ${approvalId}`.execute(tx);
    await sql`UPDATE actions SET state = ${state}, error = ${error} WHERE approval_id = ${approvalId}`.execute(tx);
  });
}

/** As the executor leaves it. */
async function apply(actionId: string): Promise<void> {
  await sql`UPDATE actions SET state = 'running', attempts = 1, worker = gen_random_uuid(), token = gen_random_uuid()
    WHERE id = ${actionId}`.execute(kit.db);
  await sql`UPDATE actions SET state = 'applied', result = '{"n":1}', worker = NULL, token = NULL
    WHERE id = ${actionId}`.execute(kit.db);
}

async function written(): Promise<unknown> {
  const { rows } = await sql`SELECT (SELECT count(*) FROM plans) AS plans, (SELECT count(*) FROM actions) AS actions,
    (SELECT count(*) FROM approvals) AS approvals, (SELECT count(*) FROM receipts) AS receipts`.execute(kit.db);
  return rows[0];
}

describe('a call that comes back with its approval', () => {
  test('is told that people have not decided, and is not proposed again', async () => {
    const { proposed, approvalId } = await held();
    const before = await written();
    const said = await comeBack(approvalId, [proposed], { wait: 5 });
    expect(said).toMatchObject({ status: 403, code: 'APPROVAL_REQUIRED', details: { approval_id: approvalId } });
    expect(await written()).toEqual(before);
  });

  test('is told the outcome once it is done, whatever key it brings and however its JSON is sorted', async () => {
    const { proposed, approvalId, actionId } = await held();
    await end(approvalId, 'granted', 'rescore');
    const row = () => kit.db.selectFrom('actions').select('state').where('id', '=', actionId).executeTakeFirstOrThrow();
    await kit.until(async () => (await row()).state === 'queued');
    const sorted = { ...proposed, args: { note: { a: 2, b: 1 }, card: '4242-4242', amount: 9 } };
    const before = await written();
    const early = await comeBack(approvalId, [sorted]);
    expect(early).toMatchObject({ status: 200, outcomes: [], decisions: [{ action_id: actionId, state: 'queued' }] });
    const waiting = comeBack(approvalId, [{ ...sorted, idempotency_key: 'another' }], { wait: 20 });
    await apply(actionId);
    const done = await waiting;
    expect(done).toMatchObject({
      status: 200,
      outcomes: [{ action_id: actionId, outcome: 'applied', result: { n: 1 } }],
    });
    expect(done.outcomes).toHaveLength(1);
    expect(done.decisions).toMatchObject([{ action_id: actionId, decision: 'ALERT', state: 'applied' }]);
    expect(done.plan_id).toMatch(/^asked-/);
    expect(await written()).toEqual(before);
  });

  test.each([
    ['denied', 'denied', 403, 'APPROVAL_DENIED', 'denied by a person: no'],
    ['expired', 'expired', 410, 'APPROVAL_EXPIRED', null],
    ['cancelled', 'cancelled', 403, 'APPROVAL_DENIED', null],
  ])('is refused where it was %s', async (status, state, httpStatus, code, error) => {
    const { proposed, approvalId } = await held();
    await end(approvalId, status, state, error);
    const details = { approval_id: approvalId };
    expect(await comeBack(approvalId, [proposed])).toMatchObject({ status: httpStatus, code, details });
  });

  test('is refused the moment its time is over, announced or not', async () => {
    const { proposed, approvalId } = await held();
    await sql`UPDATE approvals SET expires_at = clock_timestamp() WHERE id = ${approvalId}`.execute(kit.db);
    expect(await comeBack(approvalId, [proposed])).toMatchObject({ status: 410, code: 'APPROVAL_EXPIRED' });
  });

  test.each([
    ['amount', { args: { amount: 10, card: '4242-4242', note: { b: 1, a: 2 } } }],
    ['secret', { args: { amount: 9, card: '4343-4343', note: { b: 1, a: 2 } } }],
    ['entity', { entity_key: 'order:another' }],
    ['tool', { tool: 'orders.cancel' }],
  ])('with another %s is another call', async (_, change) => {
    const { proposed, approvalId, actionId } = await held();
    await end(approvalId, 'granted', 'rescore');
    await kit.until(async () => (await comeBack(approvalId, [proposed])).decisions?.[0]?.state === 'queued');
    await apply(actionId);
    const said = await comeBack(approvalId, [{ ...proposed, ...change }]);
    expect(said).toMatchObject({ status: 409, code: 'IDEMPOTENCY_CONFLICT' });
    expect(said.outcomes).toBeUndefined();
  });

  test('finds no approval of another tenant or operator, nor one that is not', async () => {
    const { proposed, approvalId } = await held();
    const missing = { status: 404, code: 'NOT_FOUND' };
    expect(await comeBack(approvalId, [proposed], { key: OTHER_TENANT })).toMatchObject(missing);
    expect(await comeBack(approvalId, [proposed], { key: OTHER_OPERATOR, operator: 'beside' })).toMatchObject(missing);
    expect(await comeBack(newId(), [proposed])).toMatchObject(missing);
    const foreign = await comeBack(approvalId, [proposed], { operator: 'beside' });
    expect(foreign).toMatchObject({ status: 403, code: 'FORBIDDEN' });
  });

  test('has one line, and an id that can be one', async () => {
    const { proposed, approvalId } = await held();
    expect(await comeBack(approvalId, [proposed, proposed])).toMatchObject({ status: 400, code: 'INVALID_REQUEST' });
    expect(await comeBack('not-an-id', [proposed])).toMatchObject({ status: 400, code: 'INVALID_REQUEST' });
  });
});
