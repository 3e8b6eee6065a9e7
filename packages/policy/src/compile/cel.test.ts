import { operatorEnvelope } from '@holdpoint/shared/domain/event';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { celTwins } from '../testing/random-condition.ts';
import { createCelCompiler } from './cel.ts';

const compile = createCelCompiler();
const context = {
  action: { value: 60, args: { qty: 3, index: 1, sizes: [1, 2], name: 'x', nested: { a: 1 }, none: null } },
  env: { source: 'magento', data: { amount: 4.5, at: '2026-01-01T22:30:00Z', items: [{ price: 1 }, { price: 2.5 }] } },
};

function run(source: string, given: { action: unknown; env: unknown } = context): unknown {
  const program = compile(source);
  if (!program.ok) throw new Error(program.reason);
  return program.run(given);
}

test('texts, lists, maps and times', () => {
  for (const source of [
    'action.args.name.startsWith("x") && env.source.contains("gent") && env.source.endsWith("o")',
    'env.source.matches("^mag.*o$") && size(env.source) == 7 && env.source.lowerAscii() == "magento"',
    'size(env.data.items) == 2 && "amount" in env.data && !("x" in env.data)',
    'env.data.items.exists(item, item.price == 2.5) && !env.data.items.all(item, item.price > 1)',
    'action.args == action.args && action.args.nested["a"] == 1',
    'timestamp(env.data.at) < timestamp("2026-01-02T00:00:00Z") && timestamp(env.data.at).getHours() == 22',
    'timestamp(env.data.at) + duration("3h") > timestamp("2026-01-02T00:00:00Z")',
  ]) {
    expect(run(source), source).toBe(true);
  }
});

describe.each(['UTC', 'America/New_York', 'Europe/Berlin', 'Pacific/Apia'])('on a machine in %s', (machine) => {
  afterEach(() => vi.unstubAllEnvs());

  test.each([
    // 02:30 in Berlin is no time in New York, whose clocks are put forward over it that day.
    ['2026-03-08T01:30:00Z', 'at.getHours("Europe/Berlin") == 2 && at.getMinutes("Europe/Berlin") == 30'],
    ['2026-03-29T00:59:59Z', 'at.getHours("Europe/Berlin") == 1 && at.getSeconds("Europe/Berlin") == 59'],
    ['2026-03-29T01:00:00Z', 'at.getHours("Europe/Berlin") == 3 && at.getHours() == 1'],
    ['2026-10-25T00:30:00Z', 'at.getHours("Europe/Berlin") == 2 && at.getHours("+05:45") == 6'],
    ['2026-10-25T01:30:00Z', 'at.getHours("Europe/Berlin") == 2'],
    ['2026-07-01T00:00:00Z', 'at.getDayOfYear() == 181 && at.getDayOfYear("Europe/Berlin") == 181'],
    ['2028-02-29T23:30:00Z', 'at.getDate() == 29 && at.getMonth() == 1 && at.getDayOfMonth("Europe/Berlin") == 0'],
    ['2028-12-31T23:00:00Z', 'at.getDayOfYear() == 365 && at.getDayOfYear("Europe/Berlin") == 0'],
    ['2028-12-31T23:00:00Z', 'at.getFullYear("Europe/Berlin") == 2029 && at.getMonth("Europe/Berlin") == 0'],
    ['2026-11-21T23:30:00Z', 'at.getDayOfWeek("Europe/Berlin") == 0 && at.getDate("Europe/Berlin") == 22'],
    ['2026-01-31T08:00:00+02:00', 'at == timestamp("2026-01-31T06:00:00.000Z") && at == timestamp(1769839200)'],
    ['2026-01-01T22:30:00Z', '["2026-01-02T00:00:00Z"].exists(one, timestamp(one).getHours("Europe/Berlin") == 1)'],
  ])('at %s: %s', (at, says) => {
    vi.stubEnv('TZ', machine);
    const source = says.replaceAll(/\bat\b/g, 'timestamp(env.data.at)');
    expect(run(source, { action: {}, env: { data: { at } } })).toBe(true);
  });

  test.each([
    '2026-01-31T08:00:00.000',
    'Thursday, January 1, 2026',
    '2027-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-01-31T24:00:00Z',
    '2026-01-31 08:00:00+00:00',
  ])('%s is no time', (at) => {
    vi.stubEnv('TZ', machine);
    expect(() => run('timestamp(env.data.at) == timestamp(0)', { action: {}, env: { data: { at } } })).toThrow(
      'RFC 3339',
    );
  });
});

