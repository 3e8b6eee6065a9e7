import type { EntitySnapshot } from '@holdpoint/shared/domain/entity';
import { type EventEnvelope, SIGNED } from '@holdpoint/shared/domain/event';
import { LIMIT_DIMENSIONS, RISKS, type TrustPolicy } from '@holdpoint/shared/domain/policy';
import type { Grant, Tool, ToolCatalog } from '@holdpoint/shared/domain/tool';
import type { TenantPolicies } from '@holdpoint/shared/workspace/tenant-policies';
import fc from 'fast-check';
import type { Rules, WrittenPolicy } from './naive-policies.ts';
import { type Twins, twins } from './random-condition.ts';

/** Everything that a decision depends on. */
export interface RandomCase {
  readonly policies: readonly Sketch[];
  readonly rest: Omit<Rules, 'policies'>;
  readonly tools: ToolCatalog;
  readonly now: Date;
  /** Asked one after another: what was asked before must not matter. */
  readonly lines: readonly Proposed[];
}

export interface Proposed {
  readonly line: unknown;
  readonly operator: string;
  readonly env: EventEnvelope;
}

/** A policy before it is known who will read its conditions. */
export interface Sketch {
  readonly policy: Omit<TrustPolicy, 'id' | 'when' | 'predicate'>;
  readonly when?: Twins | undefined;
  readonly predicate?: Twins | undefined;
}

/** As its author wrote it. */
export function toTenant({ policies, rest }: RandomCase): TenantPolicies {
  const { approvalRules, audiences, defaults, ...others } = rest;
  return {
    ...others,
    tenant: 't',
    hooks: [],
    version: 'v',
    policies: policies.map(({ policy, when, predicate }, index) => ({
      ...policy,
      id: `p${index}`,
      ...(when && { when: when.written }),
      ...(predicate && { predicate: predicate.written }),
    })),
    escalations: { approvalRules, audiences, defaults: defaults as TenantPolicies['escalations']['defaults'] },
  };
}

/** As `naiveEvaluate` reads it. */
export function toRules({ policies, rest }: RandomCase): Rules {
  return {
    ...rest,
    policies: policies.map(
      ({ policy, when, predicate }, index): WrittenPolicy => ({
        ...policy,
        id: `p${index}`,
        ...(when && { when: when.says }),
        ...(predicate && { predicate: predicate.says }),
      }),
    ),
  };
}

/** Worlds so small that what is drawn meets all the time. */
const CONNECTORS = ['m', 's'];
const TOOLS = ['a.x', 'a.y', 'b.x', 'a.b.x', 'run'];
const OPERATORS = ['o', 'p'];
const GLOBS = ['a.*', '*.x', '*', '*.*', '*.*.x', 'r*n', 'a.x', 'x'];
const NOW_MS = Date.parse('2026-06-01T00:00:00Z');

/** Present in `percent` of the draws. */
export function maybe<T>(arbitrary: fc.Arbitrary<T>, percent = 50): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: percent, arbitrary }, { weight: 100 - percent, arbitrary: fc.constant(undefined) });
}

/** Edges are where two readings differ. */
const amount = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 6 }) },
  fc.constantFrom(0.5, 2.5, 5e-324, Number.MAX_SAFE_INTEGER, 2 ** 53 + 2, 1e308),
);

const escalateTo = fc.record({
  audience: fc.constantFrom('desk', 'board'),
  afterSeconds: fc.integer({ min: 1, max: 3 }),
});

const escalation = fc.record({
  audience: fc.constantFrom('reviewer', 'desk', 'board'),
  quorum: maybe(fc.integer({ min: 1, max: 3 })),
  ttlSeconds: maybe(fc.integer({ min: 1, max: 3 })),
  mode: maybe(fc.constantFrom('hold' as const, 'alongside' as const)),
  selfApproval: maybe(fc.boolean()),
  denials: maybe(fc.integer({ min: 1, max: 3 })),
  remindEverySeconds: maybe(fc.integer({ min: 60, max: 62 })),
  escalateTo: maybe(escalateTo),
  reason: maybe(fc.constantFrom('why ${value}', '${name}', '${entity_key} ${args.n}', '${args.deep.er} ${nothing}')),
});

const limit = fc
  .record(
    {
      count: fc.integer({ min: 1, max: 3 }),
      total: amount,
      per: fc.constantFrom('1s', '90s', '2m', '24h', '1d', '30d'),
      by: fc.constantFrom(...LIMIT_DIMENSIONS),
    },
    { requiredKeys: ['per', 'by'] },
  )
  .map((drawn) => ('count' in drawn || 'total' in drawn ? drawn : { ...drawn, count: 1 }));

