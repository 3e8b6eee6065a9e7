import type { Question } from '@holdpoint/policy/score/score-question';
import type { ScoredLine } from '@holdpoint/policy/score/scored-line';
import type { EventEnvelope } from '@holdpoint/shared/domain/event';
import type { Proposal } from './proposal.ts';

export interface ScoredPlan {
  readonly proposal: Proposal;
  readonly env: EventEnvelope;
  readonly lines: readonly ScoredLine[];
  /** By the place of the line: what was known of its entity. */
  readonly entities?: Question['entities'];
}
