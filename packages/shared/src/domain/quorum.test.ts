import { expect, test } from 'vitest';
import { missingRequirements, requirementsMet } from './quorum.ts';

const needs = [
  { audience: 'compliance', quorum: 1 },
  { audience: 'reviewer', quorum: 1 },
];

test('one person who sits in both audiences fills one of them', () => {
  const both = { principal: 'iss|ann', audiences: ['compliance', 'reviewer'] };
  expect(missingRequirements(needs, [both])).toHaveLength(1);
  expect(requirementsMet(needs, [both, both])).toBe(false);
});

test('who sits in both gives way to who sits in one', () => {
  const both = { principal: 'iss|ann', audiences: ['compliance', 'reviewer'] };
  const one = { principal: 'iss|bob', audiences: ['compliance'] };
  expect(requirementsMet(needs, [both, one])).toBe(true);
  expect(requirementsMet(needs, [one, both])).toBe(true);
});

test('who agreed twice, for one audience each time, fills the place that nobody else does', () => {
  const first = { principal: 'iss|ann', audiences: ['reviewer'] };
  const second = { principal: 'iss|ann', audiences: ['compliance'] };
  expect(missingRequirements(needs, [first, second])).toEqual([{ audience: 'reviewer', quorum: 1 }]);
  expect(requirementsMet(needs, [first, second, { principal: 'iss|bob', audiences: ['reviewer'] }])).toBe(true);
});

test('a quorum needs as many people', () => {
  const two = [{ audience: 'reviewer', quorum: 2 }];
  const vote = (principal: string) => ({ principal, audiences: ['reviewer'] });
  expect(missingRequirements(two, [vote('a')])).toEqual([{ audience: 'reviewer', quorum: 1 }]);
  expect(requirementsMet(two, [vote('a'), vote('b')])).toBe(true);
});

test('what is missing keeps whom it may be opened to', () => {
  const escalate = { audience: 'board', after_seconds: 60 };
  const two = [{ audience: 'reviewer', quorum: 2, escalate }];
  const one = { principal: 'iss|ann', audiences: ['reviewer'] };
  expect(missingRequirements(two, [one])).toEqual([{ audience: 'reviewer', quorum: 1, escalate }]);
});
