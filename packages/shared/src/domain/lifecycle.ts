/** The life of an action, as one table. Semantics §3: an edge that is not here cannot be written. */
export const STATES = [
  'blocked',
  'held',
  'rescore',
  'queued',
  'running',
  'applied',
  'failed',
  'indeterminate',
  'denied',
  'expired',
  'cancelled',
  'duplicate',
] as const;
export type ActionState = (typeof STATES)[number];

/** Who may write an edge. */
export type Writer = 'evaluator' | 'executor' | 'approvals' | 'person';

/** The states a decision of record may begin in. */
export const INITIAL_STATES = ['blocked', 'queued', 'held', 'duplicate'] as const satisfies readonly ActionState[];

/** Every edge: from → to → who may write it. A missing state does not compile; a missing edge is refused. */
export const TRANSITIONS = {
  blocked: {},
  held: { rescore: ['approvals'], denied: ['approvals'], expired: ['approvals'], cancelled: ['approvals', 'person'] },
  rescore: { queued: ['evaluator'], held: ['evaluator'], blocked: ['evaluator'] },
  queued: { running: ['executor'], rescore: ['executor'], cancelled: ['person'], expired: ['executor'] },
  running: {
    applied: ['executor'],
    failed: ['executor'],
    indeterminate: ['executor'],
    queued: ['executor'],
    running: ['executor'],
  },
  indeterminate: { applied: ['executor', 'person'], failed: ['executor', 'person'], queued: ['executor', 'person'] },
  applied: {},
  failed: {},
  denied: {},
  expired: {},
  cancelled: {},
  duplicate: {},
} as const satisfies Record<ActionState, Partial<Record<ActionState, readonly Writer[]>>>;

type Table = Record<ActionState, Partial<Record<ActionState, readonly Writer[]>>>;

export function mayMove(from: ActionState, to: ActionState, writer: Writer): boolean {
  return (TRANSITIONS as Table)[from][to]?.includes(writer) ?? false;
}

/** States that no edge leaves: the action's story is over. */
export const TERMINAL_STATES = STATES.filter((state) => Object.keys(TRANSITIONS[state]).length === 0);

export function isTerminal(state: ActionState): boolean {
  return TERMINAL_STATES.includes(state);
}

/**
 * States whose action holds its idempotency key. A person's denial is final; a blocked typo, a failure or a withdrawn
 * action must not poison the key. The partial unique index on `actions` says the same.
 */
export const CLAIMING_STATES = [
  'held',
  'rescore',
  'queued',
  'running',
  'applied',
  'indeterminate',
  'denied',
] as const satisfies readonly ActionState[];

/** States in which an action stands in its lane: the head is the lowest `lane_seq` among them. */
export const LANE_STATES = ['queued', 'running', 'indeterminate'] as const satisfies readonly ActionState[];
