import { canAsk } from '@holdpoint/calls/call-connector';
import type { EntityDeclaration } from '@holdpoint/shared/domain/entity';
import type { Tool } from '@holdpoint/shared/domain/tool';
import type { ConnectorRunner } from '@holdpoint/shared/workspace/connector-runner';
import { parseArgs } from './parse-args.ts';
import type { Check, Repeats } from './report.ts';
import type { ConformanceSpec, ToolTrial } from './spec.ts';

/** One line of the report, but for whose and which check it is. */
export type Finding = Omit<Check, 'tool' | 'check'>;

/** What a connector said while it was tried. */
export interface Said {
  readonly where: string;
  /** As it came from the connector, before anything is taken out of it. */
  readonly text: string;
}

/** One tool under trial. */
export interface Subject {
  readonly connector: string;
  readonly name: string;
  readonly tool: Tool;
  readonly trial: ToolTrial;
  /** The trial's arguments as the tool's schema gives them: what the platform calls with. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly runner: ConnectorRunner;
  /** Of the connector. */
  readonly entities: Readonly<Record<string, EntityDeclaration>>;
  readonly spec: ConformanceSpec;
  readonly repeats: Repeats;
  /** How long a call waits for a remote system that is silent. */
  readonly silenceMs: number;
  /** Grows with every trial. */
  readonly said: Said[];
}

export interface SubjectOptions {
  readonly connector: string;
  readonly name: string;
  readonly tool: Tool;
  readonly runner: ConnectorRunner;
  readonly entities: Readonly<Record<string, EntityDeclaration>>;
  readonly spec: ConformanceSpec;
  readonly trial: ToolTrial;
  readonly silenceMs: number;
}

/** @throws where the tool's schema refuses the trial's arguments; the static check has told that by then. */
export function createSubject(options: SubjectOptions): Subject {
  const { tool, trial, runner, name } = options;
  const parsed = parseArgs(tool, trial.args);
  if (!('args' in parsed)) throw new Error(`its schema refuses the args of its trial: ${parsed.refused}`);
  return { ...options, args: parsed.args, repeats: repeatsOf(tool, runner, name), said: [] };
}

export function repeatsOf(tool: Tool, runner: ConnectorRunner, name: string): Repeats {
  if (tool.risk === 'read') return 'read';
  if (tool.idempotent) return 'key';
  return canAsk(runner, name) ? 'asked' : 'person';
}

export const passed = (more: Omit<Finding, 'verdict'> = {}): Finding => ({ verdict: 'passed', ...more });
export const failed = (why: string, more: Omit<Finding, 'verdict' | 'why'> = {}): Finding => ({
  verdict: 'failed',
  why,
  ...more,
});
export const skipped = (why: string, more: Omit<Finding, 'verdict' | 'why'> = {}): Finding => ({
  verdict: 'skipped',
  why,
  ...more,
});
