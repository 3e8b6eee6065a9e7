import { expect, test } from 'vitest';
import { requestIssues } from './errors.ts';

test('a request that is wrong everywhere is told of its first faults, and of no endless name', () => {
  const everywhere = Array.from({ length: 100_000 }, (_, index) => ({ path: [index], message: 'is wrong' }));
  expect(requestIssues(everywhere)).toHaveLength(100);
  const keys = Array.from({ length: 100_000 }, (_, index) => `${index}`);
  expect(requestIssues([{ code: 'unrecognized_keys', keys, path: ['a'], message: '' }])).toHaveLength(100);
  const [long] = requestIssues([{ path: [`${'x'.repeat(255)}\u{1F600}`], message: 'is wrong' }]);
  expect(long?.path).toHaveLength(256);
  expect(long?.path.isWellFormed()).toBe(true);
});
