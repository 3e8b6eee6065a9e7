import type { HoldpointClient } from '@holdpoint/sdk/client';
import type { OptionName, Values } from './command-line.ts';
import type { Connection } from './connection.ts';
import type { Table } from './table.ts';

/** What a command found: as data for `--json`, and as a person reads it. */
export interface Answer {
  readonly data: unknown;
  readonly fields?: readonly (readonly [string, string])[];
  readonly table?: Table;
  readonly note?: string;
  /** In place of all else: written as they are. */
  readonly bytes?: Uint8Array;
}

export interface Invocation {
  readonly client: HoldpointClient;
  readonly connection: Connection;
  /** What stands behind the command's own words. */
  readonly words: readonly string[];
  readonly values: Values;
  /** The folder in which the command was typed. */
  readonly typedIn: string;
}

export interface Command {
  readonly options: readonly OptionName[];
  /** Names of the words it wants behind its own: `ID`, or `[ID]` where it may be left out. */
  readonly words: readonly string[];
  run(invocation: Invocation): Promise<Answer>;
}
