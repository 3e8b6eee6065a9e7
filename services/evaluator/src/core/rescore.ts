import type { ActionRow } from '@holdpoint/shared/db/schema/actions';
import type { Requirement } from '@holdpoint/shared/domain/decision';
import { type Consent, missingRequirements } from '@holdpoint/shared/domain/quorum';
import { blocked } from './block.ts';
import type { ScoredLine } from './scored.ts';

/** Where an action that was scored again goes. */
export type Rescored =
  | { readonly to: 'queued'; readonly line: ScoredLine }
  | { readonly to: 'held'; readonly line: ScoredLine; readonly missing: readonly Requirement[] }
  | { readonly to: 'blocked'; readonly line: ScoredLine };

/**
 * The policies of now over what was granted then. ALLOW, or ALERT whose requirements the votes already meet, goes on; ALERT
 * that asks for more is held for what is missing; BLOCK wins. A line that no longer reads as what people saw is blocked: the
 * grant is bound to its digest.
 */
export function rescore(line: ScoredLine, recordedDigest: string, consents: readonly Consent[]): Rescored {
  if (line.verdict.decision === 'BLOCK') return { to: 'blocked', line };
  if (line.digest !== recordedDigest) {
    const message = 'the tool reads these arguments differently now: propose the action again';
    return { to: 'blocked', line: blocked(line, 'invalid_action', message) };
  }
  const { escalation } = line.verdict;
  if (!escalation || escalation.mode === 'alongside') return { to: 'queued', line };
  const missing = missingRequirements(escalation.requirements, consents);
  return missing.length === 0 ? { to: 'queued', line } : { to: 'held', line, missing };
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
