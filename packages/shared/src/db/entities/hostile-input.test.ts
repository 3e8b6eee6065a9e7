import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { isStorable, mutated, mutatedText } from '../../testing/hostile.ts';
import { readCursor, writeCursor } from './entity-cursor.ts';
import { EntityError } from './entity-error.ts';
import { readChange, readIdentity, readRemoval } from './read-change.ts';
import { readQuery } from './read-query.ts';
import { readVersion } from './read-version.ts';

const place = { tenant: 'acme', connector: 'shop', entity: 'orders' };
const declared = { schema: z.looseObject({ id: z.string(), total: z.unknown() }), version: 'updated' };
const QUERY = {
  where: {
    status: 'open',
    total: { gte: 1, lt: 5.5, not: null },
    name: { in: ['a', 'b'], startsWith: 'x' },
    gone: null,
  },
  orderBy: { total: 'desc', id: 'asc' },
  take: 10,
  cursor: null,
};
const row = { id: 'o-1', total: 5, updated: '2026-01-01T00:00:00.123456Z', customer: { id: 1, tags: ['a'] } };

function orRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    expect(error).toBeInstanceOf(EntityError);
    return undefined;
  }
}

test('any question is read or refused, and asks for no more than it may', () => {
  let taken = 0;
  fc.assert(
    fc.property(mutated(QUERY), (given) => {
      const read = orRefused(() => readQuery(place, given));
      if (!read) return;
      taken += 1;
      expect(isStorable(read.listing)).toBe(true);
      expect(read.listing.limit).toBeLessThanOrEqual(101);
      expect(read.listing.tests.length).toBeLessThanOrEqual(80);
      for (const { field } of [...read.listing.tests, ...read.listing.order])
        expect(field).toMatch(/^[A-Za-z_]\w{0,62}$/);
    }),
    { numRuns: 1500 },
  );
  expect(taken).toBeGreaterThan(20);
});

test('any entity is read or refused, and what is read can be stored and is under its own name', () => {
  const change = { where: { id: 'o-1' }, create: row, update: { total: 6, updated: 7 }, version: 3 };
  let taken = 0;
  fc.assert(
    fc.property(fc.oneof(mutated(row), mutated(change)), (given) => {
      orRefused(() => readRemoval(declared, given));
      orRefused(() => readIdentity(declared, given));
      const read = orRefused(() => readChange(declared, given));
      if (!read) return;
      taken += 1;
      expect(isStorable(read)).toBe(true);
      expect(read.create.id).toBe(read.id);
      for (const version of [read.createVersion, read.patchVersion]) {
        if (version !== null) expect(Number.isFinite(Number(version)), version).toBe(true);
      }
    }),
    { numRuns: 1500 },
  );
  expect(taken).toBeGreaterThan(20);
  expect({}).not.toHaveProperty('polluted');
});

test('a version is a finite number that grows with its time, or it is refused', () => {
  fc.assert(
    fc.property(mutatedText('2026-11-22T06:00:00.123456+01:00'), fc.double(), (text, number) => {
      for (const one of [text, number]) {
        const version = orRefused(() => readVersion(one));
        if (version !== undefined) expect(version).toMatch(/^-?\d+(\.\d+)?(e[+-]\d+)?$/);
      }
    }),
    { numRuns: 1000 },
  );
});

test('a cursor comes back as the place that it was written for, and no other text is one', () => {
  const { writtenFor } = readQuery(place, { orderBy: { total: 'desc', name: 'asc' } });
  const data = fc.record({
    total: fc.oneof(fc.double(), fc.string({ unit: 'binary' }), fc.constant(null)),
    name: fc.string(),
  });
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }),
      data,
      fc.nat(),
      fc.string({ unit: 'binary', maxLength: 3 }),
      (id, kept, at, put) => {
        const cursor = writeCursor({ id, data: kept as never }, writtenFor);
        const back = readCursor(cursor, writtenFor);
        expect(back.id).toBe(id);
        expect(writeCursor({ id, data: kept as never }, writtenFor)).toBe(cursor);
        const [question, keys] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as [string, unknown[]];
        const forged = Buffer.from(JSON.stringify([question, keys, `${id}${put}`])).toString('base64url');
        expect(isStorable(orRefused(() => readCursor(forged, writtenFor))?.id)).toBe(true);
        const other = cursor.slice(0, at % cursor.length) + put + cursor.slice((at % cursor.length) + 1);
        const read = orRefused(() => readCursor(other, writtenFor));
        if (read) expect(read.keys).toHaveLength(2);
      },
    ),
    { numRuns: 500 },
  );
});
