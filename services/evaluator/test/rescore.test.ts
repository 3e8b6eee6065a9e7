import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunningService } from '@holdpoint/shared/runtime/service';
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
