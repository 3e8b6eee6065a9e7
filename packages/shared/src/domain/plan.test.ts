import { expect, test } from 'vitest';
import { actionDigest, digestOf } from './digest.ts';
import { fieldIssues, HoldpointError, toProblem } from './errors.ts';
import { inexactNumberPath } from './json.ts';
import { executionPlanSchema, plannedActionSchema } from './plan.ts';

const issuesOf = (plan: unknown) => {
  const parsed = executionPlanSchema.safeParse(plan);
  return parsed.success ? [] : fieldIssues(parsed.error.issues).map(({ path }) => path);
};

test('a plan is refused by the path of what is wrong in it, unknown keys included', () => {
  expect(issuesOf({ plan_id: 'p', actions: [{}] })).toEqual([]);
  expect(issuesOf({ plan_id: '', actions: [] }).sort()).toEqual(['actions', 'plan_id']);
  expect(issuesOf({ plan_id: 'p', actions: [1], agent: { id: 'a', role: 'x' } })).toEqual(['agent.role']);
  expect(issuesOf({ plan_id: 'p', actions: [1], event_id: 'e\n' })).toEqual(['event_id']);
  expect(issuesOf({ plan_id: 'p', actions: Array(101).fill({}) })).toEqual(['actions']);
  expect(issuesOf({ plan_id: 'p\n', actions: [1] })).toEqual(['plan_id']);
});

test('a line holds no number that was lost on the way', () => {
  const line = { connector: 'c', tool: 't', args: JSON.parse('{ "deep": [{ "id": 9007199254740993 }] }') };
  const parsed = plannedActionSchema.safeParse(line);
  expect(parsed.success).toBe(false);
  expect(inexactNumberPath(line.args)).toBe('deep.0.id');
  expect(inexactNumberPath({ a: 0.1, b: Number.MAX_SAFE_INTEGER })).toBeUndefined();
});

test('a digest knows no order of keys, and every field of an action', () => {
  const action = { tenant: 't', connector: 'c', tool: 'x', args: { a: 1, b: [2] }, value: 1, entity_key: 'e' };
  expect(digestOf({ a: 1, b: 2 })).toBe(digestOf({ b: 2, a: 1 }));
  expect(actionDigest(action)).toBe(actionDigest({ ...action, args: { b: [2], a: 1 } }));
  const changes = [
    { tenant: 'u' },
    { connector: 'd' },
    { tool: 'y' },
    { args: { a: 1 } },
    { value: null },
    { entity_key: null },
  ];
  const digests = [action, ...changes.map((change) => ({ ...action, ...change }))].map(actionDigest);
  expect(new Set(digests).size).toBe(digests.length);
});

test('an error is a problem that a program can branch on', () => {
  const problem = toProblem(new HoldpointError('PLAN_CONFLICT', 'it differs', { plan_id: 'p' }));
  expect(problem).toMatchObject({ status: 409, code: 'PLAN_CONFLICT', retryable: false, details: { plan_id: 'p' } });
});
