import type { Verdict } from '@holdpoint/shared/domain/decision';
import type { EventEnvelope } from '@holdpoint/shared/domain/event';
import type { Digest } from '@holdpoint/shared/domain/ids';
import type { Json } from '@holdpoint/shared/domain/json';
import type { Risk } from '@holdpoint/shared/domain/policy';
import type { Proposal } from './proposal.ts';

/** One line after the evaluator: what it came to, and the verdict on it. Crosses from the scoring thread, so plain data. */
export interface ScoredLine {
  readonly connector: string;
  readonly tool: string;
  readonly risk: Risk | null;
  readonly args: Json;
  readonly value: number | null;
  readonly entityKey: string | null;
  readonly idempotencyKey: string | null;
  /** The arguments as people may see them. */
  readonly shownArgs: Json;
  /** The line as proposed, where parsing changed or refused it. */
  readonly proposed: Json | undefined;
  readonly digest: Digest;
  readonly verdict: Verdict;
}

export interface ScoredPlan {
  readonly proposal: Proposal;
  readonly env: EventEnvelope;
  readonly lines: readonly ScoredLine[];
}
