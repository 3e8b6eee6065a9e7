import type { Escalation, Reason, ReasonCode, Verdict } from '@holdpoint/shared/domain/decision';
import type { EventEnvelope } from '@holdpoint/shared/domain/event';
import type { PlannedAction } from '@holdpoint/shared/domain/plan';
import type { Grant, Tool, ToolCatalog } from '@holdpoint/shared/domain/tool';
import { askBeforeHooks, type BeforeHooks, type HookRun } from './before-hooks.ts';
import { composeEscalations, toEscalation } from './escalation.ts';
import { deepFreeze, frozenCopy } from './frozen.ts';
import { grantCovers } from './grants.ts';
import { plannedAction } from './planned-action.ts';
import type { CompiledPolicy, PolicySet } from './policy-set.ts';
import { deriveFacts, type PreparedLine, parseLine, salvageLine } from './prepare.ts';
import { describeError, type Scrub } from './printable.ts';
import { renderReason, type Secrets } from './reason-template.ts';
import { reservationsOf } from './reservations.ts';
import type { ScoredAction } from './scored-action.ts';
import { booleanAnswer, type Check, type UserCodeWatch } from './user-code.ts';

export interface Question {
  /** A plan's line as it came. */
  readonly line: unknown;
  readonly operator: string;
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
    return decide(question);
  } catch (error) {
    return afterFailure(question, error);
  }
}

function decide(question: Question): Evaluation {
  const { line, operator, tools, grants, watch } = question;
  const verdict = verdictOf(question);
  const parsed = parseLine(line, tools, watch);
  if (!parsed.ok) return { verdict: verdict('BLOCK', parsed.reasons), action: parsed.salvage };
  const { connector, tool, risk } = parsed.action;
  if (!grantCovers(grants, operator, connector, tool)) {
    const message = `${operator} holds no grant for ${connector} ${tool}`;
    return { verdict: verdict('BLOCK', [{ code: 'not_granted', message }]), action: parsed.action };
  }
  const derived = risk === 'read' ? parsed : deriveFacts(parsed.action, parsed.definition, parsed.scrub, watch);
  if (!derived.ok) return { verdict: verdict('BLOCK', derived.reasons), action: derived.salvage };
  const asked = question.hooks?.matching(connector, tool, operator);
  if (!asked?.length) return { verdict: settle(derived.action, parsed, question), action: derived.action };
  const { refusal, scrub, ...hooked } = askBeforeHooks(asked, { ...parsed, action: derived.action }, question);
  if (refusal) return { verdict: verdict('BLOCK', [refusal]), ...hooked };
  return { verdict: settle(hooked.action, { definition: parsed.definition, scrub }, question), ...hooked };
}

/** What a line's tool declares, and what keeps its secrets out of the reasons. */
interface Known {
  readonly definition: Tool;
  readonly scrub: Scrub;
}

/** Step 4, and for all but reads steps 6 to 9: what the policies say. */
function settle(action: PreparedLine, { definition, scrub }: Known, question: Question): Verdict {
  if (action.risk === 'read') {
    const message = `${action.connector} ${action.tool} only reads`;
    return verdictOf(question)('ALLOW', [{ code: 'read', message }]);
  }
  const asking = askAbout(action, scrub, question);
  const { matched, errors } = match(action, question, asking);
  const verdict = verdictOf(question, matched);
  if (errors.length > 0) return verdict('BLOCK', errors);
  const name = `${action.connector} ${action.tool}`;
  if (matched.length === 0) return verdict('BLOCK', [{ code: 'no_policy', message: `no policy speaks for ${name}` }]);

  const vetoes = matched.filter(({ policy }) => policy.decision === 'BLOCK');
  if (vetoes.length > 0) return verdict('BLOCK', reasonsFor(vetoes, 'veto', `${name} is vetoed`));

  const broken = matched.flatMap((compiled) => brokenConstraints(compiled, action, asking));
  if (broken.length > 0) return verdict('BLOCK', broken);

  const alerts = matched.filter(({ policy }) => policy.decision === 'ALERT');
  const permitted =
    alerts.length === 0
      ? verdict('ALLOW', reasonsFor(matched, 'allowed', `${name} is permitted`))
      : verdict(
          'ALERT',
          alerts.map(escalated),
          escalate(alerts, action, { paths: definition.secretArgs ?? [], scrub }),
        );
  const reservations = reservationsOf(matched, action, question.operator);
  return reservations ? { ...permitted, reservations } : permitted;
}

type Ask = (check: Check, policyId: string) => ReturnType<typeof booleanAnswer>;

/** Step 6. Every policy is asked, even after one failed: the reasons must not depend on an order. */
function match(action: PreparedLine, question: Question, ask: Ask): { matched: CompiledPolicy[]; errors: Reason[] } {
  const { connector, tool, risk, value } = action;
  const { policies, operator, now } = question;
  const selected = policies.select({ connector, tool, risk, value: value ?? 0, operator, nowMs: now.getTime() });
  const matched: CompiledPolicy[] = [];
  const errors: Reason[] = [];
  for (const compiled of selected) {
    const answer = compiled.when && ask(compiled.when, compiled.id);
    if (answer?.ok === false)
      errors.push({ code: 'policy_error', policy: compiled.id, message: `when ${answer.reason}` });
    else if (answer?.value !== false) matched.push(compiled);
  }
  return { matched, errors };
}

/** Step 8. A constraint on any matching policy is a constraint on the action. */
function brokenConstraints({ id, policy, predicate }: CompiledPolicy, action: PreparedLine, ask: Ask): Reason[] {
  const broken: Reason[] = [];
  const value = action.value ?? 0;
  if (policy.maxValue !== undefined && value > policy.maxValue) {
    broken.push({ code: 'max_value', policy: id, message: `${value} is over ${policy.maxValue}` });
  }
  if (predicate !== undefined) {
    const answer = ask(predicate, id);
    if (!answer.ok) broken.push({ code: 'policy_error', policy: id, message: `predicate ${answer.reason}` });
    else if (!answer.value) broken.push({ code: 'predicate_false', policy: id, message: 'its predicate is false' });
  }
  return broken;
}

function escalated({ id, escalation }: CompiledPolicy): Reason {
  const votes = escalation.quorum === 1 ? '' : ` (${escalation.quorum} votes)`;
  return { code: 'escalated', policy: id, message: `${escalation.audience} is asked${votes}` };
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

function verdictOf({ policies, now }: Question, matched: readonly CompiledPolicy[] = []) {
  const at = now.toISOString();
  return (decision: Verdict['decision'], reasons: readonly Reason[], escalation?: Escalation): Verdict => ({
    decision,
    reasons: sortedReasons(reasons),
    matched: [...new Set(matched.map(({ id }) => id))].sort(),
    policy_version: policies.version,
    ...(escalation === undefined ? {} : { escalation }),
    at,
  });
}

/** By policy, then code, then message; the same reason twice (policies that share an id) is one. */
function sortedReasons(reasons: readonly Reason[]): Reason[] {
  if (reasons.length < 2) return [...reasons];
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
