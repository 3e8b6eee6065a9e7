import { registerApp } from '@holdpoint/shared/db/apps';
import { hashApiKey } from '@holdpoint/shared/runtime/auth';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKit, type Kit, line, WORKSPACE } from './kit.ts';

const KEY = 'hp_other';
let kit: Kit;
beforeAll(async () => {
  kit = await createKit({
    ...WORKSPACE,
    'tenants/acme/policies.ts': `export default [
      { id: 'loops', connector: 'shop', tool: 'orders.hold', when: () => { for (;;); }, decision: 'ALLOW' },
      { id: 'fine', connector: 'shop', tool: 'orders.refund', predicate: () => true, decision: 'ALLOW' },
    ];`,
    'tenants/other/policies.ts': `export default [
      { id: 'holds', connector: 'shop', tool: 'orders.hold', predicate: () => true, decision: 'ALLOW' },
    ];`,
  });
  await registerApp(kit.db, {
    id: 'other-app',
    tenant: 'other',
    audiences: [],
    key_hash: hashApiKey(KEY),
    scopes: ['plan'],
    operators: null,
  });
});
afterAll(() => kit.stop());

test('while one tenant’s code loops others are decided, over both doors, and so is what does not need that code', async () => {
  const service = await kit.start();
  let looping = true;
  let sent = 0;
  const healthy = (async () => {
    while (looping) {
      sent += 1;
      const plan = { plan_id: `other-${sent}`, operator: 'risk', actions: [line('orders.hold', { value: 1 })] };
      const answer = await kit.post(service, '/v1/plans', plan, KEY);
      expect(answer.status).toBe(200);
      await kit.publish({ ...plan, plan_id: `other-nats-${sent}`, operator: undefined }, 'risk', 'other');
    }
  })();
  for (let plan = 1; plan <= 50; plan += 1) {
    const actions = [
      line('orders.hold'),
      line('orders.hold'),
      line('orders.refund', { args: { amount: 1 }, value: 1 }),
    ];
    await kit.publish({ plan_id: `acme-${plan}`, actions });
  }
  const decided = (pattern: string) =>
    kit.db
      .selectFrom('actions')
      .select(['connector', 'tool', 'decision', 'reasons', 'decided_at'])
      .where('plan_id', 'like', pattern)
      .execute();
  const rows = await kit.until(async () => {
    const found = await decided('acme-%');
    return found.length === 150 && found;
  });
  const meanwhile = sent;
  looping = false;
  await healthy;
  await kit.until(async () => (await decided('other-nats-%')).length === sent);
  expect(rows.filter(({ tool }) => tool === 'orders.refund').every(({ decision }) => decision === 'ALLOW')).toBe(true);
  expect(
    rows.filter(({ tool }) => tool === 'orders.hold').every(({ reasons }) => reasons[0]?.code === 'policy_error'),
  ).toBe(true);
  // Had they waited for each line that loops, it would be for one at a time.
  expect(meanwhile).toBeGreaterThan(10);
}, 60_000);
