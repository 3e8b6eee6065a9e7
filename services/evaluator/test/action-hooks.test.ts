import type { RunningService } from '@holdpoint/shared/runtime/service';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKit, type Kit, line, WORKSPACE } from './kit.ts';

const HOOKS = `export default { actions: [
  { id: 'late', priority: 90, tools: 'orders.refund', before: ({ args }) => ({ args: { ...args, order: (args.order ?? '') + 'b' } }) },
  { id: 'early', priority: 5, tools: 'orders.refund', before: ({ args }) => {
    if (args.amount > 1000) return { reject: 'nobody refunds ' + args.amount };
    return { args: { ...args, order: (args.order ?? '') + 'a' } };
  } },
  { id: 'half', tools: 'orders.refund', before: ({ args }) => args.half ? { args: { ...args, amount: args.amount / 2 } } : undefined },
  { id: 'spin', tools: 'orders.hold', before: ({ args }) => { if (args.spin) for (;;); } },
  { id: 'strict', tools: 'orders.hold', before: ({ args }) => { if (args.strict) throw new Error('out of order'); } },
  { id: 'lazy', tools: 'orders.hold', critical: false, before: ({ args }) => { if (args.lazy) for (;;); } },
  { id: 'idle', tools: 'orders.hold', critical: false, before: ({ args }) => { if (args.lazy) for (;;); } },
  { id: 'lenient', tools: 'orders.hold', critical: false, before: ({ args }) => { if (args.lenient) throw new Error('out of order'); } },
] };`;

/** With two policies of one id, which differ only in what their function closes over. */
const POLICIES = `const under = (max) => ({ id: 'under', tool: 'orders.hold', predicate: ({ value = 0 }) => value <= max, decision: 'ALLOW' });
${WORKSPACE['tenants/acme/policies.ts'].replace('export default [', 'export default [under(900), under(950),')}`;

let kit: Kit;
let service: RunningService;
beforeAll(async () => {
  kit = await createKit({ ...WORKSPACE, 'tenants/acme/policies.ts': POLICIES, 'tenants/acme/hooks.ts': HOOKS });
  service = await kit.start();
});
afterAll(() => kit.stop());

interface Decided {
  readonly decisions: {
    readonly action_id: string;
    readonly decision: string;
    readonly state: string;
    readonly duplicate_of?: string;
    readonly reasons: { readonly code: string; readonly policy?: string; readonly message: string }[];
  }[];
}

let planCount = 0;
async function propose(...actions: object[]): Promise<Decided['decisions']> {
  planCount += 1;
  const response = await kit.post(service, '/v1/plans', { plan_id: `plan-${planCount}`, operator: 'risk', actions });
  return ((await response.json()) as Decided).decisions;
}

const rowOf = (id: string | undefined) =>
  kit.db
    .selectFrom('actions')
    .selectAll()
    .where('id', '=', id ?? '')
    .executeTakeFirstOrThrow();

async function counted(hook: string, result: string): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  const found = text.split('\n').find((one) => one.includes(`hook="${hook}"`) && one.includes(`result="${result}"`));
  return Number(found?.split(' ').at(-1) ?? 0);
}

test('a hook that rejects blocks its line, by its own reason, and none beside it', async () => {
  const [refused, held] = await propose(
    line('orders.refund', { args: { amount: 2_000 } }),
    line('orders.hold', { value: 5 }),
  );
  expect(refused).toMatchObject({
    decision: 'BLOCK',
    state: 'blocked',
    reasons: [{ code: 'hook_rejected', policy: 'hook:early', message: 'nobody refunds 2000' }],
  });
  expect(held).toMatchObject({ decision: 'ALLOW', state: 'queued' });
  expect(await counted('early', 'reject')).toBe(1);
});

test('what hooks make of the arguments, in their order, is recorded, asked about and bound', async () => {
  const proposed = line('orders.refund', { args: { amount: 80, half: true }, value: 80 });
  const [held] = await propose(proposed);
  const row = await rowOf(held?.action_id);
  expect(row).toMatchObject({ state: 'held', args: { amount: 40, half: true, order: 'ab' }, value: 40, proposed });
  const approval = await kit.db
    .selectFrom('approvals')
    .selectAll()
    .where('action', '=', row.id)
    .executeTakeFirstOrThrow();
  expect(approval).toMatchObject({ digest: row.digest, args: row.args, value: 40 });
  expect(row.proposed_digest).not.toBe(row.digest);

  const [again] = await propose(proposed);
  expect(again).toMatchObject({ state: 'duplicate', duplicate_of: row.id });
  const [asMade] = await propose({ ...proposed, args: { amount: 40 }, value: 40 });
  expect(asMade).toMatchObject({ state: 'blocked', reasons: [{ code: 'idempotency_conflict' }] });
});

