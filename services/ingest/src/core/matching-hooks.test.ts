import { expect, it } from 'vitest';
import { isFor } from './matching-hooks.ts';

it('a hook is for the events of its source and types, or for all where it names none', () => {
  const event = { source: 'stripe', type: 'charge.failed' };
  const hook = (selectors: { source?: string; types?: string[] }) => isFor(selectors, event);
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
