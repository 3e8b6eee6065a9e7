import type { Escalation, Reason } from '@holdpoint/shared/domain/decision';
import type { EventEnvelope } from '@holdpoint/shared/domain/event';
import type { PlannedAction } from '@holdpoint/shared/domain/plan';
import type { Reservation } from '@holdpoint/shared/domain/reservation';
import type { Grant, Tool, ToolCatalog } from '@holdpoint/shared/domain/tool';
import { type NaivePolicy, naivePolicies, type Rules } from './naive-policies.ts';

/**
 * Semantics §1 once more, from its text alone: no index, no compiling, nothing shared with `evaluate` but the domain's types.
 * Slow on purpose. What the two disagree on is a bug in one of them.
 */
export interface NaiveQuestion {
  readonly line: unknown;
  readonly operator: string;
  readonly env: EventEnvelope;
  readonly rules: Rules;
  /** Of every connector there is; the tenant has some of them. */
  readonly tools: ToolCatalog;
  readonly now: Date;
}

export interface NaiveVerdict {
  readonly decision: 'ALLOW' | 'ALERT' | 'BLOCK';
  readonly reasons: readonly NaiveReason[];
  readonly matched: readonly string[];
  readonly escalation?: Escalation;
  readonly reservations?: readonly NaiveReservation[];
  /** What is to be executed; absent where the line could not be understood. */
  readonly action?: PlannedAction;
}

/** Messages are for people and may say it in other words. */
export type NaiveReason = Pick<Reason, 'code' | 'policy'>;

/** A key is the evaluator's own business. */
export type NaiveReservation = Omit<Reservation, 'key'>;

export function naiveEvaluate({ line, operator, env, rules, tools, now }: NaiveQuestion): NaiveVerdict {
  const block = (code: Reason['code'], action?: PlannedAction): NaiveVerdict => ({
    decision: 'BLOCK',
    reasons: [{ code }],
    matched: [],
    ...(action && { action }),
  });

  // 1 and 2. Parse; the tool.
  if (!isLine(line)) return block('invalid_action');
  const tool = findTool(line, rules.connectors, tools);
  if (tool === undefined) return block('unknown_tool');
  const args = parsedArgs(tool, line.args);
  if (args === undefined || lacksKeys(line, tool)) return block('invalid_action');
  const parsed: PlannedAction = { ...withoutAbsent(line), args: args as PlannedAction['args'] };

  // 3 and 4. Grants; a read.
  if (!isGranted(rules.grants, operator, parsed)) return block('not_granted', parsed);
  if (tool.risk === 'read') {
    return { decision: 'ALLOW', reasons: [{ code: 'read' }], matched: [], action: parsed };
  }

  // 5. Derived facts.
  const { action, faults } = derive(parsed, tool);
  if (faults.length > 0) return { decision: 'BLOCK', reasons: tidy(faults), matched: [], action: parsed };

  // What is known is of what the action is about, and what is known of nothing is null.
  if (isOfAnother(line, action, tool, env)) return block('entity_mismatch', action);
  const shown = tool.entity && env.entity === undefined ? { ...env, entity: null } : env;

  // 6 to 9. Policies.
  const verdict = decideByPolicies(naivePolicies(rules, tools), action, tool, { operator, env: shown, now });
  return { ...verdict, action };
}

interface Asked {
  readonly operator: string;
  readonly env: EventEnvelope;
  readonly now: Date;
}

