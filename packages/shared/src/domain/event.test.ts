import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eventSubject } from '../messages/subjects.ts';
import { encodeType, eventId, eventIdSchema, eventKey, parseEventId } from './event.ts';

const anyType = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.stringMatching(/^[a-z=.*>_-]{0,100}$/),
);

describe('a type as one token', () => {
  test('is plain, bounded and never empty', () => {
    fc.assert(
      fc.property(anyType, (type) => {
        expect(encodeType(type)).toMatch(/^[A-Za-z0-9_=-]{1,64}$/);
      }),
    );
  });

  test('is injective: no two types share one', () => {
    fc.assert(
      fc.property(anyType, anyType, (a, b) => {
        fc.pre(a.toWellFormed() !== b.toWellFormed() && a !== '' && b !== '' && a !== 'unknown' && b !== 'unknown');
        expect(encodeType(a)).not.toBe(encodeType(b));
      }),
      { numRuns: 2000 },
    );
    expect(encodeType('a.b')).not.toBe(encodeType('a=2Eb'));
  });

  test('keeps what is plain, escapes the rest, hashes what is long, and names what is missing', () => {
    expect(encodeType('orders/create')).toBe('orders=2Fcreate');
    expect(encodeType('issues')).toBe('issues');
    expect(encodeType(undefined)).toBe('unknown');
    const long = 'x'.repeat(65);
    expect(encodeType(long)).toHaveLength(64);
    expect(encodeType(`${long}a`)).not.toBe(encodeType(`${long}b`));
  });
});

test('a subject is bounded whatever arrives: an over-long one kills the connection of its publisher', () => {
  fc.assert(
    fc.property(anyType, fc.string(), (type, deliveryId) => {
      const key = eventKey('id', { deliveryId, type, bodyDigest: 'd' });
      const subject = eventSubject('t'.repeat(63), eventId('s'.repeat(63), type, key));
      expect(subject.length).toBeLessThanOrEqual(250);
      expect(subject.split('.')).toHaveLength(5);
      expect(subject).not.toMatch(/[\s*>]/);
    }),
  );
});

test('an event id carries its source, type and key there and back', () => {
  const id = eventId('shopify', 'orders/create', 'k1');
  expect(eventIdSchema.parse(id)).toBe(id);
  expect(parseEventId(id)).toEqual({ source: 'shopify', typeToken: 'orders=2Fcreate', key: 'k1' });
  for (const bad of ['', 'a.b', 'a.b.c.d', 'A.b.c', 'a.*.c', 'a.b.>']) {
    expect(eventIdSchema.safeParse(bad).success, bad).toBe(false);
  }
});

test('an unsigned id is no key by itself: the same body under another id is the same event, under another type is not', () => {
  const facts = { deliveryId: '1', type: 'orders/create', bodyDigest: 'd' };
  expect(eventKey('type+body', facts)).toBe(eventKey('type+body', { ...facts, deliveryId: '2' }));
  expect(eventKey('type+body', facts)).not.toBe(eventKey('type+body', { ...facts, type: 'orders/paid' }));
  expect(eventKey('id', facts)).toBe(eventKey('id', { ...facts, bodyDigest: 'e' }));
  expect(eventKey('id+body', facts)).not.toBe(eventKey('id+body', { ...facts, bodyDigest: 'e' }));
});
