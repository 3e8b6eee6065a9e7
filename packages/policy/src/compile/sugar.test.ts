import { expect, test } from 'vitest';
import { evaluate } from '../decide/evaluate.ts';
import { compilePolicies } from './compile.ts';
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
  expect(approvalRulePolicies([{ pattern: 'delete_*', audience: 'project-admin', ttlSeconds: 3600 }], tools)).toEqual([
    {
      id: 'approvalRules.0',
      tools: 'delete_*',
      escalation: { audience: 'project-admin', ttlSeconds: 3600 },
      decision: 'ALERT',
    },
  ]);
});

test('an approval rule escalates by the command line of tools that run one; an unreadable one is blocked', () => {
  const shell = {
    shell: { run: { risk: 'write', command: ({ argv }: { argv: string[] }) => argv.join(' ') } },
  } as const;
  const policies = compilePolicies(
    [
      { id: 'all', connector: 'shell', decision: 'ALLOW' },
      ...approvalRulePolicies([{ pattern: 'git push *', audience: 'release', reason: 'pushes ${args.argv}' }], shell),
    ],
    { version: 'v' },
  );
  const decide = (argv: unknown) =>
    evaluate({
      line: { connector: 'shell', tool: 'run', args: { argv }, entity_key: 'host', idempotency_key: 'k' },
      operator: 'ops',
      env: { id: '', source: 'operator:ops', type: 'plan', signed: 'none', typeSigned: false, data: null } as never,
      policies,
      tools: shell,
      grants: undefined,
      hooks: undefined,
      now: new Date(0),
    }).verdict;
  expect(decide(['git', 'status']).decision).toBe('ALLOW');
  const pushed = decide(['git', 'push', '--force', 'origin/main']);
  expect(pushed).toMatchObject({ decision: 'ALERT', escalation: { requirements: [{ audience: 'release' }] } });
  expect(pushed.matched).toContain('approvalRules.0.shell.run');
  expect(decide(7)).toMatchObject({ decision: 'BLOCK', reasons: [{ code: 'policy_error' }] });
});
