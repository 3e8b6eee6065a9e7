import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { Answer, AnyCommand, FollowingCommand, LocalInvocation } from './command.ts';
import { type CommandLine, readCommandLine, refuseStrangers } from './command-line.ts';
import { action, actions, cancel, retry, settle } from './commands/actions.ts';
import { approvals, approvalsCancel, approvalsShow, comment, withdraw } from './commands/approvals.ts';
import { connectors } from './commands/connectors.ts';
import { connectorsNew } from './commands/connectors-new.ts';
import { connectorsTest } from './commands/connectors-test.ts';
import { entities } from './commands/entities.ts';
import { events, eventsShow } from './commands/events.ts';
import { explain } from './commands/explain.ts';
import { freeze, freezes, unfreeze } from './commands/freezes.ts';
import { grants, grantsCreate, grantsPreview, grantsRevoke, grantsShow } from './commands/grants.ts';
import { limits } from './commands/limits.ts';
import { natsConfig } from './commands/nats-config.ts';
import { plansSubmit } from './commands/plans.ts';
import { policies } from './commands/policies.ts';
import { policiesChanges } from './commands/policies-changes.ts';
import { policiesDiff } from './commands/policies-diff.ts';
import { policiesLint } from './commands/policies-lint.ts';
import { policiesReplay } from './commands/policies-replay.ts';
import { policiesSuggest } from './commands/policies-suggest.ts';
import { policiesTest } from './commands/policies-test.ts';
import { receipts } from './commands/receipts.ts';
import { replay } from './commands/replay.ts';
import { sources } from './commands/sources.ts';
import { subscriptions } from './commands/subscriptions.ts';
import { approve, deny } from './commands/votes.ts';
import { watch } from './commands/watch.ts';
import { openConnection } from './connection.ts';
import { printable } from './printable.ts';
import { renderFields, renderTable } from './table.ts';
import { USAGE, UsageError } from './usage.ts';

const COMMANDS: Readonly<Record<string, AnyCommand>> = {
  approvals,
  'approvals show': approvalsShow,
  'approvals cancel': approvalsCancel,
  approve,
  deny,
  withdraw,
  comment,
  watch,
  grants,
  'grants list': grants,
  'grants show': grantsShow,
  'grants preview': grantsPreview,
  'grants create': grantsCreate,
  'grants revoke': grantsRevoke,
  actions,
  action,
  explain,
  cancel,
  retry,
  settle,
  receipts,
  limits,
  freezes,
  freeze,
  unfreeze,
  connectors,
  'connectors new': connectorsNew,
  'connectors test': connectorsTest,
  'nats-config': natsConfig,
  'plans submit': plansSubmit,
  'policies changes': policiesChanges,
  policies,
  'policies diff': policiesDiff,
  'policies lint': policiesLint,
  'policies replay': policiesReplay,
  'policies suggest': policiesSuggest,
  'policies test': policiesTest,
  entities,
  events,
  'events show': eventsShow,
  replay,
  sources,
  subscriptions,
};

export interface Surroundings {
  readonly out: (text: string) => void;
  readonly outBytes: (bytes: Uint8Array) => void;
  readonly err: (text: string) => void;
  readonly dim: (text: string) => string;
  readonly typedIn: string;
  /** Asked for by what goes on until it is interrupted: aborts then. */
  readonly interrupted: () => AbortSignal;
}

/** Runs one command line. Resolves with the exit code: 0, 1 where it was refused or failed, 2 where it is no command. */
export async function runCommandLine(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { out, err, dim } = surroundings;
  try {
    const line = readCommandLine(args);
    if (line.values.help) {
      out(USAGE);
      return 0;
    }
    const answer = await runCommand(line, surroundings);
    if (answer === undefined) return 0;
    if (answer.bytes) surroundings.outBytes(answer.bytes);
    else out(line.values.json ? JSON.stringify(answer.data, null, 2) : rendered(answer, dim));
    return answer.failed ? 1 : 0;
  } catch (error) {
    if (error instanceof UsageError) {
      err(`${error.message}\nnpm run holdpoint -- --help lists the commands`);
      return 2;
    }
    err(error instanceof HoldpointError ? refusal(error) : `INTERNAL ${(error as Error).message}`);
    return 1;
  }
}

/** Undefined: all is told already. */
async function runCommand(line: CommandLine, surroundings: Surroundings): Promise<Answer | undefined> {
  const [name = '', ...rest] = line.words;
  const inTwoWords = `${name} ${rest[0] ?? ''}`;
  const command = own(inTwoWords) ?? own(name);
  if (command === undefined) throw new UsageError(name ? `there is no command ${name}` : 'no command');
  const words = own(inTwoWords) ? rest.slice(1) : rest;
  const needed = command.words.filter((word) => !word.startsWith('['));
  const many = command.words.at(-1)?.endsWith('…') === true;
  if (words.length < needed.length || (words.length > command.words.length && !many)) {
    throw new UsageError(`expected ${[own(inTwoWords) ? inTwoWords : name, ...command.words].join(' ')}`);
  }
  refuseStrangers(line.values, command.options);
  const invocation = { words, values: line.values, typedIn: surroundings.typedIn };
  if ('runLocally' in command) return command.runLocally(invocation);
  if ('follow' in command) return follow(command, invocation, surroundings);
  const connection = await openConnection(line.values, surroundings.typedIn);
  return command.run({ ...invocation, client: connection.client, connection });
}

async function follow(
  command: FollowingCommand,
  invocation: LocalInvocation,
  { out, err, typedIn, interrupted }: Surroundings,
): Promise<undefined> {
  const { values } = invocation;
  const connection = await openConnection(values, typedIn);
  await command.follow({
    ...invocation,
    client: connection.client,
    connection,
    tell: (data, text) => out(values.json ? JSON.stringify(data) : printable(text)),
    warn: (text) => err(printable(text)),
    signal: interrupted(),
  });
}

function own(name: string): AnyCommand | undefined {
  return Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
}

function rendered({ fields, text = [], table, note }: Answer, dim: (text: string) => string): string {
  const paragraphs = text.map((paragraph) => paragraph.split('\n').map(printable).join('\n'));
  return [fields && renderFields(fields, dim), ...paragraphs, table && renderTable(table, dim), note && dim(note)]
    .filter((part) => part !== undefined)
    .join('\n\n');
}

function refusal({ code, message, details }: HoldpointError): string {
  const issues = Array.isArray(details.issues) ? (details.issues as { path?: string; reason?: string }[]) : [];
  return [`${code} ${printable(message)}`, ...issues.map(({ path, reason }) => printable(`  ${path}: ${reason}`))].join(
    '\n',
  );
}
