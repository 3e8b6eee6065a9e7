import { expect, it } from 'vitest';
import { inOrder, isFor } from './matching-hooks.ts';

it('hooks are asked by priority, lower first, and then by id', () => {
  const hooks = [
    { id: 'b', priority: 50 },
    { id: 'last', priority: 100 },
    { id: 'first', priority: 0 },
    { id: 'a', priority: 50 },
  ];
  expect(inOrder(hooks).map(({ id }) => id)).toEqual(['first', 'a', 'b', 'last']);
});

it('a hook is for the events of its source and types, or for all where it names none', () => {
  const event = { source: 'stripe', type: 'charge.failed' };
  const hook = (selectors: { source?: string; types?: string[] }) =>
    isFor({ id: 'h', priority: 1, ...selectors }, event);
  expect([hook({}), hook({ source: 'stripe' }), hook({ types: ['invoice.*', 'charge.*'] })]).toEqual([
    true,
    true,
    true,
  ]);
  expect([hook({ source: 'github' }), hook({ types: ['charge'] }), hook({ types: ['*'] })]).toEqual([
    false,
    false,
    false,
  ]);
  expect(hook({ source: 'github', types: ['charge.*'] })).toBe(false);
});
