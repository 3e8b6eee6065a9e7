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