/** Votes as the approvals service does, so that the action is scored again. */
async function grant(id: string): Promise<void> {
  const { approval_id } = await rowOf(id);
  await kit.db.transaction().execute(async (tx) => {
    const vote = { principal: 'iss|ann', vote: 'approve' as const, audiences: '["reviewer"]', comment: null };
    await tx
      .insertInto('votes')
      .values({ approval: approval_id ?? '', ...vote })
      .execute();
    await tx
      .updateTable('approvals')
      .set({ status: 'granted', decided_at: new Date() })
      .where('id', '=', approval_id ?? '')
      .execute();
    await tx.updateTable('actions').set({ state: 'rescore' }).where('id', '=', id).execute();
  });
}

test('a granted action is read by its hooks again, and goes on where they make the same of it', async () => {
  const [held] = await propose(line('orders.refund', { args: { amount: 60, half: true } }));
  const id = held?.action_id ?? '';
  const { digest } = await rowOf(id);
  await grant(id);
  const row = await kit.until(async () => {
    const found = await rowOf(id);
    return found.state !== 'rescore' && found;
  });
  expect(row).toMatchObject({ state: 'queued', digest, args: { amount: 30, half: true, order: 'ab' } });
});

test('one that loops for ever blocks its own line; critical ones that fail block, others do not', async () => {
  const [spun, strict, lenient, fine] = await propose(
    line('orders.hold', { args: { spin: true } }),
    line('orders.hold', { args: { strict: true } }),
    line('orders.hold', { args: { lenient: true } }),
    line('orders.hold'),
  );
  expect(spun).toMatchObject({ state: 'blocked', reasons: [{ code: 'policy_error' }] });
  expect(strict).toMatchObject({
    state: 'blocked',
    reasons: [{ code: 'policy_error', policy: 'hook:strict', message: 'before threw: out of order' }],
  });
  expect([lenient?.decision, fine?.decision]).toEqual(['ALLOW', 'ALLOW']);
  expect(await counted('lenient', 'failed')).toBe(1);
});

test('one that may be passed over and loops for ever is passed over, and the others still decide', async () => {
  const [lazy, dear, strict] = await propose(
    line('orders.hold', { args: { lazy: true }, value: 5 }),
    line('orders.hold', { args: { lazy: true }, value: 501 }),
    line('orders.hold', { args: { lazy: true, strict: true } }),
  );
  expect(lazy).toMatchObject({ state: 'queued', decision: 'ALLOW' });
  expect(dear).toMatchObject({ state: 'blocked', reasons: [{ code: 'max_value' }] });
  expect(strict).toMatchObject({ state: 'blocked', reasons: [{ code: 'policy_error', policy: 'hook:strict' }] });
  expect(await counted('lazy', 'failed')).toBe(3);
});

test('who may see the policies sees the hooks before them, in the order in which they are asked', async () => {
  const headers = { authorization: `Bearer ${kit.keys.admin}` };
  const { hooks } = (await (await fetch(`${service.url}/v1/policies`, { headers })).json()) as { hooks: object[] };
  expect(hooks.map((one) => (one as { id: string }).id).slice(0, 2)).toEqual(['early', 'half']);
  expect(hooks[0]).toMatchObject({ priority: 5, critical: true, tools: ['orders.refund'] });
  expect((hooks[0] as { before: string }).before).toContain('nobody refunds');
});

test('a hook that changed since people were asked keeps what they saw from running as something else', async () => {
  const [held] = await propose(line('orders.refund', { args: { amount: 50 } }));
  const id = held?.action_id ?? '';
  await service.stop();
  const { writeFile } = await import('node:fs/promises');
  await writeFile(
    `${kit.workspaceDir}/tenants/acme/hooks.ts`,
    "export default { actions: [{ id: 'other', before: ({ args }) => ({ args: { ...args, order: 'z' } }) }] };",
  );
  await grant(id);
  service = await kit.start();
  const row = await kit.until(async () => {
    const found = await rowOf(id);
    return found.state !== 'rescore' && found;
  });
  expect(row).toMatchObject({
    state: 'blocked',
    reasons: [{ code: 'invalid_action' }],
    args: { amount: 50, order: 'ab' },
  });
});
