import type { EventEnvelope } from '@holdpoint/shared/domain/event';
import type { PlannedAction } from '@holdpoint/shared/domain/plan';
import type { Condition } from '@holdpoint/shared/domain/policy';
import fc from 'fast-check';

/** A condition as a policy holds it, and a function that says the same. */
export interface Twins {
  readonly written: Condition;
  readonly says: (action: PlannedAction, env: EventEnvelope) => unknown;
}

interface CelTwins {
  readonly text: string;
  readonly says: (action: PlannedAction, env: EventEnvelope) => boolean;
}

const absent = (what: string): never => {
  throw new Error(`${what} is absent`);
};
const amountOf = ({ value }: PlannedAction): number => value ?? absent('value');
const dataOf = ({ data }: EventEnvelope, key: string): unknown => {
  const known = typeof data === 'object' && data !== null && Object.hasOwn(data, key);
  return known ? (data as Record<string, unknown>)[key] : absent(key);
};
const entityOf = ({ entity }: EventEnvelope) => (entity === undefined ? absent('entity') : entity);
const numberOf = (found: unknown): number => (typeof found === 'number' ? found : absent('a number'));
const argOf = ({ args }: PlannedAction, key: string): unknown =>
  Object.hasOwn(args, key) ? (args as Record<string, unknown>)[key] : absent(key);

const COMPARISONS = {
  '<': (a: number, b: number) => a < b,
  '<=': (a: number, b: number) => a <= b,
  '>': (a: number, b: number) => a > b,
  '>=': (a: number, b: number) => a >= b,
  '==': (a: number, b: number) => a === b,
  '!=': (a: number, b: number) => a !== b,
} as const;
const ARITHMETIC = {
  '+': (a: number, b: number) => a + b,
  '-': (a: number, b: number) => a - b,
  '*': (a: number, b: number) => a * b,
  '/': (a: number, b: number) => a / b,
} as const;

/** Ints, doubles and unsigned ints: what is written differs, what is meant does not. */
const literal = fc
  .tuple(fc.integer({ min: 0, max: 9 }), fc.constantFrom('', '.0', '.5', 'u'))
  .map(([whole, rest]) => ({ text: `${whole}${rest}`, number: whole + (rest === '.5' ? 0.5 : 0) }));

interface Number {
  readonly text: string;
  readonly of: (action: PlannedAction, env: EventEnvelope) => number;
}

const number: fc.Arbitrary<Number> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Number>({ text: 'action.value', of: amountOf }) },
  fc.constant<Number>({ text: 'action.args.n', of: (action) => numberOf(argOf(action, 'n')) }),
  fc.constant<Number>({ text: 'env.data.amount', of: (_, env) => numberOf(dataOf(env, 'amount')) }),
);
const sum: fc.Arbitrary<Number> = fc
  .tuple(number, fc.constantFrom(...(Object.keys(ARITHMETIC) as (keyof typeof ARITHMETIC)[])), literal, fc.boolean())
  .map(([left, operator, right, turned]) => ({
    text: turned ? `${right.text} ${operator} ${left.text}` : `${left.text} ${operator} ${right.text}`,
    of: (action, env) => {
      const [a, b] = [left.of(action, env), right.number];
      return turned ? ARITHMETIC[operator](b, a) : ARITHMETIC[operator](a, b);
    },
  }));
const comparison: fc.Arbitrary<CelTwins> = fc
  .tuple(
    // `==` with a text in place of the number is false and not an error, so only what must be a number is compared so.
    fc.oneof(sum, fc.constant<Number>({ text: 'action.value', of: amountOf })),
    fc.constantFrom(...(Object.keys(COMPARISONS) as (keyof typeof COMPARISONS)[])),
    literal,
    fc.boolean(),
  )
  .map(([left, operator, right, turned]) => ({
    text: turned ? `${right.text} ${operator} ${left.text}` : `${left.text} ${operator} ${right.text}`,
    says: (action, env) => {
      const [a, b] = [left.of(action, env), right.number];
      return turned ? COMPARISONS[operator](b, a) : COMPARISONS[operator](a, b);
    },
  }));

