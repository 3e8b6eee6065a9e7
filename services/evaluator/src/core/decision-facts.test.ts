import { expect, test } from 'vitest';
import { type DecidedItem, decisionFacts } from './decision-facts.ts';

const plan = { tenant: 'acme', operator: 'risk', planId: 'p', traceId: null };

function item(index: number, message: string): DecidedItem {
  return {
    action_id: `a${index}`,
    plan_id: 'p',
    index,
    decision: 'BLOCK',
    reasons: [{ code: 'veto', message }],
    matched: [],
    policy_version: 'v',
    state: 'blocked',
    at: '2026-01-01T00:00:00.000Z',
    connector: 'shop',
    tool: 'orders.hold',
    entity_key: 'order:1',
    idempotency_key: `k${index}`,
    lane_id: null,
  };
}

const sizeOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
let ids = 0;
const newId = () => `id-${++ids}`;

test('lines with the same decision are one message', () => {
  const facts = decisionFacts(
    plan,
    [item(0, 'no'), { ...item(1, 'no'), decision: 'ALLOW', state: 'queued' }, item(2, 'no')],
    newId,
  );
  expect(facts.map(({ subject }) => subject)).toEqual(['decisions.acme.allow.risk', 'decisions.acme.block.risk']);
});

test('reasons too large for one message are told in several, in order and none twice', () => {
  const items = Array.from({ length: 100 }, (_, index) => item(index, 'é'.repeat(20_000)));
  const facts = decisionFacts(plan, items, newId);
  expect(facts.length).toBeGreaterThan(1);
  for (const { body } of facts) expect(sizeOf(body)).toBeLessThan(1024 * 1024 - 16 * 1024);
  expect(new Set(facts.map(({ id }) => id)).size).toBe(facts.length);
  expect(facts.flatMap(({ body }) => (body as { items: DecidedItem[] }).items)).toEqual(items);
});
