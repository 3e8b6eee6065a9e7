import type { ReasonCode, Verdict } from '@holdpoint/shared/domain/decision';
import { NOT_IN_TIME } from '@holdpoint/shared/domain/decision-record';
import { actionDigest, commitSecrets } from '@holdpoint/shared/domain/digest';
import type { EntitySnapshot } from '@holdpoint/shared/domain/entity';
import type { EventEnvelope } from '@holdpoint/shared/domain/event';
import type { Json } from '@holdpoint/shared/domain/json';
import type { Risk } from '@holdpoint/shared/domain/policy';
import { maskArgs } from '@holdpoint/shared/domain/secret-args';
import type { Tool, ToolCatalog } from '@holdpoint/shared/domain/tool';
import { compilePolicies, PolicyCompileError } from '../compile/compile.ts';
import { rehearsedTools } from '../compile/rehearsed-tools.ts';
import type { TenantRules } from '../compile/tenant-rules.ts';
import { type Evaluation, evaluate, type Question as LineQuestion } from '../decide/evaluate.ts';
import { LINE_MAX_DEPTH, plainJson } from '../decide/plain-json.ts';
import { salvageLine } from '../decide/prepare.ts';
import type { ScoredAction } from '../decide/scored-action.ts';
import type { UserCodeWatch } from '../decide/user-code.ts';
import { explain, explainVerdict } from '../explain/explain.ts';
import type { ScoredLine } from './scored-line.ts';

/** What is known of a line's entity (null: nothing), or why it cannot be shown, for which the line is blocked. */
export type KnownEntity =
  | { readonly ok: true; readonly snapshot: EntitySnapshot | null }
  | { readonly ok: false; readonly reason: string };

/** A plan's lines to be scored, as they cross to the thread: plain data only. */
export interface Question {
  readonly tenant: string;
  readonly operator: string;
  /** For rehearsals: nobody in particular proposes it, so that no grants are asked. */
  readonly anyOperator?: true;
  readonly env: EventEnvelope;
  readonly lines: readonly unknown[];
  /** By the place of the line: what was looked up for it. undefined: its tool declares no entity, or nothing was found when it was. */
  readonly entities?: readonly (KnownEntity | undefined)[];
  /** The tenant's, for commitments of secret arguments. */
  readonly salt: string;
  /** ISO 8601, the database's clock. */
  readonly now: string;
  /** What is known before any policy is asked: every line is blocked for it. */
  readonly blocked?: { readonly code: ReasonCode; readonly message: string };
  /** Every line comes with its explanation. */
  readonly explain?: true;
  /** For rehearsals: stand in for the active ones. */
  readonly policies?: readonly unknown[];
  readonly tools?: Readonly<Record<string, Readonly<Record<string, Risk>>>>;
}

/** One question's lines, or why it could not be asked (rehearsed policies that do not compile). */
export type Answer =
  | { readonly ok: true; readonly lines: readonly ScoredLine[] }
  | { readonly ok: false; readonly issues: readonly { readonly path: string; readonly reason: string }[] };

export interface Watch {
  /** Says that a line is begun; an index beyond the lines' says that the line as far beyond is explained. */
  line(index: number): void;
  /** Stands around each piece of that line's user code. */
  readonly userCode: UserCodeWatch;
  readonly stuckLines: ReadonlySet<number>;
  /** Whether explanations have taken their time: what is asked beyond it is told from the verdict alone. */
  readonly enough?: () => boolean;
}

/** Scores every line of a question by a tenant's active rules, or by what stands in for them. */
export function scoreQuestion(question: Question, active: TenantRules, watch: Watch): Answer {
  try {
    const rules = rulesFor(question, active);
    const ordered = { ...question, env: inStoredOrder(question.env), at: new Date(question.now) };
    const lines = question.lines.map((line, index) => scoreLine(ordered, rules, line, index, watch));
    return { ok: true, lines };
  } catch (error) {
    if (error instanceof PolicyCompileError) return { ok: false, issues: [...error.issues] };
    throw error;
  }
}

/** As it reads when it comes back from the record, whatever order its names came in: a condition may look at them in turn. */
function inStoredOrder<T extends EventEnvelope | EntitySnapshot | null>(value: T): T {
  const plain = plainJson(value, LINE_MAX_DEPTH);
  return plain.ok ? (plain.value as unknown as T) : value;
}

/** The active rules, with a rehearsal's policies and tools in their place. Grants name the active tools, so they go with them. */
function rulesFor(question: Question, active: TenantRules): TenantRules {
  const { defaults, audiences } = active;
  return {
    ...active,
    ...(question.policies && {
      policies: compilePolicies(question.policies, { version: 'rehearsal', defaults, audiences }),
    }),
    ...(question.tools && { tools: rehearsedTools(question.tools) }),
    ...((question.tools || question.anyOperator) && { grants: undefined }),
  };
}

