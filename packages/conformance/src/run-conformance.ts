import type { ToolsFile } from '@holdpoint/sdk/define';
import type { Tool } from '@holdpoint/shared/domain/tool';
import type { ConnectorRunner } from '@holdpoint/shared/workspace/connector-runner';
import { checkRunner } from '@holdpoint/shared/workspace/runners';
import { parseTools } from '@holdpoint/shared/workspace/tools';
import { WorkspaceError } from '@holdpoint/shared/workspace/workspace-error';
import { checkAbort } from './checks/abort.ts';
import { checkAnswers, type Plain } from './checks/answers.ts';
import { checkBudget } from './checks/budget.ts';
import { checkReads } from './checks/reads.ts';
import { checkReconcile } from './checks/reconcile.ts';
import { checkRefusals } from './checks/refusals.ts';
import { checkRepeats } from './checks/repeats.ts';
import { checkSecrets } from './checks/secrets.ts';
import { checkStatic } from './checks/static.ts';
import { checkUnknowns } from './checks/unknowns.ts';
import type { Check, CheckName, ConformanceReport } from './report.ts';
import type { ConformanceSpec } from './spec.ts';
import { createSubject, type Finding, failed, passed, repeatsOf, type Subject, skipped } from './subject.ts';

/** How long a call waits for a stand-in that is silent. */
const SILENCE_MS = 400;
/** Tools tried at once: most of their time is silence. */
const TOOLS_AT_ONCE = 4;

export interface ConformanceOptions {
  /** Of the connector, as its folder is called. */
  readonly name: string;
  readonly tools: ToolsFile;
  readonly runner: ConnectorRunner;
  /** Undefined: what needs a stand-in is skipped. */
  readonly spec: ConformanceSpec | undefined;
  /** This tool alone. */
  readonly tool?: string | undefined;
  /** How long a call waits for a stand-in that is silent; 400 ms unless told. */
  readonly timeoutMs?: number | undefined;
}

/** Tries every tool of a connector against stand-ins of its remote system, by the code that calls it in earnest. */
export async function runConformance(options: ConformanceOptions): Promise<ConformanceReport> {
  const { name, tools, runner, spec } = options;
  const faults = declarationFaults(options);
  if (faults.length > 0) {
    return reportOf(
      name,
      [],
      faults.map((why) => ({ tool: null, check: 'static', ...failed(why) })),
    );
  }
  const chosen = Object.entries(tools.tools).filter(([one]) => options.tool === undefined || one === options.tool);
  const told = chosen.map(([one, tool]) => ({ tool: one, risk: tool.risk, repeats: repeatsOf(tool, runner, one) }));
  if (!spec) {
    const why = `there is no connectors/${name}/conformance.ts, so that nothing was called`;
    return reportOf(name, told, [
      { tool: null, check: 'static', ...passed() },
      { tool: null, check: 'answers', ...skipped(why) },
    ]);
  }
  const checks = await inTurns(chosen, TOOLS_AT_ONCE, ([one, tool]) => tryTool(options, spec, one, tool));
  return reportOf(name, told, [{ tool: null, check: 'static', ...passed() }, ...checks.flat()]);
}

function reportOf(connector: string, tools: ConformanceReport['tools'], checks: readonly Check[]): ConformanceReport {
  return { connector, tools, checks, passed: checks.every(({ verdict }) => verdict !== 'failed') };
}

function declarationFaults({ name, tools, runner, spec, tool }: ConformanceOptions): string[] {
  try {
    parseTools(name, tools);
    checkRunner(name, tools.tools, runner);
  } catch (error) {
    if (!(error instanceof WorkspaceError)) throw error;
    return error.issues.map(({ file, path, reason }) => [file, path, reason].filter(Boolean).join(': '));
  }
  const declared = Object.keys(tools.tools);
  const tried = Object.keys(spec?.tools ?? {});
  return [
    ...(tool !== undefined && !declared.includes(tool) ? [`tools.ts declares no ${tool}`] : []),
    ...(spec
      ? declared.filter((one) => !tried.includes(one)).map((one) => `conformance.ts has no trial of ${one}`)
      : []),
    ...tried
      .filter((one) => !declared.includes(one))
      .map((one) => `tools.ts does not declare ${one}, which conformance.ts tries`),
  ];
}

async function tryTool(options: ConformanceOptions, spec: ConformanceSpec, name: string, tool: Tool): Promise<Check[]> {
  const { runner, tools } = options;
  const { entities = {} } = tools;
  const trial = spec.tools[name];
  if (!trial) return [];
  const checks: Check[] = [];
  const note = (check: CheckName, findings: readonly Finding[]) => {
    checks.push(...findings.map((finding) => ({ tool: name, check, ...finding })));
    return findings.every(({ verdict }) => verdict !== 'failed');
  };
  if (!note('static', checkStatic(tool, trial, repeatsOf(tool, runner, name)))) return checks;
  const silenceMs = options.timeoutMs ?? SILENCE_MS;
  const subject = createSubject({ connector: options.name, name, tool, runner, entities, spec, trial, silenceMs });
  const { findings, plain } = await checkAnswers(subject).catch((error: unknown) => ({
    findings: [brokeOff(error)],
    plain: undefined,
  }));
  note('answers', findings);
  // What does not answer where all is well has nothing to compare with.
  if (!plain) return checks;
  for (const [check, look] of TRIALS) {
    note(check, await look(subject, plain).catch((error: unknown) => [brokeOff(error)]));
  }
  return checks;
}

/** In this order; secrets last, for it looks at what was said in all others. */
const TRIALS = [
  ['repeats', checkRepeats],
  ['refusals', checkRefusals],
  ['unknowns', checkUnknowns],
  ['reconcile', checkReconcile],
  ['abort', checkAbort],
  ['budget', checkBudget],
  ['reads', checkReads],
  ['secrets', checkSecrets],
] as const satisfies readonly (readonly [CheckName, (subject: Subject, plain: Plain) => Promise<Finding[]>])[];

const brokeOff = (error: unknown): Finding =>
  failed(`the trial broke off: ${error instanceof Error ? error.message : String(error)}`);

async function inTurns<T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) results[index] = await work(items[index] as T);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
