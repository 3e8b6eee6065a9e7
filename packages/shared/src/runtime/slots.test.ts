import { expect, test } from 'vitest';
import { callerOf, createSlots } from './slots.ts';

test('one caller never has all places, and who leaves twice leaves once', () => {
  const slots = createSlots({ max: 3, maxPerCaller: 2 });
  const [ann, bob] = ['acme', 'bazaar'].map((tenant) => callerOf({ tenant, principal: 'same' })) as [string, string];
  const leave = slots.take(ann);
  expect([slots.take(ann), slots.take(ann), slots.take(bob), slots.take(bob)].map(Boolean)).toEqual([
    true,
    false,
    true,
    false,
  ]);
  leave?.();
  leave?.();
  expect(slots.taken).toBe(2);
  expect([slots.take(bob), slots.take(bob)].map(Boolean)).toEqual([true, false]);
});
