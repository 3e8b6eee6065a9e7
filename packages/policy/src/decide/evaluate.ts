import type { Escalation, Reason, ReasonCode, Verdict } from '@holdpoint/shared/domain/decision';
import type { EventEnvelope } from '@holdpoint/shared/domain/event';
import type { PlannedAction } from '@holdpoint/shared/domain/plan';
import type { Grant, Tool, ToolCatalog } from '@holdpoint/shared/domain/tool';
import { composeEscalations, toEscalation } from '../compile/escalation.ts';
import type { CompiledPolicy, PolicySet } from '../compile/policy-set.ts';
import { reservationsOf } from '../limits/reservations.ts';
import { askBeforeHooks, type BeforeHooks, type HookRun } from './before-hooks.ts';
import { deepFreeze, frozenCopy } from './frozen.ts';
import { grantCovers } from './grants.ts';
import { isoTime } from './iso-time.ts';
import { entityMismatch, showEntity } from './known-entity.ts';
import { plannedAction } from './planned-action.ts';
import { deriveFacts, type PreparedLine, parseLine, salvageLine } from './prepare.ts';
import { describeError, printable, type Scrub } from './printable.ts';
import { renderReason, type Secrets } from './reason-template.ts';
import type { ScoredAction } from './scored-action.ts';
import { booleanAnswer, type Check, type UserCodeWatch } from './user-code.ts';

export interface Question {
  /** A plan's line as it came. */
  readonly line: unknown;
  readonly operator: string;
  /** `entity`: what is known of the line's; absent is nothing where its tool declares one. */
  readonly env: EventEnvelope;
  readonly policies: PolicySet;
  readonly tools: ToolCatalog;
  /** undefined: the tenant declares none, and every operator may propose every tool. */
  readonly grants: readonly Grant[] | undefined;
  /** undefined: the tenant has none. */
  readonly hooks: BeforeHooks | undefined;
  /** The database's clock. */
  readonly now: Date;
  readonly watch?: UserCodeWatch;
}

export interface Evaluation {
  readonly verdict: Verdict;
  readonly action: ScoredAction;
  /** The action as it was proposed, where a hook changed it. */
  readonly proposed?: ScoredAction;
  /** The hooks that were asked, where any were. */
  readonly hooks?: readonly HookRun[];
}

/**
 * Scores one line of a plan: the steps of semantics §1, in their order; the step that decides gives the reasons.
 * Synchronous and total: whatever happens inside, what comes back is a verdict, and what is not proven permitted is BLOCK.
 */
export function evaluate(question: Question): Evaluation {
  try {
    // Of an impossible clock nothing can be said, so it comes first.
    const at = isoTime(question.now);
    const { draft, action, proposed, hooks } = decide(question);
    const verdict = { ...draft, policy_version: question.policies.version, at };
    if (hooks === undefined) return { verdict, action };
    return { verdict, action, ...(proposed && { proposed }), hooks };
  } catch (error) {
    return afterFailure(question, error);
  }
}

/** A verdict before it is said which policies gave it, and when. */
type Draft = Omit<Verdict, 'policy_version' | 'at'>;

function decide(question: Question): Omit<Evaluation, 'verdict'> & { readonly draft: Draft } {
  const { line, operator, tools, grants, watch } = question;
  const parsed = parseLine(line, tools, watch);
  if (!parsed.ok) return { draft: blocked(parsed.reasons), action: parsed.salvage };
  const { connector, tool, risk } = parsed.action;
  if (!grantCovers(grants, operator, connector, tool)) {
    const message = `${operator} holds no grant for ${connector} ${tool}`;
    return { draft: blocked([{ code: 'not_granted', message }]), action: parsed.action };
  }
  const derived = risk === 'read' ? parsed : deriveFacts(parsed.action, parsed.definition, parsed.scrub, watch);
  if (!derived.ok) return { draft: blocked(derived.reasons), action: derived.salvage };
  const env = showEntity(question.env, parsed.definition);
  const shown = env === question.env ? question : { ...question, env };
  const asked = question.hooks?.matching(connector, tool, operator);
  if (!asked?.length) return { draft: settle(derived.action, parsed, shown), action: derived.action };
  const { refusal, scrub, ...hooked } = askBeforeHooks(asked, { ...parsed, action: derived.action }, shown);
  if (refusal) return { draft: blocked([refusal]), ...hooked };
  return { draft: settle(hooked.action, { definition: parsed.definition, scrub }, shown), ...hooked };
}

function blocked(reasons: readonly Reason[], matched: readonly string[] = []): Draft {
  return { decision: 'BLOCK', reasons: sortedReasons(reasons), matched };
}

/** What a line's tool declares, and what keeps its secrets out of the reasons. */
interface Known {
  readonly definition: Tool;
  readonly scrub: Scrub;
}

/** Step 4, and for all but reads steps 6 to 9: what the policies say. */
function settle(action: PreparedLine, { definition, scrub }: Known, question: Question): Draft {
  const name = `${action.connector} ${action.tool}`;
  if (action.risk === 'read') {
    return { decision: 'ALLOW', reasons: [{ code: 'read', message: `${name} only reads` }], matched: [] };
  }
  const mismatch = entityMismatch(question.line, action, definition, question.env.entity);
  if (mismatch !== undefined) return blocked([{ code: 'entity_mismatch', message: printable(scrub(mismatch)) }]);
  const asking = askAbout(action, scrub, question);
  const { matches, errors } = match(action, question, asking);
  const matched = sortedIds(matches);
  if (errors.length > 0) return blocked(errors, matched);
  if (matches.length === 0) return blocked([{ code: 'no_policy', message: `no policy speaks for ${name}` }]);

  const vetoes = matches.filter(({ policy }) => policy.decision === 'BLOCK');
  if (vetoes.length > 0) return blocked(reasonsFor(vetoes, 'veto', `${name} is vetoed`), matched);

  const broken: Reason[] = [];
  for (const compiled of matches) breakConstraints(compiled, action, asking, broken);
  if (broken.length > 0) return blocked(broken, matched);

  const reservations = reservationsOf(matches, action, question.operator);
  const limits = reservations && { reservations };
  const alerts = matches.filter(({ policy }) => policy.decision === 'ALERT');
  if (alerts.length === 0) {
    const reasons = sortedReasons(reasonsFor(matches, 'allowed', `${name} is permitted`));
    return { decision: 'ALLOW', reasons, matched, ...limits };
  }
  const escalation = escalate(alerts, action, { paths: definition.secretArgs ?? [], scrub });
  return { decision: 'ALERT', reasons: sortedReasons(alerts.map(escalated)), matched, escalation, ...limits };
}

