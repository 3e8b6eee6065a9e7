import { isDeepStrictEqual } from 'node:util';
import { digestOf } from '@holdpoint/shared/domain/digest';
import { entityIdIn } from '@holdpoint/shared/domain/entity';
import { replaceSecrets } from '@holdpoint/shared/domain/secret-args';
import type { Tool } from '@holdpoint/shared/domain/tool';
import { parseArgs } from '../parse-args.ts';
import { REPEATS, type Repeats } from '../report.ts';
import type { ToolTrial } from '../spec.ts';
import { type Finding, failed, passed } from '../subject.ts';

type Args = Readonly<Record<string, unknown>>;

/** What a tool declares, by the arguments of its trial. Nothing is called. */
export function checkStatic(tool: Tool, trial: ToolTrial, repeats: Repeats): Finding[] {
  const parsed = parseArgs(tool, trial.args);
  if ('refused' in parsed) return [failed(`its schema refuses the args of its trial: ${parsed.refused}`)];
  const { args } = parsed;
  const faults = [
    ...schemaFaults(tool, trial, args),
    ...functionFault(
      'value',
      tool.value,
      args,
      (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
    ),
    ...functionFault('entityKey', tool.entityKey, args, (key) => typeof key === 'string' && key !== ''),
    ...functionFault('command', tool.command, args, (command) => typeof command === 'string'),
    ...secretFaults(tool, args),
    ...entityFault(tool, args),
  ];
  if (faults.length > 0) return faults.map((fault) => failed(fault));
  const keyless = tool.risk !== 'read' && !tool.entityKey;
  return [
    passed({
      why: [
        `where it may have happened: ${REPEATS[repeats]}`,
        ...(keyless ? ['it declares no entityKey, so that whoever proposes it must give one'] : []),
      ].join('; '),
    }),
  ];
}

function schemaFaults(tool: Tool, { invalid, rejected }: ToolTrial, args: Args): string[] {
  const again = parseArgs(tool, args);
  const refused = rejected && parseArgs(tool, rejected);
  return [
    // They are parsed once more when an action is scored again.
    ...(!('args' in again) || !isDeepStrictEqual(again.args, args)
      ? ['its schema makes something else of arguments that it has parsed already']
      : []),
    ...(isJson(args) ? [] : ['its schema makes something of the arguments that is not JSON']),
    ...(tool.args && invalid.length === 0 ? ['its trial has no args that its schema refuses (invalid)'] : []),
    ...invalid
      .filter((one) => 'args' in parseArgs(tool, one))
      .map((one) => `its schema takes args that its trial calls invalid: ${JSON.stringify(one)}`),
    ...(refused && 'refused' in refused
      ? [`its schema refuses the rejected args of its trial: ${refused.refused}`]
      : []),
  ];
}

function isJson(args: Args): boolean {
  try {
    digestOf(args);
    return isDeepStrictEqual(JSON.parse(JSON.stringify(args)), args);
  } catch {
    return false;
  }
}

const WANTED = {
  value: 'a finite number of 0 or more',
  entityKey: 'a text that is not empty',
  command: 'a text',
} as const;

function functionFault(
  name: keyof typeof WANTED,
  of: ((args: never) => unknown) | undefined,
  args: Args,
  fits: (answer: unknown) => boolean,
): string[] {
  if (!of) return [];
  try {
    const [one, other] = [of(structuredClone(args) as never), of(structuredClone(args) as never)];
    if (!fits(one)) return [`its ${name} gives ${String(one)} for ${WANTED[name]}`];
    return one === other
      ? []
      : [`its ${name} gives ${String(one)} once and ${String(other)} then for the same arguments`];
  } catch (error) {
    return [`its ${name} throws: ${error instanceof Error ? error.message : String(error)}`];
  }
}

function secretFaults({ secretArgs = [] }: Tool, args: Args): string[] {
  return secretArgs
    .filter((path) => {
      let found = 0;
      replaceSecrets(args, [path], () => {
        found += 1;
      });
      return found === 0;
    })
    .map((path) => `the args of its trial have nothing at ${path}, which secretArgs names`);
}

function entityFault({ entity }: Tool, args: Args): string[] {
  if (!entity) return [];
  if (entityIdIn(args, entity) !== null) return [];
  return [`the args of its trial have no text or number at ${entity.id}, where the id of its entity stands`];
}
