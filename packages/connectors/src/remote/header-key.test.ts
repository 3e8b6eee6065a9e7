import fc from 'fast-check';
import { expect, test } from 'vitest';
import { headerKey } from './header-key.ts';

test('a key that a header carries as it is stays as it is', () => {
  expect(headerKey('refund:order 1042/§'.replace('§', '#1'))).toBe('refund:order 1042/#1');
});

test('any other becomes one that a header carries, and two keys never become one', () => {
  for (const key of [' a', 'a ', 'größe', '退款-1', '🙂']) expect(headerKey(key)).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(new Set([' a', 'a ', 'a', 'ä'].map(headerKey)).size).toBe(4);
});

test('whatever a key is, its header is the same whenever it is sent', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 255, unit: 'grapheme' }), (key) => {
      const sent = headerKey(key);
      expect(new Headers({ 'idempotency-key': sent }).get('idempotency-key')).toBe(sent);
      expect(headerKey(key)).toBe(sent);
    }),
  );
});
