import { HoldpointError } from '@holdpoint/shared/domain/errors';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsePlan } from './proposal.ts';

const good = { connector: 'shop', tool: 'orders.hold', args: {} };
const nested = (depth: number) => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);
const planOf = (...actions: unknown[]) => ({ plan_id: 'p', actions });
const digest = (...actions: unknown[]) => parsePlan(planOf(...actions)).bodyDigest;

test.each([
  ['half a surrogate pair', '\ud800'],
  ['an infinite number', Number.POSITIVE_INFINITY],
  ['a NUL', 'a\0b'],
  ['200,000 lists', nested(200_000)],
  ['a __proto__', JSON.parse('{"__proto__":{"polluted":true}}')],
])('a line with %s parses with its neighbours, and crosses to a thread', (_, bad) => {
  const line = { ...good, args: { bad } };
  const { plan, bodyDigest } = parsePlan(planOf(good, line, good));
  expect(plan.actions[0]).toBe(plan.actions[2]);
  expect(structuredClone(plan).actions).toHaveLength(3);
  expect(bodyDigest).toMatch(/^[0-9a-f]{64}$/);
  expect(digest(good, line, good)).toBe(bodyDigest);
  expect(digest(good, { ...good, args: { bad: 1 } }, good)).not.toBe(bodyDigest);
});

test('two plans that differ only in what cannot be stored are two plans', () => {
  expect(digest({ ...good, args: { x: '\ud800' } })).not.toBe(digest({ ...good, args: { x: '\ud801' } }));
  expect(digest({ ...good, args: { x: '\ud800' } })).not.toBe(digest({ ...good, args: { x: '\\ud800' } }));
});

test('whatever the lines hold, the digest of a body is made', () => {
  const nasty = fc.oneof(
    fc.jsonValue({ stringUnit: 'binary' }),
    fc.constantFrom('\ud800', Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, '\0', nested(70)),
    fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })),
  );
  const lines = fc.array(fc.oneof(nasty, fc.record({ args: nasty })), { minLength: 1 });
  fc.assert(fc.property(lines, (actions) => digest(...actions).length === 64));
});

test('an end that Postgres could not record is recorded in UTC, or refused', () => {
  const expiring = (expires_at: string) => parsePlan({ ...planOf(good), expires_at }).plan.expires_at;
  expect(expiring('2030-01-01T00:00:00+23:00')).toBe('2029-12-31T01:00:00.000Z');
  expect(() => expiring('0000-01-01T00:00:00Z')).toThrow(HoldpointError);
  expect(() => expiring('9999-12-31T23:59:59-10:00')).toThrow(/expires_at/);
});
