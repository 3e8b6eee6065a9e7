import { expect, test } from 'vitest';
import { derivedFrom, targetWords, termsOf } from './policy-words.ts';

test('a policy is told in words: for what, and under which terms', () => {
  const policy = {
    id: 'refunds',
    decision: 'ALERT',
    connector: 'shop',
    tools: ['refund', 'refund.*'],
    appliesAbove: 500,
    limit: { count: 3, per: '24h', by: 'entity' },
    escalation: { audience: 'reviewer', quorum: 2 },
  } as const;
  expect(targetWords(policy)).toBe('shop refund, refund.* over 500');
  expect(termsOf(policy)).toEqual(['at most 3 actions in 24h, by entity', 'asks 2 of reviewer']);
  expect(targetWords({ id: 'all', decision: 'BLOCK' })).toBe('every action');
});

test('what no author wrote says what it comes from', () => {
  expect(derivedFrom({ id: 'permissions.shop.drop' })).toBe('from permissions');
  expect(derivedFrom({ id: 'approvalRules.0' })).toBe('from approval rules');
  expect(derivedFrom({ id: 'refunds' })).toBeUndefined();
});
