import { expect, it } from 'vitest';
import { inOrder } from './hook-order.ts';

it('hooks are asked by priority, lower first, and then by id', () => {
  const hooks = [
    { id: 'b', priority: 50 },
    { id: 'last', priority: 100 },
    { id: 'first', priority: 0 },
    { id: 'a', priority: 50 },
  ];
  expect(inOrder(hooks).map(({ id }) => id)).toEqual(['first', 'a', 'b', 'last']);
});
