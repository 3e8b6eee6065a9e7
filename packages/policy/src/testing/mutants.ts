import type { EntitySnapshot } from '@holdpoint/shared/domain/entity';
import type { EventEnvelope } from '@holdpoint/shared/domain/event';
import type { PlannedAction } from '@holdpoint/shared/domain/plan';
import type { Condition, Limit, TrustPolicy } from '@holdpoint/shared/domain/policy';
import type { Grant, Tool } from '@holdpoint/shared/domain/tool';
import type { TenantPolicies } from '@holdpoint/shared/workspace/tenant-policies';
import type { Written } from './both-verdicts.ts';
import type { Proposed } from './random-case.ts';

/**
 * For each field that has a say, an evaluator that does not hear it, or hears it wrong: what it would decide is what the right one
 * decides where the field says something else. A new field does not compile until it stands in its table.
 */
interface Mutant {
  readonly name: string;
  readonly mutate: (given: Written) => Written;
}

/** By field, what is made of its holder; or why the field has no say in a decision. */
type Table<T> = { readonly [K in keyof T]-?: Readonly<Record<string, (holder: T) => T>> | string };

type Terms = NonNullable<TrustPolicy['escalation']>;
type Escalations = TenantPolicies['escalations'];
type Permissions = TenantPolicies['permissions'][string];

const without =
  <T>(key: keyof T) =>
  (holder: T): T => {
    const { [key]: _, ...rest } = holder;
    return rest as T;
  };
/** Where it says something, it says something else. */
const changed =
  <T, K extends keyof T>(key: K, change: (value: NonNullable<T[K]>) => T[K]) =>
  (holder: T): T =>
    holder[key] === undefined || holder[key] === null ? holder : { ...holder, [key]: change(holder[key]) };

/** The next smaller number tells `<` from `<=`. */
const justBelow = (value: number): number => Math.max(0, value - Math.max(Number.MIN_VALUE, value * Number.EPSILON));
const byMs = (ms: number) => (date: string) => new Date(Date.parse(date) + ms).toISOString();
const negated = (condition: Condition): Condition =>
  typeof condition === 'string' ? `!(${condition})` : (action, env) => !condition(action, env);
const other = (name: string): string => (name === 'm' ? 's' : 'm');
const deciding =
  (from: TrustPolicy['decision'], to: TrustPolicy['decision']) =>
  (policy: TrustPolicy): TrustPolicy =>
    policy.decision === from ? { ...policy, decision: to } : policy;

const POLICY: Table<TrustPolicy> = {
  id: { ignored: without('id') },
  connector: { ignored: without('connector'), 'of another': changed('connector', other) },
  tool: { ignored: without('tool') },
  tools: {
    ignored: without('tools'),
    'first only': changed('tools', (globs: string | string[]) => [globs].flat().slice(0, 1)),
  },
  operator: { ignored: without('operator') },
  risk: { ignored: without('risk') },
  appliesUpTo: { ignored: without('appliesUpTo'), exclusive: changed('appliesUpTo', justBelow) },
  appliesAbove: { ignored: without('appliesAbove'), inclusive: changed('appliesAbove', justBelow) },
  when: { ignored: without('when'), negated: changed('when', negated) },
  maxValue: { ignored: without('maxValue'), exclusive: changed('maxValue', justBelow) },
  predicate: { ignored: without('predicate'), negated: changed('predicate', negated) },
  limit: { ignored: without('limit') },
  expiresAt: {
    ignored: without('expiresAt'),
    later: changed('expiresAt', byMs(1)),
    earlier: changed('expiresAt', byMs(-1)),
  },
  escalation: { ignored: without('escalation') },
  decision: {
    'BLOCK as ALERT': deciding('BLOCK', 'ALERT'),
    'ALERT as ALLOW': deciding('ALERT', 'ALLOW'),
    'ALLOW as ALERT': deciding('ALLOW', 'ALERT'),
    'ALERT as BLOCK': deciding('ALERT', 'BLOCK'),
  },
};

const ESCALATION: Table<Terms> = {
  audience: { another: changed('audience', () => 'another') },
  quorum: { ignored: without('quorum') },
  ttlSeconds: { ignored: without('ttlSeconds') },
  mode: { ignored: without('mode') },
  reason: { ignored: without('reason') },
  selfApproval: { ignored: without('selfApproval') },
  denials: { ignored: without('denials') },
  remindEverySeconds: { ignored: without('remindEverySeconds') },
  escalateTo: {
    ignored: without('escalateTo'),
    another: changed('escalateTo', (to: NonNullable<Terms['escalateTo']>) => ({ ...to, audience: 'another' })),
    sooner: changed('escalateTo', (to: NonNullable<Terms['escalateTo']>) => ({ ...to, afterSeconds: 1 })),
  },
};

