import type { Answer, Question } from '@holdpoint/policy/score-question';
import type { TenantSummary } from './tenant-summary.ts';

export type ToThread = {
  readonly id: number;
  readonly questions: readonly Question[];
  readonly stuck: readonly Stuck[];
};
export type FromThread =
  | { readonly kind: 'ready'; readonly tenants: readonly TenantSummary[] }
  | { readonly kind: 'broken'; readonly message: string }
  | { readonly kind: 'answers'; readonly id: number; readonly answers: readonly Answer[] }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
  /** What user code left behind threw, when nobody was asking it anything. */
  | { readonly kind: 'stray'; readonly message: string };

/** A line whose user code did not come back: it is blocked without being asked again. */
export interface Stuck {
  readonly question: number;
  readonly line: number;
}

/**
 * Cells of the shared memory in which the thread says where it is. `steps` is odd while an author's code runs and even
 * otherwise, and changes with every step, so one look tells both whether it moved and whose time it is.
 */
export const MARK = { steps: 0, question: 1, line: 2 } as const;
export const MARK_CELLS = 3;