const ATOMS: readonly CelTwins[] = [
  { text: 'true', says: () => true },
  { text: 'has(action.value)', says: ({ value }) => value !== undefined },
  { text: 'has(action.entity_key)', says: ({ entity_key }) => entity_key !== undefined },
  { text: 'has(action.args.n)', says: ({ args }) => Object.hasOwn(args, 'n') },
  { text: 'has(env.data.amount)', says: (_, { data }) => isObject(data) && Object.hasOwn(data, 'amount') },
  { text: 'action.connector == "m"', says: ({ connector }) => connector === 'm' },
  { text: 'action.tool.startsWith("a.")', says: ({ tool }) => tool.startsWith('a.') },
  { text: 'action.entity_key == "e:1"', says: ({ entity_key }) => (entity_key ?? absent('entity_key')) === 'e:1' },
  { text: 'action.idempotency_key.endsWith("2")', says: (action) => (action.idempotency_key ?? '').endsWith('2') },
  { text: 'env.id == "shop.t.1"', says: (_, { id }) => id === 'shop.t.1' },
  { text: 'env.source == "shop"', says: (_, { source }) => source === 'shop' },
  { text: 'env.type in ["paid", "made"]', says: (_, { type }) => type === 'paid' || type === 'made' },
  { text: 'env.signed != "none"', says: (_, { signed }) => signed !== 'none' },
  { text: 'has(env.time)', says: (_, { time }) => time !== undefined },
  { text: 'env.subject == "s"', says: (_, { subject }) => (subject ?? absent('subject')) === 's' },
  { text: '"r" == env.rootId', says: (_, { rootId }) => (rootId ?? absent('rootId')) === 'r' },
  { text: 'env.typeSigned', says: (_, { typeSigned }) => typeSigned },
  { text: 'has(env.entity)', says: (_, { entity }) => entity !== undefined },
  { text: 'env.entity == null', says: (_, env) => entityOf(env) === null },
  {
    text: 'has(env.entity.data.status) && env.entity.data.status == "paid"',
    says: (_, env) => (entityOf(env) ?? absent('what is known')).data.status === 'paid',
  },
  { text: 'action.value in [1, 2.0, 5]', says: (action) => [1, 2, 5].includes(amountOf(action)) },
];

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Either side may settle it, whatever the other does: so says CEL. */
function either(settles: boolean, sides: readonly (() => boolean)[]): boolean {
  const answers = sides.map((side) => {
    try {
      return side();
    } catch {
      return undefined;
    }
  });
  if (answers.includes(settles)) return settles;
  return answers.includes(undefined) ? absent('a side') : !settles;
}

const { cel } = fc.letrec<{ cel: CelTwins }>((tie) => ({
  cel: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 3, arbitrary: comparison },
    { weight: 3, arbitrary: fc.constantFrom(...ATOMS) },
    tie('cel').map(({ text, says }): CelTwins => ({ text: `!(${text})`, says: (action, env) => !says(action, env) })),
    fc.tuple(tie('cel'), fc.constantFrom('&&', '||'), tie('cel')).map(
      ([left, operator, right]): CelTwins => ({
        text: `(${left.text}) ${operator} (${right.text})`,
        says: (action, env) => either(operator === '||', [() => left.says(action, env), () => right.says(action, env)]),
      }),
    ),
    fc.tuple(tie('cel'), tie('cel'), tie('cel')).map(
      ([test, yes, no]): CelTwins => ({
        text: `(${test.text}) ? (${yes.text}) : (${no.text})`,
        says: (action, env) => (test.says(action, env) ? yes.says(action, env) : no.says(action, env)),
      }),
    ),
  ),
}));

export const celTwins: fc.Arbitrary<CelTwins> = cel;

/** Functions of authors, the careless too. */
const FUNCTIONS: readonly ((action: PlannedAction, env: EventEnvelope) => unknown)[] = [
  () => true,
  () => false,
  ({ value = 0 }) => value < 3,
  ({ args }) => (args as { n?: number }).n === 1,
  ({ entity_key }) => entity_key === 'e:1',
  ({ idempotency_key }) => idempotency_key === 'k:2',
  ({ connector, tool }) => connector === 'm' && tool !== 'a.y',
  (_, { source }) => source === 'shop',
  (_, { id, type }) => id === 'shop.t.1' || type === 'paid',
  (_, { signed, typeSigned }) => signed === 'body' && !typeSigned,
  (_, { data }) => (data as { amount: number }).amount > 2,
  (_, { annotations }) => annotations?.x === 'y',
  (_, { digest }) => digest === undefined,
  (_, { entity }) => entity === null || entity?.data.status === 'open',
  () => JSON.parse('{'),
  () => Promise.resolve(true),
  () => Promise.reject(new Error('late')),
  () => 1,
  () => undefined,
];

/** What it is shown is frozen: writing to it fails. */
const WRITING: Twins = {
  written: (action) => {
    (action as { value: number }).value = 0;
    return true;
  },
  says: () => absent('the right to write'),
};

/** Of text more often than of code: there is more of it to get wrong. */
export const twins: fc.Arbitrary<Twins> = fc.oneof(
  { weight: 20, arbitrary: cel.map(({ text, says }): Twins => ({ written: text, says })) },
  {
    weight: 10,
    arbitrary: fc.constantFrom(...FUNCTIONS).map((says): Twins => ({ written: says as Condition, says })),
  },
  { weight: 1, arbitrary: fc.constant(WRITING) },
);
