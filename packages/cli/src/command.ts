import type { HoldpointClient } from '@holdpoint/sdk/client';
import type { OptionName, Values } from './command-line.ts';
import type { Connection } from './connection.ts';
import type { Table } from './table.ts';

/** What a command found: as data for `--json`, and as a person reads it. */
export interface Answer {
  readonly data: unknown;
  readonly fields?: readonly (readonly [string, string])[];
  /** Paragraphs, between the fields and the table; lines end where theirs do. */
  readonly text?: readonly string[];
  readonly table?: Table;
  readonly note?: string;
  /** In place of all else: written as they are. */
  readonly bytes?: Uint8Array;
  /** What was looked at does not hold: the exit code is 1, so that a script notices. */
  readonly failed?: boolean;
}

export interface LocalInvocation {
  /** What stands behind the command's own words. */
  readonly words: readonly string[];
  readonly values: Values;
  /** The folder in which the command was typed. */
  readonly typedIn: string;
}

export interface Invocation extends LocalInvocation {
  readonly client: HoldpointClient;
  readonly connection: Connection;
}

interface CommandShape {
  readonly options: readonly OptionName[];
  /** Names of the words it wants behind its own: `ID`, `[ID]` where it may be left out, `ID…` for one or more. */
  readonly words: readonly string[];
}

/** Asks the services. */
export interface Command extends CommandShape {
  run(invocation: Invocation): Promise<Answer>;
}

/** Works on files alone: nothing needs to run. */
export interface LocalCommand extends CommandShape {
  runLocally(invocation: LocalInvocation): Promise<Answer>;
}

export interface FollowingInvocation extends Invocation {
  /** One thing that happened: as data for `--json`, one line each, and as a person reads it. */
  readonly tell: (data: unknown, line: string) => void;
  /** What goes wrong meanwhile, beside what is told. */
  readonly warn: (line: string) => void;
  /** Aborts when the person at the keyboard has seen enough. */
  readonly signal: AbortSignal;
}

/** Tells what happens as it happens, until it is interrupted: exit code 0. */
export interface FollowingCommand extends CommandShape {
  follow(invocation: FollowingInvocation): Promise<void>;
}

export type AnyCommand = Command | LocalCommand | FollowingCommand;
