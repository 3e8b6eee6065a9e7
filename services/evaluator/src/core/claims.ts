import type { LimitLedger } from '@holdpoint/policy/limits/limit-ledger';
import type { ScoredLine } from '@holdpoint/policy/score/scored-line';
import type { ActionId, Digest } from '@holdpoint/shared/domain/ids';
import type { ActionState } from '@holdpoint/shared/domain/lifecycle';
import type { Reservation } from '@holdpoint/shared/domain/reservation';
import { blocked, blockedFor } from './block.ts';
import { covered, type GrantLedger, type Holding, type SpentGrant } from './cover.ts';
import type { ScoredPlan } from './scored.ts';

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
  | {
      readonly state: 'queued';
      readonly line: ScoredLine;
      readonly lane: boolean;
      /** The grants in advance by which it need not be held. */
      readonly cover?: readonly SpentGrant[];
    };

/** `<tenant> <key>`: a tenant holds no space, so no two pairs share one. */
export const claimKey = (tenant: string, idempotencyKey: string): string => `${tenant} ${idempotencyKey}`;

/** Whether a line wants its key: permitted side effects do; blocked lines and reads claim nothing. */
export function wantsClaim(line: ScoredLine): line is ScoredLine & { idempotencyKey: string } {
  return line.verdict.decision !== 'BLOCK' && line.risk !== 'read' && line.idempotencyKey !== null;
}

/** What a line keeps of limits: one that is blocked, or another's duplicate, nothing. */
export function reservationsOf({ state, line }: Placed): readonly Reservation[] {
  return state === 'held' || state === 'queued' ? (line.verdict.reservations ?? []) : [];
}

/** What lines are placed against: what their tenant's keys and limits hold now. Both grow by what each line takes. */
export interface Taken {
  readonly claims: Map<string, LiveClaim>;
  readonly ledger: LimitLedger;
}

/**
 * Resolves one line against the live claims of its keys, then against its limits. A key is taken once: the same proposal again
 * is a duplicate, another under the same key is blocked; neither reserves. What a limit refuses takes no key.
 */
export function place(line: ScoredLine, tenant: string, actionId: ActionId, { claims, ledger }: Taken): Placed {
  if (line.verdict.decision === 'BLOCK') return { state: 'blocked', line };
  if (line.risk === 'read') return { state: 'queued', line, lane: false };
  if (line.idempotencyKey === null || line.entityKey === null) {
    return {
      state: 'blocked',
      line: blocked(line, 'invalid_action', 'a side effect needs an idempotency key and an entity key'),
    };
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
  const refusals = ledger.reserve(line.verdict.reservations ?? []);
  if (refusals.length > 0) return { state: 'blocked', line: blockedFor(line, refusals) };
  const holds = line.verdict.decision === 'ALERT' && line.verdict.escalation?.mode !== 'alongside';
  const state = holds ? 'held' : 'queued';
  claims.set(key, { actionId, proposedDigest: line.proposedDigest, state });
  return holds ? { state: 'held', line } : { state: 'queued', line, lane: true };
}

/** What a line that is to be held would ask of grants in advance; undefined: it is not to be held. */
export function holdingOf({ proposal }: Pick<ScoredPlan, 'proposal'>, placed: Placed): Holding | undefined {
  const { tenant, operator, plan, requester } = proposal;
  const ask = placed.line.verdict.escalation?.requirements;
  if (placed.state !== 'held' || !ask) return undefined;
  return {
    tenant,
    operator,
    line: placed.line,
    ask,
    agreed: [],
    requester,
    onBehalfOf: plan.agent?.on_behalf_of ?? null,
  };
}

/** Lets it go on where grants in advance meet all that it asks for. */
export function coverHeld(scored: Pick<ScoredPlan, 'proposal'>, placed: Placed, ledger: GrantLedger): Placed {
  const holding = holdingOf(scored, placed);
  const cover = holding && ledger.cover(holding);
  return cover ? { state: 'queued', line: covered(placed.line, cover), lane: true, cover } : placed;
}
