import { keySchema, planIdSchema } from '@holdpoint/shared/domain/names';
import { expect, it } from 'vitest';
import { idempotencyKey, planIdFor } from './idempotency.ts';

const original = { tenant: 'acme', id: 'shopify.orders=2Fcreate.k1', rootId: 'shopify.orders=2Fcreate.k1' };
const replay = { tenant: 'acme', id: 'shopify.orders=2Fcreate.k2', rootId: original.id };

it('a replay of an event asks for the same effects, in a plan of its own', () => {
  expect(idempotencyKey(replay, 'hold', 7)).toBe(idempotencyKey(original, 'hold', 7));
  expect(planIdFor('risk', replay)).not.toBe(planIdFor('risk', original));
});

it('an event without a root is its own root', () => {
  expect(idempotencyKey({ tenant: 'acme', id: original.id }, 'hold')).toBe(idempotencyKey(original, 'hold'));
});

it('keys differ by tenant, event and every part, and no parts run together', () => {
  const keys = [
    idempotencyKey(original, 'hold', '7'),
    idempotencyKey({ ...original, tenant: 'zeta' }, 'hold', '7'),
    idempotencyKey({ ...original, rootId: 'other' }, 'hold', '7'),
    idempotencyKey(original, 'hold', '8'),
    idempotencyKey(original, 'hold7'),
    idempotencyKey(original, 'hol', 'd7'),
    idempotencyKey(original, 'hold', 7),
  ];
  expect(new Set(keys).size).toBe(keys.length);
});

it('keys and plan ids are what a plan may carry, whatever the parts are', () => {
  expect(keySchema.safeParse(idempotencyKey(original, '\u0000 \ud800', 'x'.repeat(1000))).success).toBe(true);
  expect(planIdSchema.safeParse(planIdFor('o'.repeat(63), original)).success).toBe(true);
});

it('plan ids differ by operator and tenant, and are the same at every redelivery', () => {
  expect(planIdFor('risk', original)).toBe(planIdFor('risk', { ...original }));
  expect(planIdFor('triage', original)).not.toBe(planIdFor('risk', original));
  expect(planIdFor('risk', { ...original, tenant: 'zeta' })).not.toBe(planIdFor('risk', original));
});
