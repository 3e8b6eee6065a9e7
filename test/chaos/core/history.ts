import type { ActionState } from '@holdpoint/shared/domain/lifecycle';
import type { OutcomeName } from '@holdpoint/shared/domain/outcome';
import type { ReceiptKind } from '@holdpoint/shared/domain/receipt';

/** Everything that a campaign recorded, from every side. Times are milliseconds since the epoch, on one machine. */
export interface History {
  readonly calls: readonly ObservedCall[];
  /** Tools that declare neither `idempotent` nor `reconcile`, as `connector:tool`. */
  readonly plainTools: ReadonlySet<string>;
  /** Tools that declare `reconcile`, as `connector:tool`. */
  readonly askedTools: ReadonlySet<string>;
  /** A tool of which so many actions for one entity may be done in so long, whatever its connector. */
  readonly limited: { readonly tool: string; readonly count: number; readonly perMs: number };
  readonly questions: readonly ObservedQuestion[];
  readonly stops: readonly ProcessStop[];
  readonly webhooks: readonly AnsweredWebhook[];
  readonly events: readonly StoredEvent[];
  readonly plans: readonly ProposedPlan[];
  readonly recordedPlans: readonly RecordedPlan[];
  readonly actions: readonly RecordedAction[];
  readonly receipts: readonly RecordedReceipt[];
  readonly approvals: readonly RecordedApproval[];
  readonly standingGrants: readonly RecordedGrant[];
  readonly votes: readonly SaidVote[];
  readonly grants: readonly SaidGrant[];
  readonly settlements: readonly SaidSettlement[];
  readonly outcomes: readonly ToldOutcome[];
  /** Plans that lie in DEAD: their ids. */
  readonly deadPlans: readonly string[];
  readonly drain: Drain;
  readonly secrets: SecretSearch;
}

/** One call as the far end saw it. */
export interface ObservedCall {
  readonly seq: number;
  readonly action: string;
  readonly attempt: number;
  readonly connector: string;
  readonly tool: string;
  /** Empty for reads. */
  readonly entity: string;
  readonly key: string;
  /** The process that called. */
  readonly pid: number;
  readonly startedAt: number;
  /** When its answer left or its connection closed; undefined: it was open to the end. */
  readonly endedAt: number | undefined;
  /** The far end did what was asked. A repeated key of an idempotent tool is not done again. */
  readonly applied: boolean;
}

/** What the far end was asked by a `reconcile`, and said. */
export interface ObservedQuestion {
  readonly at: number;
  readonly connector: string;
  readonly key: string;
  readonly answer: 'applied' | 'not_applied' | 'unavailable';
}

/** A process that was stopped by SIGSTOP and went on by SIGCONT. */
export interface ProcessStop {
  readonly pid: number;
  readonly from: number;
  readonly to: number;
}

/** A delivery that ingest answered with 2xx. */
export interface AnsweredWebhook {
  readonly bodyDigest: string;
  readonly eventId: string;
}

export interface StoredEvent {
  readonly eventId: string;
  readonly bodyDigest: string;
}

/** A plan that PLANS or the evaluator acknowledged, with every body that was proposed under its id. */
export interface ProposedPlan {
  readonly planId: string;
  readonly operator: string;
  /** What identifies the lines of each body, in order. */
  readonly bodies: readonly (readonly string[])[];
  /** A second body went through NATS and was acknowledged there: one of the two is to be a dead letter. */
  readonly conflictAcked: boolean;
}

export interface RecordedPlan {
  readonly planId: string;
  readonly operator: string;
  readonly rows: number;
}

export interface RecordedAction {
  readonly id: string;
  readonly planId: string;
  readonly operator: string;
  readonly index: number;
  readonly line: string;
  readonly connector: string;
  readonly tool: string;
  readonly risk: string | null;
  readonly entity: string | null;
  readonly key: string | null;
  readonly decision: 'ALLOW' | 'ALERT' | 'BLOCK';
  readonly mode: 'hold' | 'alongside' | null;
  readonly state: ActionState;
  readonly duplicateOf: string | null;
  readonly laneSeq: number | null;
  readonly attempts: number;
}

export interface RecordedReceipt {
  readonly id: string;
  readonly at: number;
  readonly kind: ReceiptKind;
  readonly action: string | null;
  readonly event: string | null;
  readonly actor: string;
  readonly outcome: string | null;
  readonly attempt: number | null;
}

export interface RecordedApproval {
  readonly id: string;
  readonly action: string | null;
  readonly status: string;
  /** The standing grants that were spent on it. */
  readonly spent: readonly string[];
}

export interface RecordedGrant {
  readonly id: string;
  readonly reason: string;
  readonly operator: string;
  readonly connector: string;
  readonly tool: string;
}

/** Refused because a clock that was set wrong took the token for expired. */
type ByClock = true;

/** What a person said of an approval; `lost`: no answer came, so it may have counted. */
export interface SaidVote {
  readonly approval: string;
  readonly vote: 'approve' | 'deny';
  readonly answer: 'accepted' | 'refused' | 'lost';
  readonly byClock?: ByClock;
}

/** What a person consented to in advance, under a reason that no other has. */
export interface SaidGrant {
  readonly reason: string;
  readonly uses: number;
  readonly answer: 'accepted' | 'refused' | 'lost';
  readonly byClock?: ByClock;
}

/** What a person said of an indeterminate action. */
export interface SaidSettlement {
  readonly action: string;
  readonly as: 'applied' | 'not_applied' | 'failed';
  readonly answer: 'accepted' | 'refused' | 'lost';
  readonly byClock?: ByClock;
}

export interface ToldOutcome {
  /** Of the fact: consumers dedupe by it. */
  readonly id: string;
  readonly action: string;
  readonly outcome: OutcomeName;
}

/** How it ended after the faults stopped. */
export interface Drain {
  readonly tookMs: number;
  readonly limitMs: number;
  /** What was still to be done: `action <id> is queued`, `plan <id> is not recorded`. */
  readonly left: readonly string[];
}

/** What was found by looking for secrets through logs, tables, queues and streams. */
export interface SecretSearch {
  /** Texts that were looked through. */
  readonly searched: number;
  /** Where they have to stand: a search that does not find them there finds nothing anywhere. */
  readonly inHolders: number;
  /** Everywhere else, each with what stands around it. */
  readonly found: readonly string[];
}

/** What one checker found. */
export interface Verdict {
  readonly invariant: InvariantId;
  /** How much it looked at: a checker that saw nothing has proved nothing. */
  readonly checked: number;
  /** Breaches that the invariant itself excepts, counted. */
  readonly excepted: number;
  /** Each with the ids of what offends. */
  readonly violations: readonly string[];
}

export const INVARIANTS = {
  I1: 'every webhook answered 2xx is in EVENTS exactly once',
  I2: 'every action of every acknowledged plan has one terminal outcome, or is held',
  I3: 'no idempotency key is applied twice by a tool that may not repeat, or that can be asked',
  I4: 'calls for one entity never overlap, and follow the order of their lane',
  I5: 'nothing runs that was not permitted, granted and scored again, or consented to in advance so many times',
  I6: 'every state change has its receipt, and the receipts replay to the state',
  I7: 'after the faults every lane drains and no work is left behind',
  I8: 'no more is done in a window than a limit of policies says',
  I9: 'no secret stands in a log, a receipt, a queue, a message or an error',
} as const;
export type InvariantId = keyof typeof INVARIANTS;
