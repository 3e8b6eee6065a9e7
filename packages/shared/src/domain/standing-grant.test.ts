import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MASK, maskArgs } from './secret-args.ts';
import {
  type GrantClass,
  type GrantCondition,
  type GrantedLine,
  grantClassSchema,
  grantCovers,
  grantRequestSchema,
  isSecretPath,
  whyNotCovered,
} from './standing-grant.ts';

const CLASS: GrantClass = { operator: 'risk', connector: 'shop', tool: 'orders.refund', args: [], max_value: null };
const LINE: GrantedLine = {
  operator: 'risk',
  connector: 'shop',
  tool: 'orders.refund',
  args: { order: { id: 'o-1', lines: ['a', 'b'] }, amount: 40, note: null, gift: true, card: MASK },
  value: 40,
};

const covers = (over: Partial<GrantClass>, line: Partial<GrantedLine> = {}) =>
  grantCovers({ ...CLASS, ...over }, { ...LINE, ...line });

describe('a standing grant covers', () => {
  const table: readonly [name: string, condition: GrantCondition, covered: boolean][] = [
    ['a pinned text', { path: 'order.id', equals: 'o-1' }, true],
    ['no other text', { path: 'order.id', equals: 'o-2' }, false],
    ['a pinned null', { path: 'note', equals: null }, true],
    ['no missing one as null', { path: 'nothing', equals: null }, false],
    ['a pinned truth', { path: 'gift', equals: true }, true],
    ['no text that reads like a number', { path: 'amount', equals: '40' }, false],
    ['one of several', { path: 'order.lines.1', in: ['x', 'b'] }, true],
    ['none of several', { path: 'order.lines.1', in: ['x', 'a'] }, false],
    ['a number within bounds, both included', { path: 'amount', min: 40, max: 40 }, true],
    ['none above', { path: 'amount', max: 39.99 }, false],
    ['none below', { path: 'amount', min: 40.01 }, false],
    ['no text within bounds', { path: 'order.id', min: 0 }, false],
    ['nothing that is not its own', { path: 'constructor.name', equals: 'Object' }, false],
    ['nothing that people are not shown, whatever they guess', { path: 'card', equals: MASK }, false],
  ];
  test.each(table)('%s', (_, condition, covered) => {
    expect(covers({ args: [condition] })).toBe(covered);
  });

  test('by name, exactly', () => {
    expect(covers({})).toBe(true);
    for (const name of ['operator', 'connector', 'tool'] as const) expect(covers({ [name]: 'other' })).toBe(false);
  });

  test('values up to its own; no value counts as 0', () => {
    expect([40, 39.99].map((max_value) => covers({ max_value }))).toEqual([true, false]);
    expect(covers({ max_value: 0 }, { value: null })).toBe(true);
  });
});

const scalars = fc.oneof(
  fc.constantFrom<string | number | boolean | null>('a', 'b', '', MASK, 0, 1, 2, 5, true, false, null),
  fc.integer({ min: -3, max: 9 }),
);
const paths = fc.constantFrom('a', 'b', 'a.a', 'a.b', 'a.0', 'b.a.b');
const args = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalars,
    fc.dictionary(fc.constantFrom('a', 'b'), tie('node'), { maxKeys: 2 }),
    fc.array(tie('node'), { maxLength: 2 }),
  ),
})).node;
const conditions: fc.Arbitrary<GrantCondition> = fc.oneof(
  fc.record({ path: paths, equals: scalars }),
  fc.record({ path: paths, in: fc.array(scalars, { minLength: 1, maxLength: 3 }) }),
  fc.record({ path: paths, min: fc.integer({ min: -3, max: 5 }) }),
  fc.record({ path: paths, max: fc.integer({ min: 0, max: 9 }) }),
);
const classes = fc.record({
  operator: fc.constantFrom('risk', 'bot'),
  connector: fc.constant('shop'),
  tool: fc.constantFrom('x', 'y'),
  args: fc.array(conditions, { maxLength: 3 }),
  max_value: fc.option(fc.integer({ min: 0, max: 5 })),
});
const lines = fc.record({
  operator: fc.constantFrom('risk', 'bot'),
  connector: fc.constant('shop'),
  tool: fc.constantFrom('x', 'y'),
  args,
  value: fc.option(fc.integer({ min: 0, max: 9 })),
});
const RUNS = { numRuns: 3000 };

