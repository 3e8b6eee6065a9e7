import type { Reason, Verdict } from '@holdpoint/shared/domain/decision';
import type { EventEnvelope } from '@holdpoint/shared/domain/event';
import { standInSnapshot } from '@holdpoint/shared/domain/stand-in-event';
import type { ToolCatalog } from '@holdpoint/shared/domain/tool';
import { compilePolicies, PolicyCompileError } from '../compile/compile.ts';
import { declaredEntity } from '../compile/declared-entity.ts';
import { rehearsedTools } from '../compile/rehearsed-tools.ts';
import type { TenantRules } from '../compile/tenant-rules.ts';
import { evaluate, type Question } from '../decide/evaluate.ts';
import type { UserCodeWatch } from '../decide/user-code.ts';
import type { CaseExpectation, PolicyCase } from './policy-case.ts';

export interface CaseResult {
  /** `tenants/acme/policies.cases.yaml:12` */
  readonly at: string;
  readonly name: string;
  /** What is not as expected, one line each: none where the case holds. */
  readonly faults: readonly string[];
  /** undefined where the case's own policies do not compile. */
  readonly verdict: Verdict | undefined;
}

export interface CaseReport {
  /** In the order of the cases. */
  readonly results: readonly CaseResult[];
  readonly failed: number;
  /** Ids of the tenant's policies that no case matched, sorted. */
  readonly unmatched: readonly string[];
}

/** What a case is asked: of the tenant's rules, or of what stands in for them. @throws PolicyCompileError */
export function questionOfCase(rules: TenantRules, one: PolicyCase, watch?: UserCodeWatch): Question {
  const { defaults, audiences } = rules;
  const tools = one.tools ? rehearsedTools(one.tools) : rules.tools;
  return {
    line: one.action,
    operator: one.operator,
    env: withEntity(one, tools),
    policies: one.policies ? compilePolicies(one.policies, { version: 'case', defaults, audiences }) : rules.policies,
    tools,
    grants: rules.grants,
    hooks: rules.hooks,
    now: new Date(one.now),
    ...(watch && { watch }),
  };
}

function withEntity({ env, entity, action }: PolicyCase, tools: ToolCatalog): EventEnvelope {
  if (entity === undefined) return env;
  return { ...env, entity: entity && standInSnapshot(entity, action, declaredEntity(action, tools)) };
}

/** Asks every case of a tenant's rules. Never throws; runs the policies' own code in this thread. */
export function runCases(rules: TenantRules, cases: readonly PolicyCase[], watch?: UserCodeWatch): CaseReport {
  const unmatched = new Set(rules.policies.policies.map(({ id }) => id));
  const results = cases.map((one) => {
    const result = runCase(rules, one, watch);
    if (!one.policies) for (const id of result.verdict?.matched ?? []) unmatched.delete(id);
    return result;
  });
  return {
    results,
    failed: results.filter(({ faults }) => faults.length > 0).length,
    unmatched: [...unmatched].sort(),
  };
}

function runCase(rules: TenantRules, one: PolicyCase, watch: UserCodeWatch | undefined): CaseResult {
  const { at, name } = one;
  try {
    const { verdict } = evaluate(questionOfCase(rules, one, watch));
    return { at, name, faults: faultsOf(verdict, one.expect), verdict };
  } catch (error) {
    if (!(error instanceof PolicyCompileError)) throw error;
    return { at, name, faults: error.message.split('\n'), verdict: undefined };
  }
}

function faultsOf(verdict: Verdict, wanted: CaseExpectation): string[] {
  const { reservations = [] } = verdict as { readonly reservations?: readonly unknown[] };
  return [
    ...(verdict.decision === wanted.decision
      ? []
      : [`decision: expected ${wanted.decision}, got ${verdict.decision}: ${inWords(verdict.reasons)}`]),
    ...compareSets(
      'codes',
      verdict.reasons.map(({ code }) => code),
      wanted.codes,
    ),
    ...compareSets('matched', verdict.matched, wanted.matched),
    ...compareParts('escalation', verdict.escalation, wanted.escalation),
    ...compareParts('reservations', reservations, wanted.reservations),
  ];
}

function inWords(reasons: readonly Reason[]): string {
  return reasons.map(({ policy, message }) => (policy === undefined ? message : `${policy}: ${message}`)).join('; ');
}

function compareSets(field: string, got: readonly string[], wanted: readonly string[] | undefined): string[] {
  if (wanted === undefined) return [];
  const [is, should] = [got, wanted].map((all) => [...new Set(all)].sort().join(', ') || 'none');
  return is === should ? [] : [`${field}: expected ${should}, got ${is}`];
}

function compareParts(field: string, got: unknown, wanted: unknown): string[] {
  if (wanted === undefined || holds(got, wanted)) return [];
  return [`${field}: expected ${JSON.stringify(wanted)}, got ${JSON.stringify(got) ?? 'none'}`];
}

/** Whether all that is wanted is there. Lists are compared whole, objects by what is wanted of them. */
function holds(got: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return Array.isArray(got) && got.length === wanted.length && wanted.every((one, i) => holds(got[i], one));
  }
  if (typeof wanted !== 'object' || wanted === null) return Object.is(got, wanted);
  if (typeof got !== 'object' || got === null) return false;
  return Object.entries(wanted).every(
    ([key, inner]) =>
      inner === undefined || (Object.hasOwn(got, key) && holds((got as Record<string, unknown>)[key], inner)),
  );
}
