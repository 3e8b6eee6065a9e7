import { handStray } from '@holdpoint/calls/connector-scope';
import {
  CHECKS,
  type Check,
  type CheckName,
  type ConformanceReport,
  failureLine,
  type Trouble,
} from '@holdpoint/conformance/report';
import { runConformance } from '@holdpoint/conformance/run-conformance';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { Answer, LocalCommand } from '../command.ts';
import { workspaceDir } from '../connection.ts';
import { type LocalConnector, loadLocalConnectors } from '../local-connectors.ts';

/** Tries connectors against stand-ins of their remote systems. Nothing leaves the machine, as far as they use `ctx.fetch`. */
export const connectorsTest: LocalCommand = {
  options: ['workspace', 'tool'],
  words: ['[NAME]…'],
  async runLocally({ values, words, typedIn }) {
    const found = await loadLocalConnectors(workspaceDir(values, typedIn), words);
    const { tool } = values;
    const tried = tool === undefined ? found : found.filter(({ tools }) => Object.hasOwn(tools.tools, tool));
    if (tried.length === 0)
      throw new HoldpointError('INVALID_REQUEST', tool ? `no connector has ${tool}` : 'no connector');
    const reports = await withStraysHeld(async () => {
      const reports: ConformanceReport[] = [];
      for (const one of tried) reports.push(await runConformance({ ...one, tool }));
      return reports;
    });
    return answerOf(tried, reports);
  },
};

/** An error that a connector leaves behind belongs to its trial, and must not end the others. */
async function withStraysHeld<T>(run: () => Promise<T>): Promise<T> {
  const onStray = (error: unknown) => {
    if (!handStray(error)) throw error;
  };
  process.on('uncaughtException', onStray).on('unhandledRejection', onStray);
  try {
    return await run();
  } finally {
    process.off('uncaughtException', onStray).off('unhandledRejection', onStray);
  }
}

function answerOf(tried: readonly LocalConnector[], reports: readonly ConformanceReport[]): Answer {
  const failed = reports.flatMap(({ checks }) => checks.filter(({ verdict }) => verdict === 'failed'));
  const checks = reports.flatMap((report) => report.checks).filter(({ verdict }) => verdict === 'passed');
  const bare = tried.filter(({ spec }) => !spec).map(({ name }) => name);
  return {
    data: { connectors: reports, passed: failed.length === 0 },
    text: reports.flatMap(failuresOf),
    table: {
      head: ['', 'CONNECTOR', 'TOOL', 'REPEATS', ...COLUMNS.map(([head]) => head)],
      rows: reports.flatMap((report) => rowsOf(report, !bare.includes(report.connector))),
      none: 'no tool',
    },
    note: [
      failed.length === 0
        ? `${checks.length} checks, all hold`
        : `${failed.length} of ${failed.length + checks.length} checks fail`,
      ...(bare.length > 0
        ? [`only declarations were looked at, for want of a conformance.ts: ${bare.join(', ')}`]
        : []),
      'columns: what becomes of an action whose call was met so, before / after its effect',
    ].join('\n'),
    failed: failed.length > 0,
  };
}

/** What to do about a check that fails. */
const REMEDIES = {
  static: 'make tools.ts, run.ts and conformance.ts agree',
  answers: 'return plain JSON of at most 256 KiB, and send what has an effect once',
  repeats: 'send ctx.idempotencyKey with every request that has an effect, or declare no idempotent',
  refusals:
    'throw RateLimited(seconds) for a 429, Terminal for another 4xx, and let errors of ctx.fetch pass as a cause',
  unknowns: 'throw Unknown for all that leaves open what happened: no answer, a 5xx, an answer that cannot be read',
  reconcile: "answer 'unknown', or throw, wherever the remote system's answer proves neither",
  abort: 'give ctx.signal to every request and wait, and begin nothing after it',
  budget:
    'call ctx.rest(seconds) where the headers say that nothing is left; or say why not in `without: { exhausted }`',
  secrets: "say what failed in words of your own; of the remote system's words take none that repeat the request",
  reads: 'declare the risk that it has, or keep it from writing',
} as const satisfies Record<CheckName, string>;

function failuresOf({ connector, checks }: ConformanceReport): string[] {
  return (Object.keys(CHECKS) as CheckName[]).flatMap((name) => {
    const failed = checks.filter(({ check, verdict }) => check === name && verdict === 'failed');
    if (failed.length === 0) return [];
    return [
      [
        `${connector} FAILS ${name}: ${CHECKS[name]}`,
        ...failed.map((one) => `  ${failureLine(one)}`),
        `  → ${REMEDIES[name]}`,
      ].join('\n'),
    ];
  });
}

const COLUMNS: readonly (readonly [head: string, ...troubles: Trouble[]])[] = [
  ['ERROR', 'error_before', 'error_after'],
  ['SILENCE', 'silence_before', 'silence_after'],
  ['RESET', 'reset_before', 'reset_after'],
  ['CUT SHORT', 'cut_short'],
  ['GARBLED', 'garbled'],
  ['WORKER LOST', 'lost_before', 'lost_after'],
];

function rowsOf({ connector, tools, checks }: ConformanceReport, called: boolean): string[][] {
  return tools.map(({ tool, repeats }) => {
    const own = checks.filter((one) => one.tool === tool || one.tool === null);
    const verdict = own.some((one) => one.verdict === 'failed') ? 'FAILS' : called ? 'holds' : 'loads';
    return [verdict, connector, tool, repeats, ...COLUMNS.map(([, ...troubles]) => cellOf(own, troubles))];
  });
}

function cellOf(checks: readonly Check[], troubles: readonly Trouble[]): string {
  const cells = troubles.map((trouble) => {
    const found = checks.find((one) => one.check === 'unknowns' && one.trouble === trouble);
    if (!found || found.verdict === 'skipped') return '–';
    const outcome = found.outcome === 'indeterminate' ? 'person' : (found.outcome ?? '?');
    return found.verdict === 'failed' ? `${outcome}!` : outcome;
  });
  return new Set(cells).size === 1 ? (cells[0] ?? '') : cells.join(' / ');
}
