import type { EntitySnapshot } from '@holdpoint/shared/domain/entity';
import { type EventEnvelope, operatorEnvelope } from '@holdpoint/shared/domain/event';
import type { ToolCatalog } from '@holdpoint/shared/domain/tool';
import { describe, expect, test } from 'vitest';
import { compilePolicies } from '../compile/compile.ts';
import { explain } from '../explain/explain.ts';
import { evaluate, type Question } from './evaluate.ts';

const entity = { name: 'orders', id: 'order.id' };
const tools: ToolCatalog = {
  shop: { refund: { risk: 'write', entity }, note: { risk: 'write' }, look: { risk: 'read', entity } },
};
const known = (more: Partial<EntitySnapshot> = {}): EntitySnapshot => ({
  connector: 'shop',
  name: 'orders',
  id: '7',
  data: { status: 'paid', total: 12 },
  version: null,
  seenAt: '2026-06-01T00:00:00Z',
  ...more,
});
const question = (
  policies: readonly unknown[],
  told: EventEnvelope['entity'],
  line: { tool?: string; args?: object } = {},
): Question => ({
  line: {
    connector: 'shop',
    tool: 'refund',
    args: { order: { id: '7' } },
    entity_key: 'e',
    idempotency_key: 'k',
    ...line,
  },
  operator: 'bot',
  env: { ...operatorEnvelope('bot'), ...(told !== undefined && { entity: told }) },
  policies: compilePolicies(policies, { version: 'v' }),
  tools,
  grants: undefined,
  hooks: undefined,
  now: new Date(0),
});
const codes = (asked: Question) => evaluate(asked).verdict.reasons.map(({ code }) => code);
const when = (condition: unknown) => [{ decision: 'ALLOW', when: condition }];

describe('a condition in CEL', () => {
  test.each<[string, EventEnvelope['entity'], string, string]>([
    ['env.entity.data.status == "paid"', known(), 'refund', 'allowed'],
    ['env.entity.data.total * 2 == 24 && env.entity.id == "7"', known(), 'refund', 'allowed'],
    ['env.entity == null', known(), 'refund', 'no_policy'],
    ['env.entity == null', null, 'refund', 'allowed'],
    ['env.entity == null', undefined, 'refund', 'allowed'],
    ['env.entity.data.status == "paid"', null, 'refund', 'policy_error'],
    ['env.entity.data.missing == "paid"', known(), 'refund', 'policy_error'],
    ['env.entity != null && env.entity.data.status == "paid"', null, 'refund', 'no_policy'],
    ['has(env.entity)', undefined, 'note', 'no_policy'],
    ['has(env.entity)', null, 'refund', 'allowed'],
    ['env.entity == null', undefined, 'note', 'policy_error'],
  ])('%s of %j for %s is %s', (text, told, tool, code) => {
    expect(codes(question(when(text), told, { tool }))).toEqual([code]);
  });
});

test('what is not told of an entity that a tool declares is nothing, and what is not declared is absent', () => {
  const seen: unknown[] = [];
  const look = (_: unknown, env: EventEnvelope) => seen.push(env) > 0;
  const policies = [{ decision: 'ALLOW', predicate: look }];
  evaluate(question(policies, undefined));
  evaluate(question(policies, undefined, { tool: 'note' }));
  expect(seen).toMatchObject([{ entity: null }, {}]);
  expect(seen[1]).not.toHaveProperty('entity');
});

test.each<[string, EventEnvelope['entity'], object, string]>([
  ['another connector', known({ connector: 'desk' }), { order: { id: '7' } }, 'entity_mismatch'],
  ['another kind', known({ name: 'refunds' }), { order: { id: '7' } }, 'entity_mismatch'],
  ['another id', known({ id: '8' }), { order: { id: '7' } }, 'entity_mismatch'],
  ['some id where the arguments hold none', known(), { order: {} }, 'entity_mismatch'],
  ['the same id as a number', known(), { order: { id: 7 } }, 'allowed'],
])('a snapshot of %s is no snapshot of this one', (_, told, args, code) => {
  expect(codes(question([{ decision: 'ALLOW' }], told, { args }))).toEqual([code]);
});

test('a read is permitted whatever is known', () => {
  expect(codes(question([], known({ id: '8' }), { tool: 'look' }))).toEqual(['read']);
});

test('no policy permits what is known of another entity, and no explanation says that a policy would', () => {
  const asked = question([{ id: 'all', decision: 'ALLOW' }], known({ id: '8' }));
  expect(explain(asked)).toMatchObject({
    decision: 'BLOCK',
    step: 'derived',
    sentence: 'BLOCK: what was known is of shop orders 8, and the action is about shop orders 7',
  });
  expect(explain(asked)).not.toHaveProperty('nearest');
});

test('what another operator would be told of the entity is the same', () => {
  const policies = [{ id: 'desk', decision: 'ALLOW', operator: 'desk', when: 'env.entity.data.status == "paid"' }];
  expect(explain(question(policies, known())).nearest).toMatchObject({
    change: { field: 'operator', to: 'desk' },
    decision: 'ALLOW',
  });
  expect(explain(question(policies, null))).not.toHaveProperty('nearest');
});
