import { expect, test } from 'vitest';
import { approvalRulePolicies, permissionPolicies } from './sugar.ts';

const tools = {
  slack: { list: { risk: 'read' }, send: { risk: 'write' }, drop: { risk: 'destructive' } },
} as const;
const decisions = (mode: 'open' | 'cautious' | 'strict' | 'readonly', overrides = {}) =>
  permissionPolicies({ slack: { mode, overrides } }, tools).map(({ tool, decision }) => `${tool} ${decision}`);

test('a mode says what becomes of writes and destructions, and reads need no policy', () => {
  expect(decisions('open')).toEqual(['send ALLOW', 'drop ALLOW']);
  expect(decisions('cautious')).toEqual(['send ALERT', 'drop ALERT']);
  expect(decisions('strict')).toEqual(['send ALERT', 'drop BLOCK']);
  expect(decisions('readonly')).toEqual(['send BLOCK', 'drop BLOCK']);
});

test('an override replaces what the mode says for its tool alone', () => {
  expect(decisions('readonly', { send: 'allow', drop: 'approve' })).toEqual(['send ALLOW', 'drop ALERT']);
  expect(decisions('open', { drop: 'deny' })).toEqual(['send ALLOW', 'drop BLOCK']);
});

test('an approval rule escalates by glob, with its audience, reason and time to live', () => {
  expect(approvalRulePolicies([{ pattern: 'delete_*', audience: 'project-admin', ttlSeconds: 3600 }])).toEqual([
    {
      id: 'approvalRules.0',
      tools: 'delete_*',
      escalation: { audience: 'project-admin', ttlSeconds: 3600 },
      decision: 'ALERT',
    },
  ]);
});
