import { expect, test } from 'vitest';
import { HOT_ENTITY } from '../processes/tally.ts';
import { distinct, hot, pagesWithoutRepeats, shared } from './shapes.ts';

test('places count from 0 within each entity, in every shape', () => {
  for (const { jobs } of [distinct(500), shared(500), hot(500)]) {
    const next = new Map<string, number>();
    for (const { entity, place } of jobs) {
      expect(place).toBe(next.get(entity) ?? 0);
      next.set(entity, place + 1);
    }
  }
});

test('the hot entity holds half', () => {
  const { jobs } = hot(500);
  expect(jobs.filter(({ entity }) => entity === HOT_ENTITY)).toHaveLength(jobs.length / 2);
});

test('pages keep the order and name no entity twice', () => {
  const { jobs } = shared(500);
  const pages = pagesWithoutRepeats(jobs);
  expect(pages.flat()).toEqual(jobs);
  for (const page of pages) expect(new Set(page.map(({ entity }) => entity)).size).toBe(page.length);
});
