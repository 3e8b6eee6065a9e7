import type { EventEnvelope } from '../domain/event.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { PlannedAction } from '../domain/plan.ts';
import type { AfterHookContext, RetryInput } from './webhook-hook.ts';

/** What a `before` hook says of an action. Anything else counts as a failure. */
export type ActionAnswer =
  | undefined
  | 'pass'
  /** In the place of the arguments, all of them; read by the tool's schema again. */
  | { readonly args: Readonly<Record<string, unknown>> }
  /** The action is blocked, and the reason is recorded. */
  | { readonly reject: string };

/** What became of an action, as `after` hooks see it, frozen. Its arguments are not told: they may hold secrets. */
export interface ActionOutcome<Result = unknown> extends Readonly<Omit<Outcome, 'result'>> {
  readonly result?: Result;
  readonly tenant: string;
  readonly operator: string;
  readonly connector: string;
  readonly tool: string;
  readonly entity_key: string | null;
  readonly idempotency_key: string | null;
}

/** An action as `before` hooks see it, frozen: its arguments as the tool's schema made them, with what the tool derives of them. */
export interface HookedAction<Args = unknown> extends Readonly<Omit<PlannedAction, 'args'>> {
  readonly args: Args;
}

/** One action hook of `tenants/<tenant>/hooks.ts`. */
export interface ActionHookInput {
  readonly id: string;
  /** Only actions of this connector of the tenant. */
  readonly connector?: string;
  /** Only actions of these tools; `*` stands for anything within one dotted segment: `orders.*`. */
  readonly tools?: string | readonly string[];
  /** Only what this operator proposes. */
  readonly operator?: string;
  /** 0–100, lower first, then by id; 50 unless told. 0–10 critical validation, 11–50 business rules, 51–100 enrichment. */
  readonly priority?: number;
  /** Whether an action is blocked when `before` fails; true unless told. False: it goes on as it was, and the failure is counted. */
  readonly critical?: boolean;
  /**
   * Before the action is scored, and again before it runs where people were asked. Synchronous, and by its arguments alone: the
   * same action must get the same answer.
   */
  before?(action: HookedAction, env: EventEnvelope): ActionAnswer;
  /** Of one call of `after`; 10 s unless told, at most 60 s. */
  readonly afterTimeoutMs?: number;
  /** Of `after`; as of webhook hooks. */
  readonly retry?: RetryInput;
  /** After the action's outcome is recorded, at least once, in no promised order. */
  after?(outcome: ActionOutcome, ctx: AfterHookContext): unknown;
}
