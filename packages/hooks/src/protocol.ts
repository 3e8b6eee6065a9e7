import type { WorkspaceIssue } from '@holdpoint/shared/workspace/workspace-error';

export type Phase = 'before' | 'after';

/** A hook as the main thread knows it: its functions stay in its own. */
export type Summary<H> = Omit<H, Phase> & { readonly before: boolean; readonly after: boolean };

/** What every kind of hook says of itself. */
export interface HookTerms {
  readonly id: string;
  readonly critical: boolean;
  /** Of one call of `before`, where it runs in this kind of thread. */
  readonly timeoutMs?: number;
  readonly afterTimeoutMs: number;
  readonly retry: { readonly attempts: number; readonly delayMs: number; readonly maxDelayMs: number };
}
export type HookSummary = Summary<HookTerms>;

/** A tenant's hooks as a thread has loaded them. */
export interface Loaded<H extends HookSummary = HookSummary> {
  readonly hooks: readonly H[];
  /** Hash of the file. */
  readonly version: string;
}

/** What hooks are asked about, on its way to the thread: an event, or an action's outcome. */
export interface Facts {
  /** For the logs. */
  readonly id: string;
}

export interface Call<F extends Facts = Facts> {
  readonly id: number;
  /** By id, in the order in which they are asked. */
  readonly hooks: readonly string[];
  readonly facts: F;
  /** A payload to be parsed in the thread. Null where there is none, or it is too large for it. */
  readonly body: Uint8Array | null;
  /** Of `after`; counts from 1. */
  readonly attempt: number;
}

/** One hook's part in one call. */
export interface Run {
  readonly hook: string;
  /** `stuck`: its thread had to be ended, or it ended it. `unanswered`: for another's sake. */
  readonly result: 'pass' | 'filter' | 'reject' | 'done' | 'threw' | 'timeout' | 'invalid' | 'stuck' | 'unanswered';
  readonly ms?: number;
  /** Of a failure: the author's text, cut and cleaned. */
  readonly reason?: string;
}

/** What all hooks of a call make of what they were asked about. */
export type Outcome =
  | { readonly kind: 'pass'; readonly annotations: Readonly<Record<string, string>> }
  | { readonly kind: 'filter' | 'reject'; readonly hook: string; readonly reason: string }
  /** A hook that matters gave no answer; `unasked`: for no fault of its own. */
  | { readonly kind: 'failed'; readonly hook: string; readonly reason: string; readonly unasked?: boolean };

export interface Answer {
  readonly id: number;
  readonly runs: readonly Run[];
  readonly outcome: Outcome;
}

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly hook: string;
  /** The id of what the hook was asked about. */
  readonly about: string;
  readonly message: string;
  readonly fields: unknown;
}

export type EntityVerb = 'findUnique' | 'findMany' | 'upsert' | 'delete';

/** What an `after` hook asks of `ctx.db`. */
export interface EntityQuestion {
  readonly id: number;
  /** In which call. */
  readonly call: number;
  readonly connector: string;
  readonly entity: string;
  readonly verb: EntityVerb;
  /** The argument, as JSON. */
  readonly given: string;
}

/** As JSON, or why there is none. */
export type EntityAnswer = { readonly id: number } & ({ readonly json: string } | { readonly refused: string });

export type ToThread =
  | { readonly kind: 'calls'; readonly calls: readonly Call[] }
  | ({ readonly kind: 'entity' } & EntityAnswer);
export type FromThread =
  | ({ readonly kind: 'ready' } & Loaded)
  | { readonly kind: 'broken'; readonly issues: readonly WorkspaceIssue[]; readonly message: string }
  | { readonly kind: 'answers'; readonly answers: readonly Answer[] }
  | ({ readonly kind: 'log' } & LogLine)
  | ({ readonly kind: 'entity' } & EntityQuestion)
  /** What a hook left behind threw, when nobody was asking it anything. */
  | { readonly kind: 'stray'; readonly message: string };

/** What a hook does after its first `await` is seen by its thread's beats alone. */
export const BEAT_EVERY_MS = 20;
