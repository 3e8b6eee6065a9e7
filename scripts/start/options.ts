import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const USAGE = `npm start -- [--no-demo] [--workspace DIR] [--data DIR] [--reset] [--instances N]

  --no-demo         send no sample webhooks
  --workspace DIR   connectors, tenants and policies to run with (default: the example in workspace/)
  --data DIR        where state is kept between runs (default: .holdpoint/)
  --reset           forget what is kept there, then start
  --instances N     how many of each service, 1 to 8 (default: 1)`;

const INSTANCES_MAX = 8;

export interface StartOptions {
  readonly demo: boolean;
  /** Absolute. */
  readonly workspaceDir: string;
  /** Absolute. */
  readonly dataDir: string;
  readonly reset: boolean;
  readonly instances: number;
}

/** A command line that cannot be understood; the message is one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Where paths are looked for: as typed, from the folder in which they were typed; defaults, from the repository. */
export interface Folders {
  readonly root: string;
  readonly typedIn: string;
}

/** @throws {UsageError} at the first thing that is not an option or not its value; `help` where that is all that is asked */
export function readOptions(args: readonly string[], folders: Folders): StartOptions | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  return {
    demo: !values['no-demo'],
    workspaceDir: values.workspace ? resolve(folders.typedIn, values.workspace) : resolve(folders.root, 'workspace'),
    dataDir: values.data ? resolve(folders.typedIn, values.data) : resolve(folders.root, '.holdpoint'),
    reset: values.reset ?? false,
    instances: instancesOf(values.instances),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        'no-demo': { type: 'boolean' },
        workspace: { type: 'string' },
        data: { type: 'string' },
        reset: { type: 'boolean' },
        instances: { type: 'string' },
      },
    }).values;
  } catch (error) {
    const sentence = (error as Error).message.split('\n')[0]?.split('. ')[0] ?? 'not understood';
    throw new UsageError(`${sentence}; npm start -- --help lists the options`);
  }
}

function instancesOf(text: string | undefined): number {
  if (text === undefined) return 1;
  const count = Number(text);
  if (/^[0-9]{1,3}$/.test(text) && count >= 1 && count <= INSTANCES_MAX) return count;
  throw new UsageError(`--instances must be a whole number from 1 to ${INSTANCES_MAX}`);
}
