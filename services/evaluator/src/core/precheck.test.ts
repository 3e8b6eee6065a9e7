import { eventId } from '@holdpoint/shared/domain/event';
import { expect, test } from 'vitest';
import { precheck } from './precheck.ts';

const now = new Date('2030-01-01T00:00:00Z');
const event_id = eventId('magento', 'order', 'abc');
const codeOf = (...args: Parameters<typeof precheck>) => precheck(...args)?.code;

test('a plan is over at its end, not after it', () => {
  expect(codeOf({ expires_at: '2030-01-01T00:00:00Z' }, 'risk', undefined, now)).toBe('plan_expired');
  expect(codeOf({ expires_at: '2030-01-01T00:00:00.001Z' }, 'risk', undefined, now)).toBeUndefined();
});

test.each([
  ['a tenant without grants', undefined, undefined],
  ['a grant of every source', { risk: null }, undefined],
  ['a grant of this source', { risk: ['shopify', 'magento'] }, undefined],
  ['a grant of another', { risk: ['shopify'] }, 'event_not_granted'],
  ['a grant of none', { risk: [] }, 'event_not_granted'],
  ['a grant of somebody else', { desk: null }, 'event_not_granted'],
])('an event under %s', (_, grants, code) => {
  expect(codeOf({ event_id }, 'risk', grants, now)).toBe(code);
  expect(codeOf({}, 'risk', grants, now)).toBeUndefined();
});

test('an operator by the name of something inherited holds nothing', () => {
  expect(codeOf({ event_id }, 'constructor', { risk: null }, now)).toBe('event_not_granted');
});
