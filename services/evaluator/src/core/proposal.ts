import { digestOf } from '@holdpoint/shared/domain/digest';
import { type FieldIssue, fieldIssues, HoldpointError } from '@holdpoint/shared/domain/errors';
import type { Digest } from '@holdpoint/shared/domain/ids';
import { type ExecutionPlan, executionPlanSchema } from '@holdpoint/shared/domain/plan';

/** A plan that parsed, with who proposed it. */
export interface Proposal {
  readonly tenant: string;
  readonly operator: string;
  readonly plan: ExecutionPlan;
  /** Of the parsed plan, so that key order and the door it came through make no difference. */
  readonly bodyDigest: Digest;
  /** Principal: `operator|<name>` over NATS, the app or person over HTTP. Never may it approve what it proposed. */
  readonly requester: string;
  readonly traceId: string;
}

/** Parses a plan at a door. @throws HoldpointError INVALID_REQUEST with path and reason of every refused field */
export function parsePlan(body: unknown): { plan: ExecutionPlan; bodyDigest: Digest } {
  const parsed = executionPlanSchema.safeParse(body);
  if (!parsed.success) {
    const issues: FieldIssue[] = fieldIssues(parsed.error.issues);
    const first = issues[0];
    throw new HoldpointError('INVALID_REQUEST', `the plan does not parse: ${first?.path}: ${first?.reason}`, {
      issues,
    });
  }
  return { plan: parsed.data, bodyDigest: digestOf(parsed.data) };
}

/** What makes two messages the same plan. Names hold no space. */
export function planIdentity(proposal: Proposal): string {
  return `${proposal.tenant} ${proposal.operator} ${proposal.plan.plan_id}`;
}