const sketch = fc.record({
  policy: fc.record({
    decision: fc.oneof(
      { weight: 4, arbitrary: fc.constant('ALLOW') },
      { weight: 4, arbitrary: fc.constant('ALERT') },
      { weight: 1, arbitrary: fc.constant('BLOCK') },
    ),
    connector: maybe(fc.constantFrom(...CONNECTORS)),
    tool: maybe(fc.constantFrom(...TOOLS), 20),
    tools: maybe(
      fc.oneof(fc.constantFrom(...GLOBS), fc.array(fc.constantFrom(...GLOBS), { minLength: 1, maxLength: 3 })),
      20,
    ),
    operator: maybe(fc.constantFrom(...OPERATORS), 20),
    risk: maybe(fc.constantFrom(...RISKS), 20),
    appliesUpTo: maybe(amount, 20),
    appliesAbove: maybe(amount, 20),
    maxValue: maybe(amount, 15),
    expiresAt: maybe(
      fc.integer({ min: -2, max: 2 }).map((ms) => new Date(NOW_MS + ms).toISOString()),
      20,
    ),
    limit: maybe(limit, 15),
    escalation: maybe(escalation),
  }),
  when: maybe(twins, 15),
  predicate: maybe(twins, 15),
}) as fc.Arbitrary<Sketch>;

type Args = { readonly n?: number; readonly id?: string };
const schemaOf = (validate: (args: unknown) => unknown) =>
  ({ '~standard': { version: 1, vendor: 'test', validate } }) as unknown as NonNullable<Tool['args']>;
const SCHEMAS = [
  schemaOf((args) => ({ value: args })),
  schemaOf((args) => ({ value: { n: 1, ...(args as Args) } })),
  schemaOf((args) => ((args as Args).n === undefined ? { issues: [{ message: 'n is missing' }] } : { value: args })),
  schemaOf((args) => ({ value: { ...(args as Args), id: 'set' } })),
  schemaOf(() => ({ value: { n: 2 ** 60 } })),
  schemaOf(() => Promise.resolve({ value: {} })),
  schemaOf(() => JSON.parse('{')),
  schemaOf(() => undefined),
];
const VALUES = [
  ({ n }: Args) => n as number,
  () => 2,
  () => -1,
  () => 2 ** 60,
  () => '2' as never,
  () => JSON.parse('{'),
  () => Promise.reject(new Error('late')) as never,
];
const ENTITIES = [({ id }: Args) => id as string, () => 'e:1', () => '', () => 7 as never, () => JSON.parse('{')];
const COMMANDS = [({ id }: Args) => `rm ${id}`, () => 'a.x', () => 7 as never, () => JSON.parse('{')];

/** The careful ones first: they are drawn more often. */
const mostly = <T>(from: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...from.slice(0, 2)) }, fc.constantFrom(...from));

const tool = fc.record({
  risk: fc.oneof({ weight: 5, arbitrary: fc.constantFrom('write', 'destructive') }, fc.constant('read')),
  args: maybe(mostly(SCHEMAS), 25),
  value: maybe(mostly(VALUES), 20),
  entityKey: maybe(mostly(ENTITIES), 20),
  command: maybe(mostly(COMMANDS), 30),
  entity: maybe(fc.constantFrom({ name: 'things', id: 'id' }, { name: 'things', id: 'n' }), 12),
}) as fc.Arbitrary<Tool>;

/** The same five names in both connectors, each with a tool of its own. */
const tools: fc.Arbitrary<ToolCatalog> = fc
  .array(tool, { minLength: CONNECTORS.length * TOOLS.length, maxLength: CONNECTORS.length * TOOLS.length })
  .map((drawn) =>
    Object.fromEntries(
      CONNECTORS.map((connector, at) => [
        connector,
        Object.fromEntries(TOOLS.map((name, index) => [name, drawn[at * TOOLS.length + index] as Tool])),
      ]),
    ),
  );

const grants: fc.Arbitrary<Grant[]> = fc.array(
  fc.record({
    operator: fc.constantFrom(...OPERATORS),
    tools: fc.array(
      fc
        .tuple(fc.constantFrom(...CONNECTORS, '*'), fc.constantFrom(...GLOBS))
        .map(([connector, glob]) => `${connector}:${glob}`),
      { maxLength: 3 },
    ),
  }),
  { maxLength: 3 },
);

const terms = fc.record(
  {
    quorum: fc.integer({ min: 1, max: 3 }),
    ttlSeconds: fc.integer({ min: 1, max: 3 }),
    mode: fc.constantFrom('hold' as const, 'alongside' as const),
    selfApproval: fc.boolean(),
    denials: fc.integer({ min: 1, max: 3 }),
    remindEverySeconds: fc.integer({ min: 60, max: 62 }),
    escalateTo,
    refuseUnverified: fc.boolean(),
  },
  { requiredKeys: [] },
);

const permissions = fc.dictionary(
  fc.constantFrom(...CONNECTORS),
  fc.record(
    {
      mode: fc.constantFrom('open' as const, 'cautious' as const, 'strict' as const, 'readonly' as const),
      overrides: fc.dictionary(
        fc.constantFrom(...TOOLS),
        fc.constantFrom('allow' as const, 'approve' as const, 'deny' as const),
        { maxKeys: 3 },
      ),
    },
    { requiredKeys: ['mode'] },
  ),
  { maxKeys: 1 },
);

