import type { ActionRow } from '@holdpoint/shared/db/schema/actions';
import { REASON_CODES, type Reason, type ReasonCode } from '@holdpoint/shared/domain/decision';
import { READ_DIFFERENTLY } from '@holdpoint/shared/domain/decision-record';
import { expect, test } from 'vitest';
import { explainAction, isByRules } from './action-explanation.ts';

const because = (code: ReasonCode, message = 'so'): Reason => ({ code, message });
const recorded = (reasons: Reason[], erased_at: Date | null = null) => ({ reasons, erased_at });

test('the rules are asked again of what they decided, and of nothing else', () => {
  const notByRules = REASON_CODES.filter((code) => !isByRules(recorded([because(code)])));
  expect(notByRules.sort()).toEqual([
    'denied',
    'duplicate',
    'event_not_found',
    'event_not_granted',
    'idempotency_conflict',
    'limit_exceeded',
    'plan_expired',
    'unverified_on_behalf_of',
  ]);
  expect(isByRules(recorded([because('invalid_action', READ_DIFFERENTLY)]))).toBe(false);
});

test('facts that were erased are not scored as if they were those of then', () => {
  expect(isByRules(recorded([because('allowed')], new Date(0)))).toBe(false);
});

test('what the rules were not asked is told from the record', () => {
  const row = {
    id: 'a',
    decision: 'BLOCK',
    reasons: [{ code: 'limit_exceeded', policy: 'notes', message: '10 of 10 in 24h' }],
    matched: ['notes'],
    policy_version: 'p-1',
    state: 'blocked',
    escalation: null,
    duplicate_of: null,
    decided_at: new Date(0),
  } as unknown as ActionRow;
  expect(explainAction(row, 'p-2', undefined)).toMatchObject({
    recorded: { matched: ['notes'], state: 'blocked' },
    same_policies: false,
    basis: 'record',
    explanation: { decision: 'BLOCK', step: 'limits', sentence: 'BLOCK: notes: 10 of 10 in 24h' },
  });
});
