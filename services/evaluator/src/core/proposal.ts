import { cutBelow, LINE_MAX_DEPTH, plainJson } from '@holdpoint/policy/decide/plain-json';
import { digestOf } from '@holdpoint/shared/domain/digest';
import { HoldpointError, requestIssues } from '@holdpoint/shared/domain/errors';
import type { Digest } from '@holdpoint/shared/domain/ids';
import { type ExecutionPlan, executionPlanSchema } from '@holdpoint/shared/domain/plan';

/** A plan that parsed, with who proposed it. */
export interface Proposal {
  readonly tenant: string;
  readonly operator: string;
  readonly plan: ExecutionPlan;
  /** Of the parsed plan, so that key order and the door it came through make no difference. */
  readonly bodyDigest: Digest;
  /** As it came through its door. */
  readonly bytes: number;
  /** Principal: `operator|<name>` over NATS, the app or person over HTTP. Never may it approve what it proposed. */
  readonly requester: string;
  readonly traceId: string;
  /** The span in which it was proposed, where that is known. */
  readonly parentSpanId?: string | undefined;
}

/**
 * Parses a plan at a door. A line that cannot be stored is let through to be blocked on its own, in a shape that crosses to the
 * scoring thread; nothing of any line makes this throw.
 * @throws HoldpointError INVALID_REQUEST with path and reason of every refused field
 */
export function parsePlan(body: unknown): { plan: ExecutionPlan; bodyDigest: Digest } {
  const parsed = executionPlanSchema.safeParse(body);
  if (!parsed.success) {
    const issues = requestIssues(parsed.error.issues);
    const first = issues[0];
    throw new HoldpointError('INVALID_REQUEST', `the plan does not parse: ${first?.path}: ${first?.reason}`, {
      issues,
    });
  }
  const lines = parsed.data.actions.map(readLine);
  const { expires_at } = parsed.data;
  const plan = {
    ...parsed.data,
    ...(expires_at !== undefined && { expires_at: utcDate(expires_at) }),
    actions: lines.map(({ line }) => line),
  };
  return { plan, bodyDigest: digestOf({ ...parsed.data, actions: lines.map(({ digested }) => digested) }) };
}

/** In UTC: Postgres knows neither every offset that a date may be written with, nor the years that these can reach. */
function utcDate(date: string): string {
  const at = new Date(date);
  const year = at.getUTCFullYear();
  if (year >= 1 && year <= 9999) return at.toISOString();
  const issues = [{ path: 'expires_at', reason: 'is no date that can be recorded' }];
  throw new HoldpointError('INVALID_REQUEST', `the plan does not parse: expires_at: ${issues[0]?.reason}`, { issues });
}

/** RFC 8785 has no text for half a surrogate pair or for infinity, so a line that holds one goes by its own JSON. */
function readLine(line: unknown): { readonly line: unknown; readonly digested: unknown } {
  if (plainJson(line, LINE_MAX_DEPTH).ok) return { line, digested: line };
  const bounded = cutBelow(line, LINE_MAX_DEPTH);
  return { line: bounded, digested: { unstorable: JSON.stringify(bounded) } };
}

/** What makes two messages the same plan. Names hold no space. */
export function planIdentity(proposal: Proposal): string {
  return `${proposal.tenant} ${proposal.operator} ${proposal.plan.plan_id}`;
}
