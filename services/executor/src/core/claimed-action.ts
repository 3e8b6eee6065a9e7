import type { Risk } from '@holdpoint/shared/domain/policy';

/** An action that is running under a token of ours: what a call needs to know of it. */
export interface ClaimedAction {
  readonly id: string;
  readonly tenant: string;
  readonly operator: string;
  readonly plan_id: string;
  readonly connector: string;
  readonly tool: string;
  readonly risk: Risk;
  readonly args: Readonly<Record<string, unknown>>;
  readonly entity_key: string | null;
  readonly idempotency_key: string | null;
  /** Counts this one. */
  readonly attempts: number;
  readonly token: string;
  /** An earlier attempt may have happened. */
  readonly unsure: boolean;
  readonly trace_id: string | null;
}

/** What the head of a lane said. Semantics §3, Single-flight. */
export const VERDICTS = [
  'claimed',
  'aside',
  'again',
  'empty',
  'busy',
  'indeterminate',
  'foreign',
  'waiting',
  'frozen',
  'unauthorised',
] as const;
export type Verdict = (typeof VERDICTS)[number];
