import { createLimitLedger } from '@holdpoint/policy/limits/limit-ledger';
import type { ScoredLine } from '@holdpoint/policy/score/scored-line';
import { actionDigest } from '@holdpoint/shared/domain/digest';
import type { ActionId } from '@holdpoint/shared/domain/ids';
import { expect, test } from 'vitest';
import { type LiveClaim, place } from './claims.ts';

function scored(tenant: string, connector: string): ScoredLine {
  const action = { connector, tool: 'orders.hold', args: {}, value: null, entity_key: 'order:1' };
  const digest = actionDigest({ tenant, ...action });
  return {
    connector,
    tool: action.tool,
    risk: 'write',
    args: {},
    value: null,
    entityKey: action.entity_key,
    idempotencyKey: 'k',
    shownArgs: {},
    proposed: undefined,
    proposedDigest: digest,
    digest,
    verdict: { decision: 'ALLOW', reasons: [], matched: [], policy_version: 'v', at: '2026-01-01T00:00:00.000Z' },
  };
}

test('a key is its tenant’s own: two may use the same for different things, in one batch too', () => {
  const taken = { claims: new Map<string, LiveClaim>(), ledger: createLimitLedger(new Map()) };
  const states = ['acme', 'zeta', 'acme'].map(
    (tenant, index) => place(scored(tenant, 'shop'), tenant, `action-${index}` as ActionId, taken).state,
  );
  expect(states).toEqual(['queued', 'queued', 'duplicate']);
});

test('the same key for the same call of another connector is a conflict: it was no such effect that it stood for', () => {
  const taken = { claims: new Map<string, LiveClaim>(), ledger: createLimitLedger(new Map()) };
  const [first, second] = ['shop', 'other-shop'].map((connector) =>
    place(scored('acme', connector), 'acme', 'action' as ActionId, taken),
  );
  expect(first?.state).toBe('queued');
  expect(second).toMatchObject({
    state: 'blocked',
    line: { verdict: { reasons: [{ code: 'idempotency_conflict' }] } },
  });
});
