import type { LimitLedger } from '@holdpoint/policy/limits/limit-ledger';
import type { ScoredLine } from '@holdpoint/policy/score/scored-line';
import type { ActionRow } from '@holdpoint/shared/db/schema/actions';
import type { Requirement } from '@holdpoint/shared/domain/decision';
import { READ_DIFFERENTLY } from '@holdpoint/shared/domain/decision-record';
import { type Consent, missingRequirements } from '@holdpoint/shared/domain/quorum';
import type { Reservation } from '@holdpoint/shared/domain/reservation';
import { blocked, blockedFor } from './block.ts';
import type { SpentGrant } from './cover.ts';
import { isOwn, type Proposer } from './own-consent.ts';

/** Where an action that was scored again goes; `ask`: people are to be asked, and for what; `cover`: they answered in advance. */
export type Rescored =
  | {
      readonly to: 'queued';
      readonly line: ScoredLine;
      readonly ask?: readonly Requirement[];
      readonly cover?: readonly SpentGrant[];
    }
  | { readonly to: 'held'; readonly line: ScoredLine; readonly ask: readonly Requirement[] }
  | { readonly to: 'blocked'; readonly line: ScoredLine };

/** What people said of the action before. */
export interface Heard extends Proposer {
  readonly digest: string;
  readonly consents: readonly Consent[];
  /** Whether they were asked about this digest, and the question is open or was answered. */
  readonly asked: boolean;
  /** How many denied it and were too few then. */
  readonly denials: number;
}

/**
 * The policies of now over what was granted then. ALLOW, or ALERT whose requirements the votes already meet, goes on; ALERT
 * that asks for more is held for what is missing; BLOCK wins. A line that no longer reads as what people saw is blocked: the
 * grant is bound to its digest. So is one that enough denied for it to be denied now.
 */
export function rescore(line: ScoredLine, heard: Heard): Rescored {
  if (line.verdict.decision === 'BLOCK') return { to: 'blocked', line };
  if (line.digest !== heard.digest) {
    return { to: 'blocked', line: blocked(line, 'invalid_action', READ_DIFFERENTLY) };
  }
  const { escalation } = line.verdict;
  if (!escalation) return { to: 'queued', line };
  if (escalation.mode === 'alongside') {
    return heard.asked ? { to: 'queued', line } : { to: 'queued', line, ask: escalation.requirements };
  }
  if (heard.denials >= (escalation.denials ?? 1)) {
    return { to: 'blocked', line: blocked(line, 'denied', `${heard.denials} denied it, which is enough by now`) };
  }
  const valid = escalation.self_approval ? heard.consents : heard.consents.filter((one) => !isOwn(one, heard));
  const missing = missingRequirements(escalation.requirements, valid);
  return missing.length === 0 ? { to: 'queued', line } : { to: 'held', line, ask: missing };
}

/** What it keeps of limits; nothing where it is over. */
export function reservationsOf({ to, line }: Rescored): readonly Reservation[] {
  return to === 'blocked' ? [] : (line.verdict.reservations ?? []);
}

/** The same, within its limits: what they refuse is blocked. */
export function withinLimits(rescored: Rescored, ledger: LimitLedger): Rescored {
  const refusals = ledger.reserve(reservationsOf(rescored));
  return refusals.length === 0 ? rescored : { to: 'blocked', line: blockedFor(rescored.line, refusals) };
}

/** The line as it was proposed, to be parsed by the tools of now. */
export function lineOf(
  row: Pick<ActionRow, 'connector' | 'tool' | 'args' | 'value' | 'entity_key' | 'idempotency_key' | 'proposed'>,
): unknown {
  if (row.proposed !== null) return row.proposed;
  return {
    connector: row.connector,
    tool: row.tool,
    args: row.args,
    ...(row.value !== null && { value: row.value }),
    ...(row.entity_key !== null && { entity_key: row.entity_key }),
    ...(row.idempotency_key !== null && { idempotency_key: row.idempotency_key }),
  };
}