test('a text says over numbers what its twin in JavaScript says', () => {
  const value = fc.oneof(
    fc.integer({ min: 0, max: 9 }),
    fc.double({ min: 0, max: 10, noNaN: true }),
    fc.constant(undefined),
  );
  fc.assert(
    fc.property(celTwins, value, value, value, ({ text, says }, own, n, amount) => {
      const action = { connector: 'm', tool: 'a.x', args: n === undefined ? {} : { n }, idempotency_key: 'k:2' };
      const asked = own === undefined ? action : { ...action, value: own };
      const env = { ...operatorEnvelope('o'), data: amount === undefined ? null : { amount } };
      const answer = (ask: () => unknown) => {
        try {
          return ask();
        } catch {
          return 'threw';
        }
      };
      const program = compile(text);
      expect(program, text).toMatchObject({ ok: true });
      expect(
        answer(() => run(text, { action: asked, env })),
        text,
      ).toBe(answer(() => says(asked, env)));
    }),
    { numRuns: 3_000 },
  );
});

describe('numbers mix in every order', () => {
  test.each([
    'action.value * 2 > 100',
    '100 < 2 * action.value',
    'env.data.amount + 1 > 5',
    '1 + env.data.amount > 5',
    'action.value - 1 == 59',
    '1 - action.value == -59',
    'action.value / 8 == 7.5',
    '15 / action.value == 0.25',
    'action.value % 7 == 4',
    '61 % action.value == 1',
    'action.value % env.data.amount == 1.5',
    'action.value == 60',
    '60 == action.value',
    'action.value != 61',
    '61 != action.value',
    'action.value >= 60 && 60 >= action.value',
    '1 == 1.0 && 1.0 == 1',
    '1 + 2.5 > 3 && 2.5 + 1 > 3',
    'action.value + 5u == 65 && 5u * action.value == 300',
    'action.value in [1, 60]',
    'action.value in [1, 60.0]',
    'action.value == 60u && 60u == action.value',
    '1 in action.args.sizes',
    'action.args.sizes == [1, 2] && [1, 2] == action.args.sizes',
    'action.args.nested == {"a": 1}',
    'size(action.args.sizes) + action.value == 62',
    'env.data.items.exists(item, item.price * 2 == 5)',
    'env.data.items.all(item, item.price + 1 > 1)',
    'env.data.items.map(item, item.price).filter(price, price > 1).size() == 1',
    'action.args.sizes[0] == 1 && action.args.sizes[action.args.index] == 2',
    '[1, 2.5][0] + 1 == 2',
  ])('%s', (source) => {
    expect(run(source)).toBe(true);
  });
});

test.each([
  'env.data.missing == 1',
  'env.data.amount.deep == 1',
  'has(env.data.missing.deep)',
  'env.data.constructor == 1',
  'env.data.__proto__ == 1',
  'action.entity_key == "x"',
  'action.args.sizes[7] == 1',
  'action.value + action.args.name == 1',
])('%s throws', (source) => {
  expect(() => run(source)).toThrow();
});

test.each([
  ['has(action.entity_key)', false],
  ['has(action.entity_key) && action.entity_key == "x"', false],
  ['has(env.data.missing)', false],
  ['env.data.amount == null', false],
  ['action.args.none == null', true],
  ['action.args.name == 60', false],
])('%s is %s', (source, expected) => {
  expect(run(source)).toBe(expected);
});

test.each([
  ['action.value >', 'Unexpected token: EOF'],
  ['now > 1', 'Unknown variable: now'],
  ['"a" + 1 == "a1"', 'no such overload: string + int'],
  ['action.value && true', "Logical operator requires bool operands, got 'double'"],
  ['env.typeSigned ? 1 : "x"', 'Ternary branches must have the same type'],
  ['action.vlaue > 3', 'action has no vlaue; it has connector, tool, args, value, entity_key, idempotency_key'],
  ['has(action.vlaue)', 'action has no vlaue'],
  ['env.sorce == "x"', 'env has no sorce'],
  ['env["sorce"] == "x"', 'env has no sorce'],
  ['env.data.all(item, item == action.vlaue)', 'action has no vlaue'],
  ['action.value == "60"', 'no such overload: double == string'],
  ['action.tool > 1', 'no such overload: string > int'],
  ['env.data.text.matches("(")', 'no pattern can be read from "("'],
  [`${'('.repeat(100)}true${')'.repeat(100)}`, 'Exceeded maxDepth'],
  [`env.data${'.a'.repeat(100)} == 1`, 'Exceeded maxDepth'],
  ['fetch("x")', "found no matching overload for 'fetch(string)'"],
])('%s does not compile', (source, reason) => {
  const program = compile(source);
  expect(program).toMatchObject({ ok: false, reason: expect.stringContaining(reason) });
});

test('a program that threw inside a comprehension answers the same as before', () => {
  const source = 'env.data.map(i, i.x).filter(x, x > 1).size() == 1 && env.data.all(i, i.x > 0)';
  const program = compile(source);
  if (!program.ok) throw new Error(program.reason);
  const good = { action: {}, env: { data: [{ x: 1 }, { x: 2 }] } };
  expect(program.run(good)).toBe(true);
  expect(() => program.run({ action: {}, env: { data: [{ x: 2 }, { y: 2 }] } })).toThrow('No such key: x');
  expect(program.run(good)).toBe(true);
});
