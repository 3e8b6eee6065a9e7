import type { Reason } from '@holdpoint/shared/domain/decision';
import type { ToolCatalog } from '@holdpoint/shared/domain/tool';
import type { TenantPolicies } from '@holdpoint/shared/workspace/tenant-policies';
import { compileTenant } from '../compile/tenant-rules.ts';
import { evaluate } from '../decide/evaluate.ts';
import { naiveEvaluate } from './naive-evaluate.ts';
import { type Proposed, type RandomCase, toRules, toTenant } from './random-case.ts';

/** What two implementations must agree on for one line. Messages are for people, and left out. */
export interface InShort {
  readonly decision: string;
  readonly reasons: readonly unknown[];
  readonly matched: readonly string[];
  readonly escalation: unknown;
  readonly reservations: unknown;
  readonly action: unknown;
}

/** A case as its authors wrote it. */
export interface Written {
  readonly tenant: TenantPolicies;
  readonly tools: ToolCatalog;
  readonly now: Date;
  readonly lines: readonly Proposed[];
}

export function written(given: RandomCase): Written {
  const { tools, now, lines } = given;
  return { tenant: toTenant(given), tools, now, lines };
}

/** By the evaluator, as the services call it: one compiled set for all lines. */
export function evaluated(given: Written): InShort[] {
  const { policies, tools, grants, hooks } = compileTenant(given.tenant, given.tools);
  return given.lines.map(({ line, operator, env }) => {
    const { verdict, action } = evaluate({ line, operator, env, policies, tools, grants, hooks, now: given.now });
    const { decision, reasons, matched, escalation } = verdict;
    const reservations = verdict.reservations?.map(({ key: _, ...asked }) => asked);
    const { risk: _, ...known } = action;
    const understood = !reasons.some(({ code }) => code === 'invalid_action' || code === 'unknown_tool');
    return {
      decision,
      reasons: codes(reasons),
      matched,
      escalation,
      reservations,
      action: understood ? known : undefined,
    };
  });
}

/** By the naive reading. */
export function naive(given: RandomCase): InShort[] {
  const rules = toRules(given);
  return given.lines.map((proposed) => {
    const { decision, reasons, matched, escalation, reservations, action } = naiveEvaluate({
      ...given,
      ...proposed,
      rules,
    });
    const blank = { value: null, entity_key: null, idempotency_key: null };
    return {
      decision,
      reasons: codes(reasons),
      matched,
      escalation,
      reservations,
      action: action && { ...blank, ...action },
    };
  });
}

/** One policy may say the same in several words. */
function codes(reasons: readonly Pick<Reason, 'code' | 'policy'>[]): unknown[] {
  const texts = reasons.map(({ code, policy = '' }) => `${code} ${policy}`);
  return [...new Set(texts)];
}
