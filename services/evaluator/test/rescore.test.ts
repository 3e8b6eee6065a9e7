import { rm, writeFile } from 'node:fs/promises';
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
  return (await decide(plan))[0]?.action_id ?? '';
}

async function decide(plan: object): Promise<{ action_id: string }[]> {
  const answer = (await (await kit.post(service, '/v1/plans', plan)).json()) as { decisions: { action_id: string }[] };
  return answer.decisions;
}

/** A denial that is not enough. */
async function deny(actionId: string): Promise<void> {
  await sql`
    INSERT INTO votes (approval, principal, vote, audiences, comment)
    SELECT approval_id, 'iss|dan', 'deny', '["reviewer"]', 'no' FROM actions WHERE id = ${actionId}`.execute(kit.db);
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

test('a read that waited too long is scored again too, and still has no place in a lane', async () => {
  const plan = { plan_id: 'read', operator: 'risk', actions: [{ connector: 'shop', tool: 'orders.read', args: {} }] };
  const id = (await decide(plan))[0]?.action_id ?? '';
  await kit.db.updateTable('actions').set({ state: 'rescore', authorised_at: null }).where('id', '=', id).execute();
  const row = await leaves(id);
  expect(row).toMatchObject({ state: 'queued', decision: 'ALLOW', lane_id: null, lane_seq: null });
  expect(row.authorised_at).not.toBeNull();
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

test('a denial that was too few then and is enough now blocks: policies may grow stricter while people are asked', async () => {
  const asking = (denials: number) =>
    `[{ tool: 'orders.refund', decision: 'ALERT', escalation: { audience: 'reviewer', denials: ${denials} } }]`;
  await restart(asking(2));
  const [same, stricter, only] = [await hold('denied of two'), await hold('denied of one'), await hold('only denied')];
  const approval = await kit.db
    .selectFrom('approvals')
    .selectAll()
    .where('action', '=', same)
    .executeTakeFirstOrThrow();
  expect(approval).toMatchObject({ denials: 2 });
  await deny(same);
  await grant(same, ['reviewer']);
  expect(await leaves(same)).toMatchObject({ state: 'queued' });
  // Whatever moved it here, who denied it has not agreed to it.
  await deny(only);
  await sql`UPDATE approvals SET status = 'granted', decided_at = now() WHERE action = ${only}`.execute(kit.db);
  await putAside(only);
  expect(await leaves(only)).toMatchObject({ state: 'held' });
  await restart(asking(1), async () => {
    await deny(stricter);
    await grant(stricter, ['reviewer']);
  });
  const blocked = await leaves(stricter);
  expect(blocked).toMatchObject({ state: 'blocked', reasons: [{ code: 'denied' }] });
});

test('what is said to be on somebody’s behalf is blocked once who is asked refuses what nobody vouches for', async () => {
  const escalations = join(kit.workspaceDir, 'tenants/acme/escalations.ts');
  const behalf = { agent: { id: 'a', on_behalf_of: 'alice' } };
  const plan = (planId: string, more: object) => ({
    ...{ plan_id: planId, operator: 'risk', ...more },
    actions: [line('orders.refund', { args: { amount: 9 } })],
  });
  await restart(REFUND("decision: 'ALERT'"));
  const [held] = await decide(plan('behalf before', behalf));
  expect(held).toMatchObject({ state: 'held' });
  await restart(REFUND("decision: 'ALERT'"), async () => {
    await writeFile(escalations, 'export default { audiences: { reviewer: { refuseUnverified: true } } };');
    await grant(held?.action_id ?? '', ['reviewer']);
  });
  try {
    const refusal = { state: 'blocked', reasons: [{ code: 'unverified_on_behalf_of' }] };
    expect(await leaves(held?.action_id ?? '')).toMatchObject(refusal);
    const asked = await decide(plan('behalf after', behalf));
    expect(asked).toMatchObject([{ ...refusal, decision: 'BLOCK', matched: [expect.any(String)] }]);
    expect(asked[0]).not.toHaveProperty('approval_id');
    expect(await decide(plan('of its own', { agent: { id: 'a' } }))).toMatchObject([{ state: 'held' }]);
    const { plan_id, agent, actions } = { ...plan('rehearsed', behalf), ...behalf };
    const body = { plan: { plan_id, agent, actions }, operator: 'risk', explain: true };
    const rehearsed = await kit.post(service, '/v1/evaluate', body, kit.keys.admin);
    expect(await rehearsed.json()).toMatchObject({
      decisions: [{ ...refusal, explanation: { decision: 'BLOCK', step: 'constraints' } }],
    });
  } finally {
    await rm(escalations);
  }
});

test('an operator that lost the source of the event behind it decides nothing by it any more', async () => {
  const [lost, kept] = [await hold('source lost'), await hold('source kept')];
  const grants = join(kit.workspaceDir, 'tenants/acme/grants.ts');
  await restart(REFUND("decision: 'ALERT'"), async () => {
    await writeFile(grants, "export default [{ operator: 'risk', tools: ['shop:*'], sources: ['desk'] }];");
    await sql`UPDATE actions SET event_id = 'shop.order.k' WHERE id = ${lost}`.execute(kit.db);
    await sql`UPDATE actions SET event_id = 'desk.order.k' WHERE id = ${kept}`.execute(kit.db);
    for (const id of [lost, kept]) await grant(id, ['reviewer']);
  });
  try {
    expect(await leaves(lost)).toMatchObject({ state: 'blocked', reasons: [{ code: 'event_not_granted' }] });
    expect(await leaves(kept)).toMatchObject({ state: 'queued' });
  } finally {
    await rm(grants);
  }
});

test('what time does is asked for with the question, and anew with what is still missing of it', async () => {
  const asking = (quorum: number) =>
    `[{ tool: 'orders.refund', decision: 'ALERT', escalation: { audience: 'reviewer', quorum: ${quorum},
      remindEverySeconds: 90, escalateTo: { audience: 'board', afterSeconds: 60 } } }]`;
  await restart(asking(1));
  const id = await hold('in time');
  await restart(asking(2), async () => {
    await sql`UPDATE approvals SET created_at = created_at - interval '1 h' WHERE action = ${id}`.execute(kit.db);
    await grant(id, ['reviewer']);
  });
  expect(await leaves(id)).toMatchObject({ state: 'held' });
  const escalate = { audience: 'board', after_seconds: 60 };
  const { rows } = await sql<{ reminds: number; escalates: number }>`
    SELECT status, requirements, extract(epoch FROM next_reminder_at - created_at)::integer AS reminds,
      extract(epoch FROM escalates_at - created_at)::integer AS escalates
    FROM approvals WHERE action = ${id} ORDER BY id DESC LIMIT 1`.execute(kit.db);
  const requirements = [{ audience: 'reviewer', quorum: 1, escalate }];
  expect(rows).toEqual([{ status: 'pending', requirements, reminds: 90, escalates: 60 }]);
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