describe('of every grant and line', () => {
  test('it covers exactly where nothing is said against it', () => {
    fc.assert(
      fc.property(classes, lines, (grant, line) => {
        expect(whyNotCovered(grant, line).length === 0).toBe(grantCovers(grant, line));
      }),
      RUNS,
    );
  });

  test('one more condition never covers more, and the order of conditions makes no difference', () => {
    fc.assert(
      fc.property(classes, conditions, lines, (grant, more, line) => {
        const tighter = { ...grant, args: [...grant.args, more] };
        if (grantCovers(tighter, line)) expect(grantCovers(grant, line)).toBe(true);
        const reversed = { ...tighter, args: [...tighter.args].reverse() };
        expect(grantCovers(reversed, line)).toBe(grantCovers(tighter, line));
      }),
      RUNS,
    );
  });

  test('what a tool hides meets no condition, so that nobody learns it by granting', () => {
    fc.assert(
      fc.property(classes, lines, paths, (grant, line, secret) => {
        const shown = { ...line, args: maskArgs(line.args, [secret]) };
        const pinned = grant.args.some(({ path }) => isSecretPath(path, [secret]));
        if (pinned) expect(grantCovers(grant, shown)).toBe(false);
      }),
      RUNS,
    );
  });
});

test('a path is a secret where the tool hides it, something above it, or any item of its list', () => {
  expect(isSecretPath('card', ['card'])).toBe(true);
  expect(isSecretPath('card.number', ['card'])).toBe(true);
  expect(isSecretPath('cards.3.number', ['cards.*.number'])).toBe(true);
  expect(isSecretPath('card', ['card.number'])).toBe(false);
  expect(isSecretPath('cards.3.name', ['cards.*.number'])).toBe(false);
});

describe('why a line is not covered is told', () => {
  test('in a sentence for each condition', () => {
    const grant = {
      ...CLASS,
      max_value: 30,
      args: [
        { path: 'order.id', equals: 'o-2' },
        { path: 'amount', max: 30 },
        { path: 'nothing', in: [1] },
        { path: 'order', min: 1 },
      ],
    };
    expect(whyNotCovered(grant, LINE)).toEqual([
      'the value 40 is over 30',
      'order.id is "o-1", not "o-2"',
      'amount is 40, over 30',
      'nothing is missing or hidden',
      'order is an object, no number',
    ]);
  });

  test('without a word of what is hidden', () => {
    expect(whyNotCovered({ ...CLASS, args: [{ path: 'card', equals: '4111' }] }, LINE)).toEqual([
      'card is missing or hidden',
    ]);
  });
});

describe('a class is refused', () => {
  const args: readonly [name: string, condition: unknown][] = [
    ['that says nothing of an argument', { path: 'a' }],
    ['that says two things of one', { path: 'a', equals: 1, max: 2 }],
    ['whose bounds hold nothing', { path: 'a', min: 2, max: 1 }],
    ['that looks at every item of a list', { path: 'a.*', equals: 1 }],
    ['whose path has a gap', { path: 'a..b', equals: 1 }],
    ['that pins more than a value', { path: 'a', equals: {} }],
    ['that names too many', { path: 'a', in: Array(51).fill(1) }],
  ];
  test.each(args)('%s', (_, condition) => {
    expect(grantClassSchema.safeParse({ ...CLASS, args: [condition] }).success).toBe(false);
  });

  test('with more than 20 conditions, or a bound below nothing', () => {
    const many = Array(21).fill({ path: 'a', equals: 1 });
    expect(grantClassSchema.safeParse({ ...CLASS, args: many }).success).toBe(false);
    expect(grantClassSchema.safeParse({ ...CLASS, max_value: -1 }).success).toBe(false);
  });
});

test('a request names its class, or an approval that has one', () => {
  const terms = { until: '2027-01-01T00:00:00Z', uses: 3, reason: 'known good' };
  expect(grantRequestSchema.safeParse({ ...CLASS, ...terms }).success).toBe(true);
  expect(grantRequestSchema.safeParse({ ...terms, approval_id: crypto.randomUUID() }).success).toBe(true);
  expect(grantRequestSchema.safeParse({ ...terms, operator: 'risk' }).success).toBe(false);
  expect(grantRequestSchema.safeParse({ ...CLASS, ...terms, uses: 100_001 }).success).toBe(false);
  expect(grantRequestSchema.safeParse({ ...CLASS, ...terms, reason: '  ' }).success).toBe(false);
  expect(grantRequestSchema.safeParse({ ...CLASS, ...terms, until: '0000-01-01T00:00:00Z' }).success).toBe(false);
});