type Ask = (check: Check, policyId: string) => ReturnType<typeof booleanAnswer>;

/** Step 6. Every policy is asked, even after one failed: the reasons must not depend on an order. */
function match(action: PreparedLine, question: Question, ask: Ask): { matches: CompiledPolicy[]; errors: Reason[] } {
  const { connector, tool, risk, value } = action;
  const { policies, operator, now } = question;
  const selected = policies.select({ connector, tool, risk, value: value ?? 0, operator, nowMs: now.getTime() });
  const matches: CompiledPolicy[] = [];
  const errors: Reason[] = [];
  for (const compiled of selected) {
    const answer = compiled.when && ask(compiled.when, compiled.id);
    if (answer?.ok === false)
      errors.push({ code: 'policy_error', policy: compiled.id, message: `when ${answer.reason}` });
    else if (answer?.value !== false) matches.push(compiled);
  }
  return { matches, errors };
}

/** Step 8, into `broken`. A constraint on any matching policy is a constraint on the action. */
function breakConstraints(
  { id, policy, predicate }: CompiledPolicy,
  action: PreparedLine,
  ask: Ask,
  broken: Reason[],
): void {
  const value = action.value ?? 0;
  if (policy.maxValue !== undefined && value > policy.maxValue) {
    broken.push({ code: 'max_value', policy: id, message: `${value} is over ${policy.maxValue}` });
  }
  if (predicate !== undefined) {
    const answer = ask(predicate, id);
    if (!answer.ok) broken.push({ code: 'policy_error', policy: id, message: `predicate ${answer.reason}` });
    else if (!answer.value) broken.push({ code: 'predicate_false', policy: id, message: 'its predicate is false' });
  }
}

function escalated({ id, escalation }: CompiledPolicy): Reason {
  const votes = escalation.quorum === 1 ? '' : ` (${escalation.quorum} votes)`;
  const to = escalation.escalateTo;
  const then = to ? `, after ${to.afterSeconds} s also ${to.audience}` : '';
  return { code: 'escalated', policy: id, message: `${escalation.audience} is asked${votes}${then}` };
}

function escalate(alerts: readonly CompiledPolicy[], action: PreparedLine, secrets: Secrets): Escalation {
  return alerts
    .map(({ escalation }) => {
      const template = escalation.reason;
      const reason = template === undefined ? undefined : renderReason(template, action, secrets);
      return toEscalation(escalation, reason);
    })
    .reduce(composeEscalations);
}

/** Shows the action and the event to conditions. Functions get frozen ones, made once and only where a function is asked. */
function askAbout(action: PreparedLine, scrub: Scrub, { env, watch }: Question): Ask {
  let planned: PlannedAction | undefined;
  let frozenEnv: EventEnvelope | undefined;
  return (check, policyId) => {
    const ask = () => {
      planned ??= plannedAction(action);
      if (check.kind === 'cel') return check.run({ action: planned, env });
      frozenEnv ??= frozenCopy(env);
      const { run } = check;
      return run(deepFreeze(planned), frozenEnv as never);
    };
    return booleanAnswer(ask, { subject: policyId, watch, scrub });
  };
}

function reasonsFor(policies: readonly CompiledPolicy[], code: ReasonCode, message: string): Reason[] {
  return policies.map(({ id }) => ({ code, policy: id, message }));
}

function sortedIds(policies: readonly CompiledPolicy[]): string[] {
  const ids = policies.map(({ id }) => id);
  return ids.length < 2 ? ids : [...new Set(ids)].sort();
}

/** By policy, then code, then message; the same reason twice (policies that share an id) is one. */
function sortedReasons(reasons: readonly Reason[]): readonly Reason[] {
  if (reasons.length < 2) return reasons;
  const keyed = new Map(reasons.map((reason) => [`${reason.policy ?? ''}\0${reason.code}\0${reason.message}`, reason]));
  return [...keyed].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, reason]) => reason);
}

/** Nothing above is known to throw, but for an impossible clock. If it does, the line is blocked and says so. */
function afterFailure({ line, tools, policies, now }: Question, error: unknown): Evaluation {
  const message = `scoring failed: ${describeError(error)}`;
  const nowMs = now.getTime();
  return {
    verdict: {
      decision: 'BLOCK',
      reasons: [{ code: 'policy_error', message }],
      matched: [],
      policy_version: policies.version,
      at: new Date(Number.isFinite(nowMs) ? nowMs : 0).toISOString(),
    },
    action: salvageOrNothing(line, tools),
  };
}

function salvageOrNothing(line: unknown, tools: ToolCatalog): ScoredAction {
  try {
    return salvageLine(line, tools);
  } catch {
    const nothing = { args: null, value: null, entity_key: null, idempotency_key: null };
    return { connector: '', tool: '', risk: null, ...nothing };
  }
}