/** One date for all lines: what is told of it is told once. */
type Timed = Question & { readonly at: Date };

function scoreLine(question: Timed, rules: TenantRules, line: unknown, index: number, watch: Watch): ScoredLine {
  watch.line(index);
  if (question.blocked) return fromVerdict(question, rules, line, refused(question, rules, line, question.blocked));
  const known = question.entities?.[index];
  if (known?.ok === false) {
    const unreadable = { code: 'entity_unreadable' as const, message: known.reason };
    return fromVerdict(question, rules, line, refused(question, rules, line, unreadable));
  }
  if (watch.stuckLines.has(index)) {
    const stuck = { code: 'policy_error' as const, message: NOT_IN_TIME };
    return fromVerdict(question, rules, line, refused(question, rules, line, stuck));
  }
  const asked = lineQuestion(question, rules, { line, known: known?.snapshot }, watch.userCode);
  const evaluation = evaluate(asked);
  if (!question.explain) return toScoredLine(question, rules, line, evaluation);
  // Marked apart: code that does not come back from what would be must not block what is.
  const aside = question.lines.length + index;
  if (watch.stuckLines.has(aside)) return fromVerdict(question, rules, line, evaluation);
  watch.line(aside);
  const explanation = explain(asked, { evaluation, ...(watch.enough && { enough: watch.enough }) });
  return { ...toScoredLine(question, rules, line, evaluation), explanation };
}

/** Scored without asking anybody, or explained no further. */
function fromVerdict(question: Question, rules: TenantRules, line: unknown, evaluation: Evaluation): ScoredLine {
  const scored = toScoredLine(question, rules, line, evaluation);
  return question.explain ? { ...scored, explanation: explainVerdict(evaluation.verdict) } : scored;
}

function lineQuestion(
  { operator, env: event, at }: Timed,
  { policies, tools, grants, hooks }: TenantRules,
  { line, known }: { readonly line: unknown; readonly known: EntitySnapshot | null | undefined },
  watch: UserCodeWatch,
): LineQuestion {
  const env = known === undefined ? event : { ...event, entity: inStoredOrder(known) };
  return { line, operator, env, policies, tools, grants, hooks, now: at, watch };
}

function refused(
  question: Question,
  rules: TenantRules,
  line: unknown,
  reason: { readonly code: ReasonCode; readonly message: string },
): Evaluation {
  const verdict: Verdict = {
    decision: 'BLOCK',
    reasons: [reason],
    matched: [],
    policy_version: rules.policies.version,
    at: question.now,
  };
  return { verdict, action: salvageLine(line, rules.tools) };
}

function toScoredLine(question: Question, rules: TenantRules, line: unknown, evaluation: Evaluation): ScoredLine {
  const { action, verdict, proposed, hooks } = evaluation;
  const args = action.args ?? {};
  const definition = ownTool(rules.tools, action.connector, action.tool);
  const secretArgs = definition?.secretArgs ?? [];
  const digestOfAction = (one: ScoredAction) =>
    actionDigest({
      tenant: question.tenant,
      connector: one.connector,
      tool: one.tool,
      args: commitSecrets(one.args ?? {}, secretArgs, question.salt),
      value: one.value,
      entity_key: one.entity_key,
    });
  const digest = digestOfAction(action);
  return {
    connector: action.connector,
    tool: action.tool,
    risk: action.risk,
    args,
    value: action.value,
    entityKey: action.entity_key,
    idempotencyKey: action.idempotency_key,
    shownArgs: maskArgs(args, secretArgs),
    proposed: proposedLine(line, definition, evaluation),
    proposedDigest: proposed ? digestOfAction(proposed) : digest,
    digest,
    ...(hooks && { hooks }),
    verdict,
  };
}

/** The line as it came, where what is recorded as parsed does not say it again: a hook or a schema changed it, or nothing could be parsed. */
function proposedLine(line: unknown, definition: Tool | undefined, evaluation: Evaluation): Json | undefined {
  const { action, proposed, verdict } = evaluation;
  const told = proposed !== undefined || verdict.reasons.some(({ code }) => code === 'invalid_action');
  // Arguments that no schema read are a copy of what came.
  if (!told && definition?.args === undefined) return undefined;
  const raw = plainJson(line, LINE_MAX_DEPTH);
  if (!raw.ok) return undefined;
  const came = typeof raw.value === 'object' && raw.value !== null && 'args' in raw.value ? raw.value.args : undefined;
  // Both are copies in the same order of keys.
  return told || JSON.stringify(came ?? null) !== JSON.stringify(action.args) ? raw.value : undefined;
}

function ownTool(tools: ToolCatalog, connector: string, tool: string) {
  const own = Object.hasOwn(tools, connector) ? tools[connector] : undefined;
  return own && Object.hasOwn(own, tool) ? own[tool] : undefined;
}