function decideByPolicies(all: readonly NaivePolicy[], action: PlannedAction, tool: Tool, asked: Asked) {
  const selected = all.filter((policy) => isSelected(policy, action, tool, asked));
  const answers = selected.map((policy) => ({ policy, when: answerOf(policy.when, action, asked.env) }));
  const matches = answers.filter(({ when }) => when === true).map(({ policy }) => policy);
  const matched = [...new Set(matches.map(({ id }) => id))].sort();
  const say = (decision: 'ALLOW' | 'ALERT' | 'BLOCK', reasons: readonly NaiveReason[]) => {
    return { decision, reasons: tidy(reasons), matched };
  };
  const each = (policies: readonly NaivePolicy[], code: Reason['code']) =>
    policies.map(({ id }) => ({ code, policy: id }));

  const unanswered = answers.filter(({ when }) => when === 'error').map(({ policy }) => policy);
  if (unanswered.length > 0) return say('BLOCK', each(unanswered, 'policy_error'));
  if (matches.length === 0) return say('BLOCK', [{ code: 'no_policy' }]);

  const vetoes = matches.filter(({ decision }) => decision === 'BLOCK');
  if (vetoes.length > 0) return say('BLOCK', each(vetoes, 'veto'));

  const broken: NaiveReason[] = [];
  for (const policy of matches) {
    if (policy.maxValue !== undefined && !((action.value ?? 0) <= policy.maxValue)) {
      broken.push({ code: 'max_value', policy: policy.id });
    }
    const answer = answerOf(policy.predicate, action, asked.env);
    if (answer === false) broken.push({ code: 'predicate_false', policy: policy.id });
    if (answer === 'error') broken.push({ code: 'policy_error', policy: policy.id });
  }
  if (broken.length > 0) return say('BLOCK', broken);

  const alerts = matches.filter(({ decision }) => decision === 'ALERT');
  const reservations = reserved(matches, action, asked.operator);
  const limits = reservations.length > 0 ? { reservations } : {};
  if (alerts.length === 0) return { ...say('ALLOW', each(matches, 'allowed')), ...limits };
  return { ...say('ALERT', each(alerts, 'escalated')), escalation: strictest(alerts, action), ...limits };
}

function isSelected(policy: NaivePolicy, action: PlannedAction, tool: Tool, { operator, now }: Asked): boolean {
  const value = action.value ?? 0;
  if (policy.connector !== undefined && policy.connector !== action.connector) return false;
  if (policy.tool !== undefined && policy.tool !== action.tool) return false;
  if (policy.tools !== undefined && ![policy.tools].flat().some((glob) => segmentGlob(glob).test(action.tool)))
    return false;
  if (policy.operator !== undefined && policy.operator !== operator) return false;
  if (policy.risk !== undefined && policy.risk !== tool.risk) return false;
  if (policy.appliesUpTo !== undefined && !(value <= policy.appliesUpTo)) return false;
  if (policy.appliesAbove !== undefined && !(value > policy.appliesAbove)) return false;
  if (policy.expiresAt !== undefined && !(now.getTime() < new Date(policy.expiresAt).getTime())) return false;
  return true;
}

/** `*` stays within one dotted segment. */
function segmentGlob(glob: string): RegExp {
  const parts = glob.split('*').map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^.]*')}$`);
}

function answerOf(condition: NaivePolicy['when'], action: PlannedAction, env: EventEnvelope): boolean | 'error' {
  if (condition === undefined) return true;
  try {
    const answer: unknown = condition(action, env);
    if (answer instanceof Promise) answer.catch(() => undefined);
    return answer === true || answer === false ? answer : 'error';
  } catch {
    return 'error';
  }
}

/** Several ALERTs compose to the strictest. */
function strictest(alerts: readonly NaivePolicy[], action: PlannedAction): Escalation {
  const audiences = [...new Set(alerts.map(({ asks }) => asks.audience))].sort();
  const reminders = alerts.flatMap(({ asks }) => asks.remindEverySeconds ?? []);
  const reasons = alerts.flatMap(({ asks }) => (asks.reason === undefined ? [] : [rendered(asks.reason, action)]));
  return {
    mode: alerts.some(({ asks }) => asks.mode === 'hold') ? 'hold' : 'alongside',
    requirements: audiences.map((audience) => requirementOf(alerts.filter(({ asks }) => asks.audience === audience))),
    ttl_seconds: Math.min(...alerts.map(({ asks }) => asks.ttlSeconds)),
    self_approval: alerts.every(({ asks }) => asks.selfApproval),
    reasons: [...new Set(reasons)].sort(),
    ...(alerts.every(({ asks }) => asks.denials > 1) && {
      denials: Math.min(...alerts.map(({ asks }) => asks.denials)),
    }),
    ...(reminders.length > 0 && { remind_every_seconds: Math.min(...reminders) }),
    ...(alerts.some(({ asks }) => asks.refuseUnverified) && { refuse_unverified: true }),
  };
}