const LIMIT: Table<Limit> = {
  count: { 'one more': changed('count', (count: number) => count + 1) },
  total: { ignored: (limit) => ({ count: 1, ...without<Limit>('total')(limit) }) },
  per: { 'in hours': changed('per', (per: string) => `${Number.parseInt(per, 10)}h`) },
  by: { 'by tenant': changed('by', () => 'tenant' as const), 'by tool': changed('by', () => 'tool' as const) },
};

const GRANT: Table<Grant> = {
  operator: { another: changed('operator', (name: string) => (name === 'o' ? 'p' : 'o')) },
  tools: { all: changed('tools', () => ['*:*']), none: changed('tools', () => []) },
  sources: 'decides who may act on an event, before any policy is asked',
};

const PERMISSIONS: Table<Permissions> = {
  mode: {
    'all open': changed('mode', () => 'open' as const),
    'strict as cautious': changed('mode', (mode: Permissions['mode']) => (mode === 'strict' ? 'cautious' : mode)),
    'readonly as strict': changed('mode', (mode: Permissions['mode']) => (mode === 'readonly' ? 'strict' : mode)),
  },
  overrides: { ignored: without('overrides') },
};

const APPROVAL_RULE: Table<Escalations['approvalRules'][number]> = {
  pattern: { any: changed('pattern', () => '*') },
  audience: { another: changed('audience', () => 'another') },
  reason: { ignored: without('reason') },
  ttlSeconds: { ignored: without('ttlSeconds') },
};

const AUDIENCE: Table<Escalations['audiences'][string]> = {
  quorum: { ignored: without('quorum') },
  ttlSeconds: { ignored: without('ttlSeconds') },
  mode: { ignored: without('mode') },
  selfApproval: { ignored: without('selfApproval') },
  denials: { ignored: without('denials') },
  remindEverySeconds: { ignored: without('remindEverySeconds') },
  escalateTo: { ignored: without('escalateTo') },
  refuseUnverified: { ignored: without('refuseUnverified') },
};

const DEFAULTS: Table<Escalations['defaults']> = {
  audience: { ignored: without('audience') },
  ...(AUDIENCE as unknown as Omit<Table<Escalations['defaults']>, 'audience'>),
};

const ESCALATIONS: Table<Escalations> = {
  defaults: { ignored: (holder) => ({ ...holder, defaults: {} as Escalations['defaults'] }) },
  audiences: { ignored: changed('audiences', () => ({})) },
  approvalRules: { ignored: changed('approvalRules', () => []) },
};

const TENANT: Table<TenantPolicies> = {
  tenant: 'its rules are looked up by it before anything is scored',
  policies: { ignored: changed('policies', () => []) },
  grants: { ignored: without('grants') },
  escalations: {
    ignored: changed('escalations', () => ({
      defaults: {} as Escalations['defaults'],
      audiences: {},
      approvalRules: [],
    })),
  },
  hooks: 'they are functions: their laws are told of in before-hooks.test.ts',
  permissions: { ignored: changed('permissions', () => ({})) },
  connectors: { all: changed('connectors', () => ['m', 's']) },
  version: 'is cited, and decides nothing',
};

const TOOL: Table<Tool> = {
  risk: {
    'all write': changed('risk', () => 'write' as const),
    'destructive as write': changed('risk', (risk: Tool['risk']) => (risk === 'read' ? 'read' : 'write')),
    'write as read': changed('risk', (risk: Tool['risk']) => (risk === 'write' ? 'read' : risk)),
  },
  args: { ignored: without('args') },
  value: { ignored: without('value') },
  entityKey: { ignored: without('entityKey') },
  command: { ignored: without('command') },
  secretArgs: 'masks what is told of a decision; tested with what is told',
  idempotent: 'decides how it is run',
  timeoutMs: 'decides how it is run',
  retry: 'decides how it is run',
  settleDelayMs: 'decides how it is run',
  entity: {
    ignored: without('entity'),
    'of another path': changed('entity', (entity: NonNullable<Tool['entity']>) => ({ ...entity, id: 'n' })),
  },
  whenIndeterminate: 'decides how it is run',
};

const LINE: Table<PlannedAction> = {
  connector: { another: changed('connector', other) },
  tool: { another: changed('tool', (name: string) => (name === 'a.x' ? 'a.y' : 'a.x')) },
  args: { none: changed('args', () => ({})) },
  value: { ignored: without('value'), more: changed('value', (value: number) => value + 1) },
  entity_key: { another: changed('entity_key', () => 'another') },
  idempotency_key: { another: changed('idempotency_key', () => 'another') },
};

