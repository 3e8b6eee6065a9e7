import { expect, test } from 'vitest';
import { entityIdIn } from './entity.ts';

const reference = (id: string, lowerCase?: boolean) => ({ name: 'issues', id, ...(lowerCase && { lowerCase }) });

test('the id of an entity is read at its path, a whole number as text', () => {
  expect(entityIdIn({ order: { id: 7 } }, reference('order.id'))).toBe('7');
  expect(entityIdIn({ order_id: '9007199254740993' }, reference('order_id'))).toBe('9007199254740993');
  for (const args of [{}, { id: 1.5 }, { id: '' }, { id: null }, { id: 'x'.repeat(256) }, { id: 'a\0' }, null, 'id']) {
    expect(entityIdIn(args, reference('id'))).toBeNull();
  }
});

test('an id that several arguments make up is there when all of them are', () => {
  const issue = reference('{owner}/{repo}#{number}');
  expect(entityIdIn({ owner: 'acme', repo: 'shop', number: 7 }, issue)).toBe('acme/shop#7');
  expect(entityIdIn({ owner: 'acme', number: 7 }, issue)).toBeNull();
  expect(entityIdIn({ owner: '', repo: 'shop', number: 7 }, issue)).toBeNull();
  expect(entityIdIn({ owner: '{repo}', repo: '$&', number: 7 }, issue)).toBe('{repo}/$&#7');
});

test('where capitals tell nothing apart, they make no other entity', () => {
  expect(entityIdIn({ id: 'Acme/Shop' }, reference('id', true))).toBe('acme/shop');
  expect(entityIdIn({ id: 'Acme/Shop' }, reference('id'))).toBe('Acme/Shop');
});

test.each<[string, unknown, string | null]>([
  ['a text', 'gid://shop/Order/7', 'gid://shop/Order/7'],
  ['a whole number', 7, '7'],
  ['a negative number', -7, '-7'],
  ['zero, of which there is one', -0, '0'],
  ['a fraction', 7.5, null],
  ['a number that is not held exactly', 2 ** 53, null],
  ['an empty text', '', null],
  ['a text beyond any id', 'x'.repeat(256), null],
  ['a text with a NUL', 'a\0', null],
  ['half of a surrogate pair', '\ud800', null],
  ['a list', ['7'], null],
  ['an object', { id: 7 }, null],
  ['null', null, null],
  ['yes', true, null],
])('the id of %s', (_, id, expected) => {
  expect(entityIdIn({ order: { id } }, reference('order.id'))).toBe(expected);
});

test.each(['order', 'order.missing', 'order.id.more', 'order.constructor.name', '__proto__.id', 'missing'])(
  'at %s there is none',
  (path) => {
    expect(entityIdIn({ order: { id: '7' } }, reference(path))).toBeNull();
  },
);

test('within a list it is looked for by place', () => {
  expect(entityIdIn({ orders: [{ id: 'a' }, { id: 'b' }] }, reference('orders.1.id'))).toBe('b');
  expect(entityIdIn('7', reference('id'))).toBeNull();
});