/** Of those that ask the same audience. */
function requirementOf(alerts: readonly NaivePolicy[]): Escalation['requirements'][number] {
  const audience = alerts[0]?.asks.audience ?? '';
  const quorum = Math.max(...alerts.map(({ asks }) => asks.quorum));
  const targets = new Set(alerts.map(({ asks }) => asks.escalateTo?.audience));
  const [target] = targets;
  if (targets.size !== 1 || target === undefined) return { audience, quorum };
  const after = Math.max(...alerts.map(({ asks }) => asks.escalateTo?.afterSeconds ?? 0));
  return { audience, quorum, escalate: { audience: target, after_seconds: after } };
}

function rendered(template: string, action: PlannedAction): string {
  return template.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
    if (name === 'name') return action.tool;
    const path = name.split('.');
    const known: unknown = path[0] === 'args' ? action.args : { value: action.value, entity_key: action.entity_key };
    let found = known;
    for (const key of path[0] === 'args' ? path.slice(1) : path) {
      const inside = typeof found === 'object' && found !== null && Object.hasOwn(found, key);
      found = inside ? (found as Record<string, unknown>)[key] : undefined;
    }
    if (found === undefined || found === null) return '—';
    return typeof found === 'object' ? JSON.stringify(found) : String(found);
  });
}

/** Limits of the matches; the same limit twice is one. */
function reserved(matches: readonly NaivePolicy[], action: PlannedAction, operator: string): NaiveReservation[] {
  const seconds = { s: 1, m: 60, h: 60 * 60, d: 24 * 60 * 60 };
  const byPolicy: Record<string, NaiveReservation> = {};
  for (const { id, limit } of matches) {
    if (limit === undefined) continue;
    const { count, total, per, by } = limit;
    const whose = { entity: action.entity_key ?? '', operator, tool: `${action.connector} ${action.tool}`, tenant: '' };
    const per_seconds = Number.parseInt(per, 10) * seconds[per.at(-1) as keyof typeof seconds];
    const bounds = { ...(count !== undefined && { count }), ...(total !== undefined && { total }) };
    byPolicy[id] = { policy: id, by, who: whose[by], amount: action.value ?? 0, ...bounds, per_seconds };
  }
  return Object.keys(byPolicy)
    .sort()
    .map((id) => byPolicy[id] as NaiveReservation);
}

/** The same reason twice is one; sorted by policy. */
function tidy(reasons: readonly NaiveReason[]): NaiveReason[] {
  const texts = reasons.map(({ code, policy = '' }) => `${policy}\0${code}`);
  return [...new Set(texts)].sort().map((text) => {
    const [policy, code] = text.split('\0') as [string, Reason['code']];
    return policy === '' ? { code } : { code, policy };
  });
}

function isGranted(grants: readonly Grant[] | undefined, operator: string, action: PlannedAction): boolean {
  if (grants === undefined) return true;
  const held = grants.filter((grant) => grant.operator === operator).flatMap(({ tools }) => tools);
  return held.some((pattern) => {
    const [connector, ...rest] = pattern.split(':');
    const glob = rest.join(':');
    const fits = connector === '*' || connector === action.connector;
    return fits && (glob === '*' || segmentGlob(glob).test(action.tool));
  });
}

/** A proposer cannot understate itself. */
function derive(parsed: PlannedAction, tool: Tool): { action: PlannedAction; faults: NaiveReason[] } {
  const faults: NaiveReason[] = [];
  let action = parsed;
  if (tool.value) {
    const value = attempt(() => tool.value?.(parsed.args as never));
    if (!isAmount(value)) faults.push({ code: 'policy_error' });
    else if (parsed.value !== undefined && parsed.value !== value) faults.push({ code: 'value_mismatch' });
    else action = { ...action, value };
  }
  if (tool.entityKey) {
    const key = attempt(() => tool.entityKey?.(parsed.args as never));
    if (!isKey(key)) faults.push({ code: 'policy_error' });
    else if (parsed.entity_key !== undefined && parsed.entity_key !== key) faults.push({ code: 'entity_mismatch' });
    else action = { ...action, entity_key: key };
  }
  return { action, faults };
}

