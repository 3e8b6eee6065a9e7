import { digestOf } from '@holdpoint/shared/domain/digest';
import { escalationDefaultsSchema, type TrustPolicy, trustPolicySchema } from '@holdpoint/shared/domain/policy';
import { z } from 'zod';
import { describeError } from '../decide/printable.ts';
import type { Check } from '../decide/user-code.ts';
import { type CelCompiler, createCelCompiler } from './cel.ts';
import { escalationTerms, type StandingTerms } from './escalation.ts';
import { limitTerms } from './limit-terms.ts';
import { type CompiledPolicy, createPolicySet, type PolicySet } from './policy-set.ts';

export interface CompileOptions extends StandingTerms {
  /** Hash of the tenant's policy files: what a decision cites. */
  readonly version: string;
}

export interface CompileIssue {
  /** `policies.3.when`: the place in the list as it was given. */
  readonly path: string;
  /** The policy's own id, where it has one. */
  readonly policy?: string;
  readonly reason: string;
}

/** Nothing is compiled unless everything is: a policy left out could be the one that blocks. */
export class PolicyCompileError extends Error {
  override readonly name = 'PolicyCompileError';
  readonly issues: readonly CompileIssue[];

  constructor(issues: readonly CompileIssue[]) {
    const lines = issues.map(({ path, policy, reason }) => `${path}${policy ? ` (${policy})` : ''}: ${reason}`);
    super(`the policies do not compile\n${lines.join('\n')}`);
    this.issues = issues;
  }
}

/**
 * Checks and prepares a tenant's policies. Order and exact duplicates make no difference. A policy without an id gets one
 * from its content; the same id over other content is refused.
 * @throws PolicyCompileError with every issue found
 */
export function compilePolicies(policies: readonly unknown[], options: CompileOptions): PolicySet {
  const issues: CompileIssue[] = [];
  const terms = parseTerms(options, issues);
  const cel = createCelCompiler();
  const known = new Map<string, Known>();
  for (const [index, written] of policies.entries()) {
    const scope: Scope = { path: `policies.${index}`, issues, cel, terms, policy: undefined };
    try {
      compileOne(written, scope, known);
    } catch (error) {
      report(scope, '', `cannot be read: ${describeError(error)}`);
    }
  }
  if (issues.length > 0) throw new PolicyCompileError(issues);
  const compiled = [...known.values()].flatMap((same) => same.compiled);
  return createPolicySet(
    options.version,
    compiled.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)),
  );
}

interface Scope {
  readonly path: string;
  readonly issues: CompileIssue[];
  readonly cel: CelCompiler;
  readonly terms: StandingTerms;
  policy: string | undefined;
}

/**
 * All policies under one id. More than one only where functions with the same text are different functions: they may
 * close over different things (`under(10)`, `under(500)`), so dropping either could drop a constraint.
 */
interface Known {
  readonly content: string;
  readonly compiled: CompiledPolicy[];
}

function compileOne(written: unknown, scope: Scope, known: Map<string, Known>): void {
  const parsed = trustPolicySchema.safeParse(written);
  scope.policy = ownId(written);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) report(scope, issue.path.map(String).join('.'), issue.message);
    return;
  }
  const policy = parsed.data;
  const before = scope.issues.length;
  const expiresAtMs = policy.expiresAt === undefined ? undefined : Date.parse(policy.expiresAt);
  if (Number.isNaN(expiresAtMs)) report(scope, 'expiresAt', 'is not a date');
  const when = compileCheck(policy.when, 'when', scope);
  const predicate = compileCheck(policy.predicate, 'predicate', scope);
  if (scope.issues.length > before) return;
  const content = contentDigest(policy);
  const compiled: CompiledPolicy = {
    id: policy.id ?? `policy-${content.slice(0, 16)}`,
    policy,
    tools: policy.tools === undefined ? [] : [policy.tools].flat(),
    expiresAtMs,
    above: policy.appliesAbove ?? Number.NEGATIVE_INFINITY,
    upTo: policy.appliesUpTo ?? Number.POSITIVE_INFINITY,
    untilMs: expiresAtMs ?? Number.POSITIVE_INFINITY,
    when,
    predicate,
    escalation: escalationTerms(policy.escalation, scope.terms),
    limit: policy.limit && limitTerms(policy.limit),
  };
  remember(compiled, content, scope, known);
}

function remember(compiled: CompiledPolicy, content: string, scope: Scope, known: Map<string, Known>): void {
  const same = known.get(compiled.id);
  if (same === undefined) {
    known.set(compiled.id, { content, compiled: [compiled] });
  } else if (same.content !== content) {
    report(scope, 'id', `another policy is called ${compiled.id} and says something else`);
  } else if (!same.compiled.some((other) => sameFunctions(other.policy, compiled.policy))) {
    same.compiled.push(compiled);
  }
}

/** Given equal content, conditions differ only where both are functions and not the same one. */
function sameFunctions(a: TrustPolicy, b: TrustPolicy): boolean {
  return a.when === b.when && a.predicate === b.predicate;
}

function contentDigest(policy: TrustPolicy): string {
  const { id: _, when, predicate, ...data } = policy;
  return digestOf({ ...data, when: conditionText(when), predicate: conditionText(predicate) });
}

function conditionText(condition: TrustPolicy['when']): unknown {
  return typeof condition === 'function' ? { function: Function.prototype.toString.call(condition) } : condition;
}

function compileCheck(condition: TrustPolicy['when'], field: string, scope: Scope): Check | undefined {
  if (condition === undefined) return undefined;
  if (typeof condition === 'function') return { kind: 'function', run: condition };
  const program = scope.cel(condition);
  if (program.ok) return { kind: 'cel', run: program.run };
  report(scope, field, `does not compile as CEL: ${program.reason}`);
  return undefined;
}

const termsSchema = z.object({
  defaults: escalationDefaultsSchema.optional(),
  audiences: z.record(z.string(), escalationDefaultsSchema.omit({ audience: true })).optional(),
});

function parseTerms({ defaults, audiences }: CompileOptions, issues: CompileIssue[]): StandingTerms {
  const parsed = termsSchema.safeParse({ defaults, audiences });
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues)
    issues.push({ path: issue.path.map(String).join('.'), reason: issue.message });
  return {};
}

function ownId(written: unknown): string | undefined {
  if (typeof written !== 'object' || written === null) return undefined;
  const { id } = written as { id?: unknown };
  return typeof id === 'string' ? id : undefined;
}

function report(scope: Scope, field: string, reason: string): void {
  const path = field === '' ? scope.path : `${scope.path}.${field}`;
  scope.issues.push({ path, ...(scope.policy === undefined ? {} : { policy: scope.policy }), reason });
}
