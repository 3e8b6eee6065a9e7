import { expect, test } from 'vitest';
import { globMatches } from './glob.ts';

test.each([
  ['orders.hold', 'orders.hold', true],
  ['orders.hold', 'orders.holds', false],
  ['orders.*', 'orders.hold', true],
  ['orders.*', 'orders.hold.now', false],
  ['*.delete', 'messages.delete', true],
  ['*.delete', 'a.messages.delete', false],
  ['delete_*', 'delete_user', true],
  ['delete_*', 'delete_user.now', false],
  ['delete_*', 'undelete_user', false],
  ['*', 'send', true],
  ['*', 'messages.send', false],
  ['*.*', 'messages.send', true],
  ['messages.*', 'messages.', true],
  ['o*s.h*d', 'orders.hold', true],
  ['*a*b*c', 'xxaxxbxxc', true],
  ['*a*b*c', 'xxaxxcxxb', false],
  ['**', 'send', true],
  ['orders.h?ld', 'orders.hold', false],
  ['orders.h.ld', 'orders.hold', false],
  ['ORDERS.hold', 'orders.hold', false],
  ['', 'send', false],
])('%s on %s: %s', (glob, name, expected) => {
  expect(globMatches(glob, name)).toBe(expected);
});

test('a pattern of many stars costs no more than its length times the name', () => {
  expect(globMatches(`${'*a'.repeat(60)}b`, 'a'.repeat(64))).toBe(false);
});