function isOfAnother(
  line: PlannedAction,
  action: PlannedAction,
  { entity: declared }: Tool,
  env: EventEnvelope,
): boolean {
  if (!declared) return false;
  const [proposed, id] = [line.args, action.args].map((args) => {
    const found = (args as Record<string, unknown>)[declared.id];
    return typeof found === 'string' || typeof found === 'number' ? `${found}` : 'none';
  });
  if (proposed !== id) return true;
  if (!env.entity) return false;
  const known = [env.entity.connector, env.entity.name, env.entity.id];
  return known.join(' ') !== [action.connector, declared.name, id].join(' ');
}

function attempt(run: () => unknown): unknown {
  try {
    const value = run();
    if (value instanceof Promise) value.catch(() => undefined);
    return value;
  } catch {
    return undefined;
  }
}

function findTool(
  { connector, tool }: PlannedAction,
  connectors: readonly string[],
  tools: ToolCatalog,
): Tool | undefined {
  if (!connectors.includes(connector) || !Object.keys(tools).includes(connector)) return undefined;
  const own = tools[connector] ?? {};
  return Object.keys(own).includes(tool) ? own[tool] : undefined;
}

function lacksKeys({ entity_key, idempotency_key }: PlannedAction, tool: Tool): boolean {
  if (tool.risk === 'read') return false;
  return idempotency_key === undefined || (entity_key === undefined && tool.entityKey === undefined);
}

function parsedArgs({ args: schema }: Tool, proposed: unknown): unknown {
  if (schema === undefined) return JSON.parse(JSON.stringify(proposed));
  const result = attempt(() => schema['~standard'].validate(proposed));
  if (typeof result !== 'object' || result === null || result instanceof Promise || 'issues' in result)
    return undefined;
  const { value } = result as { value: unknown };
  return isJson(value) ? JSON.parse(JSON.stringify(value)) : undefined;
}

const FIELDS = ['connector', 'tool', 'args', 'value', 'entity_key', 'idempotency_key'];

function isLine(line: unknown): line is PlannedAction {
  if (typeof line !== 'object' || line === null || Array.isArray(line)) return false;
  const { connector, tool, args, value, entity_key, idempotency_key } = withoutAbsent(line as PlannedAction);
  return (
    Object.keys(line).every((key) => FIELDS.includes(key)) &&
    typeof connector === 'string' &&
    /^[a-z0-9][a-z0-9_-]{0,62}$/.test(connector) &&
    typeof tool === 'string' &&
    /^[A-Za-z0-9_.-]{1,64}$/.test(tool) &&
    typeof args === 'object' &&
    args !== null &&
    !Array.isArray(args) &&
    isJson(args) &&
    (value === undefined || isAmount(value)) &&
    (entity_key === undefined || isKey(entity_key)) &&
    (idempotency_key === undefined || isKey(idempotency_key))
  );
}

/** As JSON: what is absent is not there, and there is one zero. */
function withoutAbsent(line: PlannedAction): PlannedAction {
  const stated = Object.entries(line).filter(([, value]) => value !== undefined);
  return Object.fromEntries(stated.map(([key, value]) => [key, value === 0 ? 0 : value])) as PlannedAction;
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && isExact(value);
}

/** Finite, and no integer beyond 2^53. */
function isExact(value: number): boolean {
  return (
    value < Number.POSITIVE_INFINITY &&
    value > Number.NEGATIVE_INFINITY &&
    !(value % 1 === 0 && Math.abs(value) >= 2 ** 53)
  );
}

/** 1–255 printable characters. */
function isKey(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    [...value].length >= 1 &&
    value.length <= 255 &&
    !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(value)
  );
}

function isJson(value: unknown): boolean {
  if (value === null || typeof value === 'boolean') return true;
  if (typeof value === 'number') return isExact(value);
  if (typeof value === 'string') return !/[\0\p{Cs}]/u.test(value);
  if (typeof value !== 'object') return false;
  return Array.isArray(value)
    ? value.every(isJson)
    : Object.entries(value).every(
        ([key, inner]) => key !== '__proto__' && isJson(key) && (inner === undefined || isJson(inner)),
      );
}
