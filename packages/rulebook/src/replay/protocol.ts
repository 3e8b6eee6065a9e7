import type { Replayed } from '@holdpoint/policy/replay/replay-record';
import type { DecisionRecord } from '@holdpoint/shared/domain/decision-record';
import type { ThreadMarks } from '@holdpoint/shared/runtime/thread-marks';

/** Whose rules are replayed. */
export interface ReplayedRules {
  /** Absolute. */
  readonly workspaceDir: string;
  readonly tenant: string;
  /** A file whose policies stand in for the tenant's; absolute. */
  readonly candidate?: string | undefined;
}

export interface ThreadData {
  readonly rules: ReplayedRules;
  readonly marks: ThreadMarks;
}

/** One more set of rules: a policy split at a value. */
export interface SplitAt {
  readonly policy: string;
  readonly upTo: number;
}

export interface ToThread {
  readonly id: number;
  readonly records: readonly DecisionRecord[];
  readonly splits: readonly SplitAt[];
  /** Places of records on which code did not come back: not asked again. */
  readonly stuck: readonly number[];
}

/** Of each record: what the rules make of it, then what they do with each split. */
export type ReplayedRecord = readonly [Replayed, ...Replayed[]];

export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'broken'; readonly message: string }
  | { readonly kind: 'replayed'; readonly id: number; readonly replayed: readonly ReplayedRecord[] }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string };
