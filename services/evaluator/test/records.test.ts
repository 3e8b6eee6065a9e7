import type { DecisionRecord } from '@holdpoint/shared/domain/decision-record';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findRecords } from '../src/store/find-records.ts';
import { createKit, type Kit, line } from './kit.ts';

let kit: Kit;
let service: RunningService;
beforeAll(async () => {
  kit = await createKit();
  service = await kit.start();
});
afterAll(() => kit.stop());

interface Page {
  readonly tenant: string;
  readonly items: readonly DecisionRecord[];
  readonly next_cursor?: string;
}

async function records(query: string, key = kit.keys.admin): Promise<Page> {
  const response = await fetch(`${service.url}/v1/policies/records?${query}`, {
    headers: { authorization: `Bearer ${key}` },
  });
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as Page;
}

async function propose(planId: string, actions: readonly unknown[]): Promise<void> {
  const response = await kit.post(service, '/v1/plans', { plan_id: planId, operator: 'risk', actions });
  expect(response.status).toBe(200);
}

test('a record has the facts of its decision, hides what is secret, and says what people were asked', async () => {
  const secret = line('orders.refund', { args: { amount: 9, card: '4242424242' } });
  await propose('facts', [secret, { connector: 'shop', tool: 'orders.hold', args: {}, strange: 'thing' }]);
  const { tenant, items } = await records('limit=2');
  expect(tenant).toBe('acme');
  expect(items[0]).toMatchObject({
    plan_id: 'facts',
    operator: 'risk',
    env: { source: 'operator:risk', data: null },
    line: { ...secret, args: { amount: 9, card: '•••' }, value: 9 },
    masked: ['args.card'],
    whole: true,
    value: 9,
    state: 'held',
    verdict: { decision: 'ALERT', matched: ['refunds'], reasons: [{ code: 'escalated' }] },
    approvals: [{ status: 'pending', mode: 'hold', votes: [], decided_at: null }],
  });
  expect(items[1]).toMatchObject({
    line: { connector: 'shop', tool: 'orders.hold', args: {}, strange: 'thing' },
    verdict: { decision: 'BLOCK', reasons: [{ code: 'invalid_action' }] },
    approvals: [],
  });
  expect(JSON.stringify(items)).not.toContain('4242424242');
});

test('pages follow one another, oldest first, and miss nothing', async () => {
  for (let plan = 0; plan < 4; plan += 1) {
    await propose(
      `page-${plan}`,
      [1, 2, 3].map((value) => line('orders.hold', { value })),
    );
  }
  const seen: string[] = [];
  let cursor = '';
  do {
    const page = await records(`limit=2${cursor}`);
    seen.push(...page.items.map(({ action_id }) => action_id));
    cursor = page.next_cursor === undefined ? '' : `&cursor=${page.next_cursor}`;
  } while (cursor !== '');
  const all = await kit.db.selectFrom('actions').select('id').orderBy('id').execute();
  expect(seen).toEqual(all.map(({ id }) => id));
});

test('a stretch of time is by when a line was proposed, and its end is left out', async () => {
  const [first, last] = [await records('limit=1'), await records('limit=200')];
  const since = first.items[0]?.proposed_at ?? '';
  const until = last.items.at(-1)?.proposed_at ?? '';
  // Ids are made before the row is written, in whole milliseconds.
  const early = new Date(Date.parse(since) - 1_000).toISOString();
  expect((await records(`until=${early}`)).items).toEqual([]);
  expect((await records(`since=${early}&limit=200`)).items).toEqual(last.items);
  expect((await records(`since=${new Date(Date.parse(until) + 1_000).toISOString()}`)).items).toEqual([]);
});

test('a tenant sees nothing of another, and an operator can be asked for', async () => {
  expect((await records('operator=nobody')).items).toEqual([]);
  const refused = await fetch(`${service.url}/v1/policies/records`, {
    headers: { authorization: `Bearer ${kit.keys.operator}` },
  });
  expect(refused.status).toBe(403);
  const page = await findRecords(kit.db, { tenant: 'other', limit: 10, maxBytes: 1e6, scanMax: 1000 });
  expect(page).toEqual({ records: [], next: undefined });
});

test('a page is bounded by bytes and by the rows it looks at, and still goes on', async () => {
  const all = await kit.db.selectFrom('actions').select('id').orderBy('id').execute();
  const base = { tenant: 'acme', limit: 200, maxBytes: 1, scanMax: 1000 };
  const one = await findRecords(kit.db, base);
  expect(one.records.map(({ action }) => action.id)).toEqual([all[0]?.id]);
  expect(one.next).toBe(all[0]?.id);
  const none = await findRecords(kit.db, { ...base, tenant: 'other', scanMax: 2 });
  expect(none).toEqual({ records: [], next: all[1]?.id });
  const last = await findRecords(kit.db, { ...base, maxBytes: 1e7, after: all.at(-2)?.id });
  expect(last.next).toBeUndefined();
});
