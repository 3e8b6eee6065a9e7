import type { Fault } from './spec.ts';

/** What is looked at, by its name on screens, and what it means. */
export const CHECKS = {
  static:
    'what tools.ts, run.ts and conformance.ts say fits together, and every schema and function of a tool keeps its word',
  answers: 'a call answers, has its effect once, and its result can be stored as it is',
  repeats: 'the same action again does nothing more; another action is not taken for it',
  refusals: 'a refusal, a rate limit and a refused connection are told for what they are, and nothing is applied',
  unknowns: 'whatever happens to a call, its action ends applied once, failed without an effect, or before a person',
  reconcile: 'asked what became of an action, it never says what is not so',
  abort: 'called off, it ends at once and sends nothing more',
  budget: 'told that the allowance is used up, it lets the tenant’s calls rest',
  secrets: 'no credential and no secret argument stands in a result, an error or a log line',
  reads: 'a read changes nothing, and never waits for a person',
} as const;
export type CheckName = keyof typeof CHECKS;

/** What befalls an action: what its remote system does to a call, or that its worker dies before or after the effect. */
export type Trouble = Fault | 'lost_before' | 'lost_after';

/** How a tool's call may be repeated where it may have happened. */
export const REPEATS = {
  key: 'run again with its key',
  asked: 'its connector is asked',
  read: 'run again: it reads',
  person: 'a person settles it',
} as const;
export type Repeats = keyof typeof REPEATS;

export interface Check {
  /** Null: of the connector as a whole. */
  readonly tool: string | null;
  readonly check: CheckName;
  readonly verdict: 'passed' | 'failed' | 'skipped';
  /** What was done to the call. */
  readonly trouble?: Trouble;
  /** What became of the action in the end. */
  readonly outcome?: 'applied' | 'failed' | 'indeterminate';
  /** Why it failed or was skipped; of one that passed, what is worth knowing. */
  readonly why?: string;
}

export interface ConformanceReport {
  readonly connector: string;
  readonly tools: readonly { readonly tool: string; readonly risk: string; readonly repeats: Repeats }[];
  readonly checks: readonly Check[];
  /** Nothing failed. */
  readonly passed: boolean;
}

/** For a connector's own test. Throws with every failure, one a line. */
export function expectConformance({ connector, checks }: ConformanceReport): void {
  const failed = checks.filter(({ verdict }) => verdict === 'failed');
  if (failed.length === 0) return;
  throw new Error(`${connector} does not conform:\n${failed.map((one) => `  ${failureLine(one)}`).join('\n')}`);
}

/** `refund: unknowns (error_after): …`. */
export function failureLine({ tool, check, trouble, why }: Check): string {
  return `${tool === null ? '' : `${tool}: `}${check}${trouble === undefined ? '' : ` (${trouble})`}: ${why ?? 'failed'}`;
}
