import { z } from 'zod';
import { nameSchema, toolNameSchema } from './names.ts';
import { isPlainText, saidSchema } from './plain-text.ts';
import { MASK } from './secret-args.ts';

export const GRANT_USES_MAX = 100_000;
export const GRANT_MAX_DAYS = 366;
/** Active ones of one tenant; and of one class, which is what a decision may have to hold at once. */
export const GRANTS_OF_TENANT_MAX = 1_000;
export const GRANTS_OF_CLASS_MAX = 100;
const CONDITIONS_MAX = 20;
const IN_MAX = 50;
const TEXT_MAX_CHARS = 1_024;
const STEPS_MAX = 16;

const scalarSchema = z.union([
  z.string().max(TEXT_MAX_CHARS).refine(isPlainText, 'must not hold NUL or half characters'),
  z.number(),
  z.boolean(),
  z.null(),
]);
export type GrantScalar = z.infer<typeof scalarSchema>;

const pathSchema = z
  .string()
  .max(255)
  .refine(isPlainText, 'must not hold NUL or half characters')
  .refine((path) => {
    const steps = path.split('.');
    return steps.length <= STEPS_MAX && steps.every((step) => step !== '' && step !== '*');
  }, `must be up to ${STEPS_MAX} names with dots between them`);

/** What one argument must be: one value, one of some, or a number within bounds. */
export const grantConditionSchema = z
  .strictObject({
    path: pathSchema,
    equals: scalarSchema.optional(),
    in: z.array(scalarSchema).min(1).max(IN_MAX).optional(),
    min: z.number().optional(),
    max: z.number().optional(),
  })
  .refine((one) => {
    const bounded = one.min !== undefined || one.max !== undefined;
    return [one.equals !== undefined, one.in !== undefined, bounded].filter(Boolean).length === 1;
  }, 'must say one of equals, in, or min and max')
  .refine(({ min, max }) => min === undefined || max === undefined || min <= max, 'min must not be over max');
export type GrantCondition = z.infer<typeof grantConditionSchema>;

/** The actions that are meant: without conditions every call of the tool, without `max_value` of any value. */
export const grantClassSchema = z.strictObject({
  operator: nameSchema,
  connector: nameSchema,
  tool: toolNameSchema,
  args: z.array(grantConditionSchema).max(CONDITIONS_MAX).default([]),
  max_value: z.number().min(0).nullable().default(null),
});
export type GrantClass = z.infer<typeof grantClassSchema>;

/** `approval_id` gives operator, connector and tool where they are left out. */
export const grantRequestSchema = grantClassSchema
  .partial({ operator: true, connector: true, tool: true })
  .extend({
    approval_id: z.uuid().optional(),
    // What ended long ago may be no date that can be stored.
    until: z.iso.datetime({ offset: true }).refine((at) => Date.parse(at) > 0, 'is over already'),
    uses: z.number().int().min(1).max(GRANT_USES_MAX),
    reason: saidSchema(2_048),
  })
  .refine(
    (asked) => asked.approval_id !== undefined || (asked.operator && asked.connector && asked.tool),
    'must name operator, connector and tool, or an approval',
  );
export type GrantRequest = z.infer<typeof grantRequestSchema>;

/** A person's consent to actions of a class, given before they are proposed. Semantics §4. */
export const standingGrantSchema = grantClassSchema.extend({
  id: z.string(),
  tenant: z.string(),
  args: z.array(grantConditionSchema),
  max_value: z.number().nullable(),
  until: z.string(),
  uses: z.number().int(),
  uses_left: z.number().int(),
  /** The granter's when it was given: it counts for these and no others, whatever they belong to since. */
  audiences: z.array(z.string()),
  granted_by: z.string(),
  granted_by_name: z.string(),
  reason: z.string(),
  created_at: z.string(),
  revoked_at: z.string().nullable(),
  revoked_by: z.string().nullable(),
  last_used_at: z.string().nullable(),
});
export type StandingGrant = z.infer<typeof standingGrantSchema>;

/** An action as far as a grant looks at it; its arguments as people are shown them. */
export interface GrantedLine {
  readonly operator: string;
  readonly connector: string;
  readonly tool: string;
  readonly args: unknown;
  readonly value: number | null;
}

export function grantCovers(grant: GrantClass, line: GrantedLine): boolean {
  return (
    grant.operator === line.operator &&
    grant.connector === line.connector &&
    grant.tool === line.tool &&
    (grant.max_value === null || (line.value ?? 0) <= grant.max_value) &&
    grant.args.every((condition) => holds(condition, valueAt(line.args, condition.path)))
  );
}

/** Why it does not cover this line, a sentence for each condition that does not hold; none: it does. */
export function whyNotCovered(grant: GrantClass, line: GrantedLine): string[] {
  const names = (['operator', 'connector', 'tool'] as const).flatMap((name) =>
    grant[name] === line[name] ? [] : [`the ${name} is ${line[name]}, not ${grant[name]}`],
  );
  const value = line.value ?? 0;
  const over =
    grant.max_value !== null && value > grant.max_value ? [`the value ${value} is over ${grant.max_value}`] : [];
  const args = grant.args.flatMap((condition) => {
    const found = valueAt(line.args, condition.path);
    return holds(condition, found) ? [] : [sentenceOf(condition, found)];
  });
  return [...names, ...over, ...args];
}

/** Whether something at this path, or above it, is hidden from people: they cannot grant what they do not see. */
export function isSecretPath(path: string, secretArgs: readonly string[]): boolean {
  const steps = path.split('.');
  return secretArgs.some((secret) =>
    secret.split('.').every((step, index) => index < steps.length && (step === '*' || step === steps[index])),
  );
}

/** undefined: nothing is there, or nothing that people are shown. */
function valueAt(args: unknown, path: string): unknown {
  let found = args;
  for (const step of path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[step];
  }
  return found === MASK ? undefined : found;
}

function holds(condition: GrantCondition, found: unknown): boolean {
  if (found === undefined) return false;
  if (condition.equals !== undefined) return found === condition.equals;
  if (condition.in) return condition.in.some((one) => one === found);
  if (typeof found !== 'number') return false;
  return found >= (condition.min ?? -Infinity) && found <= (condition.max ?? Infinity);
}

function sentenceOf(condition: GrantCondition, found: unknown): string {
  const { path, min, max } = condition;
  if (found === undefined) return `${path} is missing or hidden`;
  const is = `${path} is ${shown(found)}`;
  if (condition.equals !== undefined) return `${is}, not ${shown(condition.equals)}`;
  if (condition.in) return `${is}, none of ${condition.in.length} values`;
  if (typeof found !== 'number') return `${is}, no number`;
  return max !== undefined && found > max ? `${is}, over ${max}` : `${is}, under ${min}`;
}

const SHOWN_MAX_CHARS = 80;

function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  const text = JSON.stringify(value);
  if (text.length <= SHOWN_MAX_CHARS) return text;
  // By code points: half of a character can be stored nowhere.
  return `${[...text].slice(0, SHOWN_MAX_CHARS).join('')}…`;
}