const rest = fc.record({
  connectors: fc.oneof({ weight: 9, arbitrary: fc.constant(CONNECTORS) }, fc.constant(['m'])),
  grants: maybe(grants, 15),
  permissions: fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, permissions),
  approvalRules: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    fc.array(
      fc.record(
        {
          pattern: fc.constantFrom(...GLOBS, 'rm *', '*e:1'),
          audience: fc.constantFrom('reviewer', 'desk'),
          reason: fc.constantFrom('${name}', 'to see'),
          ttlSeconds: fc.integer({ min: 1, max: 3 }),
        },
        { requiredKeys: ['pattern', 'audience'] },
      ),
      { maxLength: 2 },
    ),
  ),
  audiences: fc.dictionary(fc.constantFrom('reviewer', 'desk'), terms, { maxKeys: 2 }),
  defaults: fc
    .tuple(terms, maybe(fc.constantFrom('desk', 'board')))
    .map(([stated, audience]) => (audience ? { ...stated, audience } : stated)),
}) as fc.Arbitrary<Omit<Rules, 'policies'>>;

const key = fc.constantFrom('e:1', 'e:2', 'k:2');
const goodLine = fc.record(
  {
    connector: fc.constantFrom(...CONNECTORS),
    tool: fc.constantFrom(...TOOLS),
    args: fc.record({ n: amount.filter(Number.isSafeInteger), id: key }, { requiredKeys: [] }),
    value: fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 0, max: 6 }) }, fc.constantFrom(-0, 2.5, 5e-324, 0.1)),
    entity_key: key,
    idempotency_key: key,
  },
  { requiredKeys: ['connector', 'tool', 'args', 'entity_key', 'idempotency_key'] },
);
const BROKEN: readonly Readonly<Record<string, unknown>>[] = [
  { connector: undefined },
  { connector: 'M' },
  { connector: 'x' },
  { connector: 'constructor' },
  { connector: '__proto__' },
  { tool: 7 },
  { tool: 'toString' },
  { tool: 'a x' },
  { args: undefined },
  { args: null },
  { args: [] },
  { args: { n: 2 ** 60 } },
  { args: { n: 'one' } },
  { args: { n: -0 } },
  { args: { n: null, deep: { er: [1, 'x'] } } },
  { args: { text: '\0' } },
  { args: { text: '\ud800' } },
  { args: { f: () => 1 } },
  { args: { u: undefined, id: 'e:2' } },
  { args: JSON.parse('{"__proto__": {"n": 1}}') },
  { value: undefined },
  { value: null },
  { value: '1' },
  { value: -1 },
  { value: Number.NaN },
  { value: Number.POSITIVE_INFINITY },
  { value: 2 ** 53 },
  { value: 2 ** 53 - 1 },
  { value: 1e308 },
  { entity_key: undefined },
  { entity_key: '' },
  { entity_key: 'é'.repeat(255) },
  { entity_key: 'x'.repeat(256) },
  { entity_key: 'a\nb' },
  { idempotency_key: undefined },
  { idempotency_key: 7 },
  { more: 1 },
];
const line: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 30, arbitrary: goodLine },
  {
    weight: 4,
    arbitrary: fc.tuple(goodLine, fc.constantFrom(...BROKEN)).map(([good, broken]) => ({ ...good, ...broken })),
  },
  fc.constantFrom(null, undefined, 7, 'line', [], {}, [1]),
);

const known: fc.Arbitrary<EntitySnapshot | null> = fc.oneof(
  fc.constant(null),
  fc.record({
    connector: fc.constantFrom(...CONNECTORS),
    name: fc.oneof({ weight: 9, arbitrary: fc.constant('things') }, fc.constant('others')),
    id: fc.constantFrom('e:1', 'e:2', 'k:2', '1'),
    data: fc.constantFrom<Record<string, unknown>>({}, { status: 'paid' }, { status: 'open' }),
    version: fc.constant(null),
    seenAt: fc.constant('2026-01-01T00:00:00Z'),
  }),
);

const env = fc.record(
  {
    id: fc.constantFrom('shop.t.1', ''),
    source: fc.constantFrom('shop', 'desk'),
    type: fc.constantFrom('paid', 'made', 'lost'),
    signed: fc.constantFrom(...SIGNED),
    typeSigned: fc.boolean(),
    data: fc.constantFrom<unknown>(null, {}, { amount: 2 }, { amount: 4.5 }, { amount: 'x' }, [1], 'text'),
    time: fc.constant('2026-01-01T00:00:00Z'),
    subject: fc.constant('s'),
    rootId: fc.constant('r'),
    annotations: fc.constant({ x: 'y' }),
    digest: fc.constant('d'),
    entity: known,
  },
  { requiredKeys: ['id', 'source', 'type', 'signed', 'typeSigned', 'data'] },
) as fc.Arbitrary<EventEnvelope>;

export const randomCase: fc.Arbitrary<RandomCase> = fc.record({
  policies: fc.array(sketch, { maxLength: 6 }),
  rest,
  tools,
  now: fc.constant(new Date(NOW_MS)),
  lines: fc.array(fc.record({ line, operator: fc.constantFrom(...OPERATORS), env }), { minLength: 1, maxLength: 4 }),
});
