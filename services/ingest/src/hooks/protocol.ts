import type { WebhookHook } from '@holdpoint/shared/workspace/tenant-hooks';
import type { AcceptedEvent, HookEvent } from '@holdpoint/shared/workspace/webhook-hook';
import type { WorkspaceIssue } from '@holdpoint/shared/workspace/workspace-error';
import type { Annotated } from '../core/before-answer.ts';

export type Phase = 'before' | 'after';

/** What the main thread must know of a hook: its functions stay in the thread. */
export interface HookSummary extends Omit<WebhookHook, Phase> {
  readonly before: boolean;
  readonly after: boolean;
}

/** A tenant's hooks as a thread has loaded them. */
export interface Loaded {
  readonly hooks: readonly HookSummary[];
  /** Hash of the file. */
  readonly version: string;
}

/** An event on its way to the thread, where its payload is parsed. */
export type EventFacts = Omit<HookEvent, 'data'> & Partial<Pick<AcceptedEvent, 'rootId' | 'annotations'>>;

export interface Call {
  readonly id: number;
  /** By id, in the order in which they are asked. */
  readonly hooks: readonly string[];
  readonly event: EventFacts;
  /** Null where it is too large to be parsed. */
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

/** What all hooks of a call make of its event. */
export type Outcome =
  | { readonly kind: 'pass'; readonly annotations: Annotated }
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
  readonly eventId: string;
  readonly message: string;
  readonly fields: unknown;
}

export type ToThread = readonly Call[];
export type FromThread =
  | ({ readonly kind: 'ready' } & Loaded)
  | { readonly kind: 'broken'; readonly issues: readonly WorkspaceIssue[]; readonly message: string }
  | { readonly kind: 'answers'; readonly answers: readonly Answer[] }
  | ({ readonly kind: 'log' } & LogLine)
  /** What a hook left behind threw, when nobody was asking it anything. */
  | { readonly kind: 'stray'; readonly message: string };

/** What a hook does after its first `await` is seen by its thread's beats alone. */
export const BEAT_EVERY_MS = 20;
