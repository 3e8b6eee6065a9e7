import type { ScoredLine } from '@holdpoint/policy/scored-line';
import type { ActionId, Digest } from '@holdpoint/shared/domain/ids';
import type { ActionState } from '@holdpoint/shared/domain/lifecycle';
import { blocked } from './block.ts';

/** An action that holds an idempotency key now. */
export interface LiveClaim {
  readonly actionId: ActionId;
  readonly proposedDigest: Digest;
  readonly state: ActionState;
}

/** What is recorded for a line: the state its story begins in, and what that state needs. */
export type Placed =
  | { readonly state: 'blocked'; readonly line: ScoredLine }
  | {
      readonly state: 'duplicate';
      readonly line: ScoredLine;
      readonly duplicateOf: ActionId;
      readonly originalState: ActionState;
    }
  | { readonly state: 'held'; readonly line: ScoredLine }
  | { readonly state: 'queued'; readonly line: ScoredLine; readonly lane: boolean };

/** `<tenant> <key>`: a tenant holds no space, so no two pairs share one. */
export const claimKey = (tenant: string, idempotencyKey: string): string => `${tenant} ${idempotencyKey}`;

/** Whether a line wants its key: permitted side effects do; blocked lines and reads claim nothing. */
export function wantsClaim(line: ScoredLine): line is ScoredLine & { idempotencyKey: string } {
  return line.verdict.decision !== 'BLOCK' && line.risk !== 'read' && line.idempotencyKey !== null;
}

/**
 * Resolves one line against the live claims of its keys. A key is taken once: the same proposal again is a duplicate, another
 * under the same key is blocked. `claims` grows by what this line takes, so lines of one batch see each other.
 */
export function place(line: ScoredLine, tenant: string, actionId: ActionId, claims: Map<string, LiveClaim>): Placed {
  if (line.verdict.decision === 'BLOCK') return { state: 'blocked', line };
  if (line.risk === 'read') return { state: 'queued', line, lane: false };
  if (line.idempotencyKey === null || line.entityKey === null) {
    return {
      state: 'blocked',
      line: blocked(line, 'invalid_action', 'a side effect needs an idempotency key and an entity key'),
    };
  }
  if (line.verdict.reservations) {
    // Nothing reserves yet: what a limit would have to hold is blocked, not let through.
    return { state: 'blocked', line: blocked(line, 'limit_exceeded', 'limits are not kept yet') };
  }
  const key = claimKey(tenant, line.idempotencyKey);
  const held = claims.get(key);
  if (held) {
    if (held.proposedDigest === line.proposedDigest) {
      return { state: 'duplicate', line, duplicateOf: held.actionId, originalState: held.state };
    }
    const message = `the key already stands for another proposal, action ${held.actionId}`;
    return { state: 'blocked', line: blocked(line, 'idempotency_conflict', message) };
  }
  const holds = line.verdict.decision === 'ALERT' && line.verdict.escalation?.mode !== 'alongside';
  const state = holds ? 'held' : 'queued';
  claims.set(key, { actionId, proposedDigest: line.proposedDigest, state });
  return holds ? { state: 'held', line } : { state: 'queued', line, lane: true };
}
