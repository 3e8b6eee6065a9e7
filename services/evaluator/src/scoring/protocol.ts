import type { Answer, Question } from '@holdpoint/policy/score/score-question';
import type { ThreadMarks } from '@holdpoint/shared/runtime/thread-marks';
import type { WorkspaceIssue } from '@holdpoint/shared/workspace/workspace-error';
import type { TenantSummary } from './tenant-summary.ts';

/** The group of the marks while nobody is asked: what still runs then was left behind by code that has answered. */
export const BETWEEN_BATCHES = -1;

/** What a thread is started with. */
export interface ThreadData {
  /** Where the files are, and where what they import beside them is found from. */
  readonly snapshot: { readonly dir: string; readonly origin: string };
  readonly marks: ThreadMarks;
  /** Whether it asks the cases of what it loads, and lints it: once for each version is enough. */
  readonly checks: boolean;
}

export type ToThread = {
  readonly id: number;
  readonly questions: readonly Question[];
  readonly stuck: readonly Stuck[];
  /** Whose code is not to be asked, by tenant. */
  readonly silent: Readonly<Record<string, readonly string[]>>;
};
export type FromThread =
  | { readonly kind: 'ready'; readonly tenants: readonly TenantSummary[] }
  | { readonly kind: 'broken'; readonly issues: readonly WorkspaceIssue[] }
  | { readonly kind: 'answers'; readonly id: number; readonly answers: readonly Answer[] }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
  /** What user code left behind threw, when nobody was asking it anything. */
  | { readonly kind: 'stray'; readonly message: string };

/** A line whose user code did not come back: it is blocked without being asked again, or asked without a hook that may be passed over. */
export interface Stuck {
  readonly question: number;
  readonly line: number;
  /** Whose code it was: its place among its tenant's subjects, from 1 on; 0: a tool's, or a rehearsed policy's. */
  readonly piece: number;
}
