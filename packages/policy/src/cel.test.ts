import { describe, expect, test } from 'vitest';
import { createCelCompiler } from './cel.ts';

const compile = createCelCompiler();
const context = {
  action: { value: 60, args: { qty: 3, index: 1, sizes: [1, 2], name: 'x', nested: { a: 1 }, none: null } },
  env: { source: 'magento', data: { amount: 4.5, items: [{ price: 1 }, { price: 2.5 }] } },
};

function run(source: string, given: { action: unknown; env: unknown } = context): unknown {
  const program = compile(source);
  if (!program.ok) throw new Error(program.reason);
  return program.run(given);
}

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
  'has(env.missing.deep)',
  'env.constructor == 1',
  'env.__proto__ == 1',
  'action.args.sizes[7] == 1',
  'action.value + action.args.name == 1',
])('%s throws', (source) => {
  expect(() => run(source)).toThrow();
});

test.each([
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
  ['action.value && true ? 1 : "x"', 'Ternary branches must have the same type'],
  ['fetch("x")', "found no matching overload for 'fetch(string)'"],
])('%s does not compile', (source, reason) => {
  const program = compile(source);
  expect(program).toMatchObject({ ok: false, reason: expect.stringContaining(reason) });
});

test('a program that threw inside a comprehension answers the same as before', () => {
  const source = 'env.items.map(i, i.x).filter(x, x > 1).size() == 1 && env.items.all(i, i.x > 0)';
  const program = compile(source);
  if (!program.ok) throw new Error(program.reason);
  const good = { action: {}, env: { items: [{ x: 1 }, { x: 2 }] } };
  expect(program.run(good)).toBe(true);
  expect(() => program.run({ action: {}, env: { items: [{ x: 2 }, { y: 2 }] } })).toThrow('No such key: x');
  expect(program.run(good)).toBe(true);
});
