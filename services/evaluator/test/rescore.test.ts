import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKit, type Kit, line } from './kit.ts';

const POLICIES = `[
  { connector: 'shop', tool: 'orders.hold', decision: 'ALLOW' },
  { connector: 'shop', tool: 'orders.refund', decision: 'ALERT' },
]`;

let kit: Kit;
let service: RunningService;
beforeAll(async () => {
  kit = await createKit();
  await writePolicies(POLICIES);
  service = await kit.start();
});
afterAll(() => kit.stop());

const writePolicies = (text: string) =>
  writeFile(join(kit.workspaceDir, 'tenants/acme/policies.ts'), `export default ${text};`);

async function hold(planId: string): Promise<string> {
  const plan = { plan_id: planId, operator: 'risk', actions: [line('orders.refund', { args: { amount: 9 } })] };
  const answer = (await (await kit.post(service, '/v1/plans', plan)).json()) as { decisions: { action_id: string }[] };
  return answer.decisions[0]?.action_id ?? '';
}

/** What the approvals service does when the last vote comes. */
async function grant(actionId: string, audiences: string[], principal = 'iss|ann'): Promise<void> {
  await kit.db.transaction().execute(async (tx) => {
    const { approval_id } = await tx
      .selectFrom('actions')
      .select('approval_id')
      .where('id', '=', actionId)
      .executeTakeFirstOrThrow();
    const approval = approval_id ?? '';
    await tx
      .insertInto('votes')
      .values({ approval, principal, vote: 'approve', audiences: JSON.stringify(audiences), comment: null })
      .execute();
    await tx
      .updateTable('approvals')
      .set({ status: 'granted', decided_at: new Date() })
      .where('id', '=', approval)
      .execute();
    await tx.updateTable('actions').set({ state: 'rescore' }).where('id', '=', actionId).execute();
  });
}

const leaves = (actionId: string) =>
  kit.until(async () => {
    const row = await kit.db.selectFrom('actions').selectAll().where('id', '=', actionId).executeTakeFirstOrThrow();
    return row.state !== 'rescore' && row;
  });

test('a grant whose message was lost is swept up: the action joins its lane with a fresh authorisation', async () => {
  const id = await hold('granted');
  await grant(id, ['reviewer']);
  const row = await leaves(id);
  expect(row).toMatchObject({ state: 'queued', decision: 'ALERT', lane_seq: 1 });
  expect(row.authorised_at).not.toBeNull();
  const receipts = await kit.db
    .selectFrom('receipts')
    .select(['kind', 'outcome'])
    .where('action', '=', id)
    .orderBy('id')
    .execute();
  expect(receipts.map(({ outcome }) => outcome)).toEqual(['held', 'queued']);
});

test('the policies of now decide: a veto that came meanwhile blocks what was granted', async () => {
  const id = await hold('vetoed');
  await service.stop();
  await writePolicies(`[...${POLICIES}, { tool: 'orders.refund', decision: 'BLOCK' }]`);
  await grant(id, ['reviewer']);
  service = await kit.start();
  expect(await leaves(id)).toMatchObject({ state: 'blocked', error: 'blocked by trust policy' });
});

test('more requirements hold it again for what is missing, and the votes are kept', async () => {
  await service.stop();
  await writePolicies(POLICIES);
  service = await kit.start();
  const id = await hold('more');
  await service.stop();
  await writePolicies(
    `[...${POLICIES}, { tool: 'orders.refund', decision: 'ALERT', escalation: { audience: 'compliance' } }]`,
  );
  await grant(id, ['reviewer']);
  service = await kit.start();
  const held = await leaves(id);
  expect(held.state).toBe('held');
  const approval = await kit.db
    .selectFrom('approvals')
    .selectAll()
    .where('id', '=', held.approval_id ?? '')
    .executeTakeFirstOrThrow();
  expect(approval).toMatchObject({ status: 'pending', requirements: [{ audience: 'compliance', quorum: 1 }] });
  // The same person fills no second place …
  await grant(id, ['compliance', 'reviewer']);
  const again = await leaves(id);
  expect(again.state).toBe('held');
  // … another does.
  await grant(id, ['compliance'], 'iss|bob');
  expect(await leaves(id)).toMatchObject({ state: 'queued' });
});

