import type { CalledAction } from '@holdpoint/calls/call-connector';
import type { Risk } from '@holdpoint/shared/domain/policy';

/** An action that is running under a token of ours: what a call needs to know of it. */
export interface ClaimedAction extends CalledAction {
  readonly operator: string;
  readonly plan_id: string;
  readonly risk: Risk;
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
