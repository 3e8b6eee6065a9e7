import type { ScoredLine } from '@holdpoint/policy/score/scored-line';
import type { EventEnvelope } from '@holdpoint/shared/domain/event';
import type { Proposal } from './proposal.ts';

export interface ScoredPlan {
  readonly proposal: Proposal;
  readonly env: EventEnvelope;
  readonly lines: readonly ScoredLine[];
}
