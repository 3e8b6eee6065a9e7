import type { ReasonCode } from '@holdpoint/shared/domain/decision';
import type { EventEnvelope } from '@holdpoint/shared/domain/event';
import type { Risk } from '@holdpoint/shared/domain/policy';
import type { SourceGrants } from '../core/precheck.ts';
import type { ScoredLine } from '../core/scored.ts';

/** A plan's lines to be scored, as they cross to the thread: plain data only. */
export interface Question {
  readonly tenant: string;
  readonly operator: string;
  readonly env: EventEnvelope;
  readonly lines: readonly unknown[];
  /** The tenant's, for commitments of secret arguments. */
  readonly salt: string;
  /** ISO 8601, the database's clock. */
  readonly now: string;
  /** What is known before any policy is asked: every line is blocked for it. */
  readonly blocked?: { readonly code: ReasonCode; readonly message: string };
  /** For rehearsals: stand in for the active ones. */
  readonly policies?: readonly unknown[];
  readonly tools?: Readonly<Record<string, Readonly<Record<string, Risk>>>>;
}

/** One question's lines, or why it could not be asked (rehearsed policies that do not compile). */
export type Answer =
  | { readonly ok: true; readonly lines: readonly ScoredLine[] }
  | { readonly ok: false; readonly issues: readonly { readonly path: string; readonly reason: string }[] };

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

/** What the main thread must know of a tenant's policies: they themselves hold functions and stay in the thread. */
export interface TenantSummary {
  readonly tenant: string;
  readonly version: string;
  readonly policies: readonly Readonly<Record<string, unknown>>[];
  readonly sources?: SourceGrants;
}

/**
 * Cells of the shared memory in which the thread says where it is. `steps` is odd while an author's code runs and even
 * otherwise, and changes with every step, so one look tells both whether it moved and whose time it is.
 */
export const MARK = { steps: 0, question: 1, line: 2 } as const;
export const MARK_CELLS = 3;
