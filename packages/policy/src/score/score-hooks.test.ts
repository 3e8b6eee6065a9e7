import { operatorEnvelope } from '@holdpoint/shared/domain/event';
import type { ToolCatalog } from '@holdpoint/shared/domain/tool';
import type { ActionHook } from '@holdpoint/shared/workspace/tenant-hooks';
import { ESCALATION_DEFAULTS } from '@holdpoint/shared/workspace/tenant-policies';
import { expect, test } from 'vitest';
import { compilePolicies } from '../compile/compile.ts';
import { compileHooks } from '../decide/before-hooks.ts';
import { scoreQuestion } from './score-question.ts';

const tools: ToolCatalog = { shop: { pay: { risk: 'write', secretArgs: ['card'] } } };
const args = { amount: 9, card: '4242-4242' };
const proposal = { connector: 'shop', tool: 'pay', args, entity_key: 'e', idempotency_key: 'k' };
const watch = {
  line: () => undefined,
  userCode: { begins: () => undefined, ends: () => undefined },
  stuckLines: new Set<number>(),
};

function score(before: ((action: { args: object }) => unknown) | undefined, line: object = proposal) {
  const retry = { attempts: 1, delayMs: 10, maxDelayMs: 10 };
  const hook = { id: 'h', priority: 50, critical: true, afterTimeoutMs: 10, retry, before };
  const rules = {
    policies: compilePolicies([{ decision: 'ALLOW' }], { version: 'v' }),
    grants: undefined,
    tools,
    hooks: compileHooks(before ? [hook as unknown as ActionHook] : [], tools),
    defaults: ESCALATION_DEFAULTS,
  };
  const question = { tenant: 'acme', operator: 'o', env: operatorEnvelope('o'), lines: [line], salt: 's' };
  const answer = scoreQuestion({ ...question, now: new Date(0).toISOString() }, rules, watch);
  if (!answer.ok || !answer.lines[0]) throw new Error('it was not scored');
  return answer.lines[0];
}

test('sameness goes by what was proposed, approvals by what hooks made of it', () => {
  const plain = score(undefined);
  const changed = score((action) => ({ args: { ...action.args, note: 'checked' } }));
  expect(plain.proposedDigest).toBe(plain.digest);
  expect(changed.proposedDigest).toBe(plain.digest);
  expect(changed.digest).toBe(score(undefined, { ...proposal, args: { ...args, note: 'checked' } }).digest);
  expect(changed.digest).not.toBe(plain.digest);
  expect(changed.proposed).toEqual(proposal);
});

test('secrets that a hook gives are as secret as those that were proposed', () => {
  const { shownArgs, digest } = score(() => ({ args: { card: '5555-5555' } }));
  expect(shownArgs).toEqual({ card: '•••' });
  expect(digest).not.toBe(score(() => ({ args: { card: '6666-6666' } })).digest);
  const failing = score((action) => {
    throw new Error(`no ${(action.args as { card: string }).card}`);
  });
  expect(failing.verdict.reasons[0]?.message).toBe('before threw: no •••');
});

test('what was scored once comes to the same when it is scored again from its record', () => {
  const first = score((action) => ({ args: { ...action.args, note: 'checked' } }));
  const again = score((action) => ({ args: { ...action.args, note: 'checked' } }), first.proposed as object);
  expect(again).toEqual(first);
});