const ENV: Table<EventEnvelope> = {
  id: { another: changed('id', () => 'another') },
  source: { another: changed('source', () => 'another') },
  type: { another: changed('type', () => 'another') },
  time: { ignored: without('time') },
  subject: { ignored: without('subject') },
  signed: { none: changed('signed', () => 'none' as const) },
  typeSigned: { negated: changed('typeSigned', (yes: boolean) => !yes) },
  rootId: { ignored: without('rootId') },
  annotations: { ignored: without('annotations') },
  data: { none: changed('data', () => null as unknown) },
  digest: { ignored: without('digest') },
  entity: {
    ignored: without('entity'),
    'of another': changed('entity', (known: EntitySnapshot) => ({ ...known, id: 'another' })),
    'without its data': changed('entity', (known: EntitySnapshot) => ({ ...known, data: {} })),
  },
};

const PROPOSED: Table<Proposed> = {
  line: 'by its fields, below',
  operator: { another: changed('operator', (name: string) => (name === 'o' ? 'p' : 'o')) },
  env: 'by its fields, below',
};

const WRITTEN: Table<Written> = {
  tenant: 'by its fields, below',
  tools: 'by a tool’s fields, below',
  now: {
    later: changed('now', (now: Date) => new Date(now.getTime() + 1)),
    earlier: changed('now', (now: Date) => new Date(now.getTime() - 1)),
  },
  lines: 'by their fields, below',
};

function mutants<T>(
  of: string,
  table: Table<T>,
  within: (given: Written, mutate: (holder: T) => T) => Written,
): Mutant[] {
  return Object.entries<Table<T>[keyof T]>(table).flatMap(([field, made]) =>
    typeof made === 'string'
      ? []
      : Object.entries(made).map(([how, mutate]) => ({
          name: `${of} ${field}: ${how}`,
          mutate: (given: Written) => within(given, mutate),
        })),
  );
}

const inTenant = (given: Written, mutate: (tenant: TenantPolicies) => TenantPolicies): Written => ({
  ...given,
  tenant: mutate(given.tenant),
});
const inEscalations = (given: Written, mutate: (escalations: Escalations) => Escalations): Written =>
  inTenant(given, changed('escalations', mutate));
const inPolicies = (given: Written, mutate: (policy: TrustPolicy) => TrustPolicy): Written =>
  inTenant(
    given,
    changed('policies', (policies: readonly TrustPolicy[]) => policies.map(mutate)),
  );
const inLines = (given: Written, mutate: (proposed: Proposed) => Proposed): Written => ({
  ...given,
  lines: given.lines.map(mutate),
});
const mapped = <T>(values: Readonly<Record<string, T>>, mutate: (value: T) => T): Record<string, T> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, mutate(value)]));
const isLine = (line: unknown): line is PlannedAction => typeof line === 'object' && line !== null;

export const MUTANTS: readonly Mutant[] = [
  ...mutants('the question’s', WRITTEN, (given, mutate) => mutate(given)),
  ...mutants('the tenant’s', TENANT, inTenant),
  ...mutants('a policy’s', POLICY, inPolicies),
  ...mutants('an escalation’s', ESCALATION, (given, mutate) => inPolicies(given, changed('escalation', mutate))),
  ...mutants('a limit’s', LIMIT, (given, mutate) => inPolicies(given, changed('limit', mutate))),
  ...mutants('a grant’s', GRANT, (given, mutate) =>
    inTenant(
      given,
      changed('grants', (grants: readonly Grant[]) => grants.map(mutate)),
    ),
  ),
  ...mutants('permissions’', PERMISSIONS, (given, mutate) =>
    inTenant(
      given,
      changed('permissions', (all: TenantPolicies['permissions']) => mapped(all, mutate)),
    ),
  ),
  ...mutants('escalations’', ESCALATIONS, inEscalations),
  ...mutants('an approval rule’s', APPROVAL_RULE, (given, mutate) =>
    inEscalations(given, (all) => ({ ...all, approvalRules: all.approvalRules.map(mutate) })),
  ),
  ...mutants('an audience’s', AUDIENCE, (given, mutate) =>
    inEscalations(given, (all) => ({ ...all, audiences: mapped(all.audiences, mutate) })),
  ),
  ...mutants('the defaults’', DEFAULTS, (given, mutate) =>
    inEscalations(given, (all) => ({ ...all, defaults: mutate(all.defaults) })),
  ),
  ...mutants('a tool’s', TOOL, (given, mutate) => ({
    ...given,
    tools: mapped(given.tools, (own) => mapped(own, mutate)),
  })),
  ...mutants('a proposal’s', PROPOSED, inLines),
  ...mutants('a line’s', LINE, (given, mutate) =>
    inLines(given, (proposed) => (isLine(proposed.line) ? { ...proposed, line: mutate(proposed.line) } : proposed)),
  ),
  ...mutants('the event’s', ENV, (given, mutate) => inLines(given, changed('env', mutate))),
];
