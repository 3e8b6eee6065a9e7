import { parseArgs } from 'node:util';
import { UsageError } from './usage.ts';

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

const OPTIONS = {
  help: { ...flag, short: 'h' },
  json: flag,
  as: text,
  url: text,
  key: text,
  token: text,
  data: text,
  limit: text,
  cursor: text,
  pending: flag,
  status: text,
  audience: text,
  comment: text,
  reason: text,
  state: text,
  entity: text,
  operator: text,
  action: text,
  plan: text,
  kind: text,
  since: text,
  until: text,
  source: text,
  type: text,
  batch: text,
  raw: flag,
  fresh: flag,
  'dry-run': flag,
  wait: text,
  workspace: text,
  tenant: text,
  candidate: text,
  tool: text,
  connector: text,
  lifted: flag,
  grants: text,
  mine: flag,
  session: text,
  approval: text,
  arg: { ...text, multiple: true },
  'max-value': text,
  uses: text,
  active: flag,
  where: text,
  'order-by': text,
  together: flag,
  nats: text,
} as const;

export type OptionName = keyof typeof OPTIONS;
export type Values = ReturnType<typeof parse>['values'];

/** Options that any command takes: how to reach the services, and how to show what they say. */
const EVERYWHERE: readonly OptionName[] = ['help', 'json', 'as', 'url', 'key', 'token', 'data'];

export interface CommandLine {
  readonly words: readonly string[];
  readonly values: Values;
}

/** @throws {UsageError} */
export function readCommandLine(args: readonly string[]): CommandLine {
  try {
    const { values, positionals } = parse(args);
    return { words: positionals, values };
  } catch (error) {
    throw new UsageError((error as Error).message.split('\n')[0]?.split('. ')[0] ?? 'not understood');
  }
}

/** An option that the command would ignore is a mistake, not a wish. */
export function refuseStrangers(values: Values, own: readonly OptionName[]): void {
  const stranger = (Object.keys(values) as OptionName[]).find((name) => ![...EVERYWHERE, ...own].includes(name));
  if (stranger !== undefined) throw new UsageError(`--${stranger} is no option of this command`);
}

export function numberOf(values: Values, name: 'limit' | 'wait' | 'grants' | 'uses'): number | undefined {
  const given = values[name];
  if (given === undefined) return undefined;
  if (!/^[0-9]{1,6}$/.test(given)) throw new UsageError(`--${name} must be a whole number`);
  return Number(given);
}

/** One of a closed set. */
export function oneOf<const T extends string>(
  values: Values,
  name: 'status' | 'kind' | 'state',
  known: readonly T[],
): T | undefined {
  const given = values[name];
  if (given === undefined) return undefined;
  const found = known.find((one) => one === given);
  if (found === undefined) throw new UsageError(`--${name} must be one of ${known.join(', ')}`);
  return found;
}

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], strict: true, allowPositionals: true, options: OPTIONS });
}