test('arguments that the tool reads differently by then are blocked: a grant is bound to what people saw', async () => {
  const id = await hold('bound');
  await kit.db
    .updateTable('actions')
    .set({ args: JSON.stringify({ amount: 9000 }) })
    .where('id', '=', id)
    .execute();
  await grant(id, ['reviewer', 'compliance']);
  expect(await leaves(id)).toMatchObject({ state: 'blocked' });
});

/** As the executor does with an authorisation that is too old, or from before a freeze. */
const putAside = (id: string) =>
  kit.db.updateTable('actions').set({ state: 'rescore', lane_seq: null }).where('id', '=', id).execute();

const approvalsOf = (id: string) =>
  kit.db.selectFrom('approvals').selectAll().where('action', '=', id).orderBy('id').execute();

async function restart(policies: string, meanwhile?: () => Promise<unknown>): Promise<void> {
  await service.stop();
  await writePolicies(policies);
  await meanwhile?.();
  service = await kit.start();
}

const REFUND = (terms: string) => `[{ tool: 'orders.refund', ${terms} }]`;
const ALONGSIDE = REFUND("decision: 'ALERT', escalation: { audience: 'reviewer', mode: 'alongside' }");

test('an action under an open review beside it that must now wait has one open question: the new one', async () => {
  await restart(ALONGSIDE);
  const id = await hold('beside-then-hold');
  await restart(POLICIES, () => putAside(id));
  expect(await leaves(id)).toMatchObject({ state: 'held' });
  const [review, question] = await approvalsOf(id);
  expect([review?.mode, review?.status]).toEqual(['alongside', 'cancelled']);
  expect([question?.mode, question?.status]).toEqual(['hold', 'pending']);
  const told = await kit.until(async () => {
    const messages = await kit.messages('APPROVALS');
    return messages.filter(({ subject, text }) => subject.includes('.cancelled.') && text.includes(review?.id ?? ''));
  });
  expect(told.map(({ body }) => (body as { status: string }).status)).toEqual(['cancelled']);
  const receipts = await kit.db
    .selectFrom('receipts')
    .select(['kind', 'actor', 'outcome'])
    .where('action', '=', id)
    .execute();
  expect(receipts).toContainEqual({ kind: 'approval', actor: 'evaluator', outcome: 'cancelled' });
  await grant(id, ['reviewer']);
  expect(await leaves(id)).toMatchObject({ state: 'queued', approval_id: question?.id });
});

test('an action that may now run beside a review gets that review, and not a second one', async () => {
  await restart(REFUND("decision: 'ALLOW'"));
  const id = await hold('allow-then-beside');
  await restart(ALONGSIDE, () => putAside(id));
  expect(await leaves(id)).toMatchObject({ state: 'queued', decision: 'ALERT' });
  expect((await approvalsOf(id)).map(({ mode, status }) => [mode, status])).toEqual([['alongside', 'pending']]);
  await putAside(id);
  expect(await leaves(id)).toMatchObject({ state: 'queued' });
  expect(await approvalsOf(id)).toHaveLength(1);
});

test('the consent of who asked counts no more once a policy wants other eyes', async () => {
  const self = (selfApproval: boolean) =>
    REFUND(`decision: 'ALERT', escalation: { audience: 'reviewer', selfApproval: ${selfApproval} }`);
  await restart(self(true));
  const id = await hold('own');
  const { requester } = (await approvalsOf(id))[0] ?? {};
  await restart(self(false), () => grant(id, ['reviewer'], requester));
  expect(await leaves(id)).toMatchObject({ state: 'held' });
});

test('one that cannot be recorded does not keep the others waiting', async () => {
  await restart(POLICIES);
  const broken = await hold('unrecordable');
  const others = [await hold('fine-1'), await hold('fine-2')];
  await service.stop();
  await sql`ALTER TABLE actions ADD CONSTRAINT unrecordable CHECK (plan_id <> 'unrecordable' OR state <> 'queued')`.execute(
    kit.db,
  );
  for (const id of [broken, ...others]) await grant(id, ['reviewer']);
  service = await kit.start();
  for (const id of others) expect(await leaves(id)).toMatchObject({ state: 'queued' });
  await sql`ALTER TABLE actions DROP CONSTRAINT unrecordable`.execute(kit.db);
  expect(await leaves(broken)).toMatchObject({ state: 'queued' });
});
