import type { DecisionsFact, OutcomesFact } from '@holdpoint/shared/messages/facts';
import { standInApproval } from '@holdpoint/shared/testing/stand-in-approval';
import { describe, expect, test } from 'vitest';
import { openAccount, planName } from './account.ts';

const AT = '2026-01-01T00:00:00.000Z';
const target = { connector: 'shop', tool: 'orders.hold', entity_key: 'order:1', idempotency_key: 'k1' };
const plan = planName('acme', 'bot', 'p1');

describe('the account', () => {
  test('tells a decision once, with who decided what and why', () => {
    const account = openAccount();
    const fact = { kind: 'decisions', fact: decided({}) } as const;
    expect(account.take(fact)).toEqual([
      { label: 'ALLOW', tone: 'good', columns: ['shop orders.hold', 'order:1', 'bot: permitted by holds'] },
    ]);
    expect(account.take(fact)).toEqual([]);
  });

  test('says for whom a held action waits', () => {
    const account = openAccount();
    const escalation = {
      mode: 'hold' as const,
      requirements: [
        { audience: 'compliance-team', quorum: 1 },
        { audience: 'reviewer', quorum: 2 },
      ],
      ttl_seconds: 60,
      self_approval: false,
      reasons: ['money leaves'],
    };
    const [line] = account.take({ kind: 'decisions', fact: decided({ decision: 'ALERT', state: 'held', escalation }) });
    expect(line?.columns.at(-1)).toBe('bot: waits for compliance-team and 2 of reviewer: money leaves');
    expect(account.unfinished()).toBe(0);
  });

  test('has something unfinished from the plan until its action is over', () => {
    const account = openAccount();
    expect(account.unfinished()).toBe(0);
    account.take({ kind: 'plan', plan });
    expect(account.unfinished()).toBe(1);
    account.take({ kind: 'decisions', fact: decided({}) });
    expect(account.unfinished()).toBe(1);
    account.take({ kind: 'outcomes', fact: finished('applied') });
    expect(account.unfinished()).toBe(0);
    expect([...account.counts()]).toEqual([['applied', 1]]);
  });

  test('is the same where an outcome overtakes its decision and the decision its plan', () => {
    const account = openAccount();
    account.take({ kind: 'outcomes', fact: finished('applied') });
    account.take({ kind: 'decisions', fact: decided({}) });
    account.take({ kind: 'plan', plan });
    expect(account.unfinished()).toBe(0);
    expect([...account.counts()]).toEqual([['applied', 1]]);
  });

  test('does not tell the outcome of a blocked line, which its decision told', () => {
    const account = openAccount();
    account.take({ kind: 'decisions', fact: decided({ decision: 'BLOCK', state: 'blocked' }) });
    expect(account.take({ kind: 'outcomes', fact: finished('blocked') })).toEqual([]);
  });

  test('tells each vote and the end of an approval, not its opening', () => {
    const account = openAccount();
    const cast = { principal: 'urn:x|alice', vote: 'approve' as const, audience: 'reviewer', comment: 'fine', at: AT };
    const vote = { ...cast, name: 'Alice' };
    expect(account.take({ kind: 'approval', approval: standInApproval({}) })).toEqual([]);
    expect(account.waiting()).toHaveLength(1);
    const [line] = account.take({ kind: 'approval', approval: standInApproval({ status: 'granted', votes: [vote] }) });
    expect(line).toEqual({
      label: 'granted',
      tone: 'good',
      columns: ['shop orders.hold', 'order:1', 'alice: approve, fine'],
    });
    expect(account.waiting()).toEqual([]);
  });
});

function decided(change: Partial<DecisionsFact['items'][number]>): DecisionsFact {
  const item: DecisionsFact['items'][number] = {
    ...target,
    action_id: 'a1',
    plan_id: 'p1',
    index: 0,
    decision: 'ALLOW',
    reasons: [{ code: 'allowed', policy: 'holds', message: 'permitted by holds' }],
    matched: ['holds'],
    policy_version: 'p-1',
    state: 'queued',
    at: AT,
    ...change,
  };
  return { id: 'd1', tenant: 'acme', operator: 'bot', plan_id: 'p1', items: [item] };
}

function finished(outcome: OutcomesFact['items'][number]['outcome']): OutcomesFact {
  const item = { ...target, action_id: 'a1', plan_id: 'p1', index: 0, outcome, ok: outcome === 'applied' };
  return {
    id: 'o1',
    tenant: 'acme',
    operator: 'bot',
    plan_id: 'p1',
    items: [{ ...item, decision: 'ALLOW', attempts: 1, at: AT }],
  };
}
