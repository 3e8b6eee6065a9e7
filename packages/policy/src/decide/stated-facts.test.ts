import { plannedActionSchema } from '@holdpoint/shared/domain/plan';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { randomCase } from '../testing/random-case.ts';
import { plainJson } from './plain-json.ts';
import { statedFacts } from './stated-facts.ts';

const facts = (line: unknown) => {
  const args = plainJson((line as { args?: unknown } | null | undefined)?.args ?? null);
  return args.ok ? statedFacts(line, args.value) : undefined;
};
const nasty = fc.oneof(
  fc.jsonValue(),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom(-0, 2 ** 53, 1e308, Number.NaN, undefined, '', 'é'.repeat(255), '😀'.repeat(200), 'a\u2028'),
);
const line = fc.oneof(
  randomCase.map(({ lines }) => lines[0]?.line),
  fc.record({
    connector: fc.oneof(fc.constant('m'), nasty),
    tool: fc.oneof(fc.constant('do'), nasty),
    args: fc.oneof(fc.constant({}), nasty),
    value: nasty,
    entity_key: nasty,
    idempotency_key: nasty,
  }),
);

test('what it reads, the schema reads the same', () => {
  fc.assert(
    fc.property(line, (given) => {
      const read = facts(given);
      if (read === undefined) return;
      const { args: _, ...due } = plannedActionSchema.parse(given);
      expect(read).toEqual(due);
    }),
    { numRuns: 5_000 },
  );
});

test('it reads what is sound', () => {
  const sound = {
    connector: 'shop',
    tool: 'orders.hold',
    args: { a: [1] },
    value: 0.5,
    entity_key: 'é',
    idempotency_key: 'k',
  };
  expect(facts(sound)).toEqual({ ...sound, args: undefined });
  expect(facts({ connector: 'shop', tool: 'orders.hold', args: {} })).toBeDefined();
});

test('it leaves to the schema what is not what it seems', () => {
  const sound = { connector: 'shop', tool: 'orders.hold', args: {} };
  expect(facts(Object.create(sound))).toBeUndefined();
  expect(facts(Object.assign(Object.create({ value: 1 }), sound))).toBeUndefined();
  expect(facts({ ...sound, more: undefined })).toBeUndefined();
  expect(facts({ ...sound, args: [] })).toBeUndefined();
});
