import { resolve } from 'node:path';
import { createReplay, type Flip, type ReplayReport } from '@holdpoint/policy/replay/replay-report';
import { startReplaying } from '@holdpoint/rulebook/replay/start-replaying';
import type { DecisionRecord } from '@holdpoint/shared/domain/decision-record';
import type { Answer, Command } from '../command.ts';
import { numberOf } from '../command-line.ts';
import { workspaceDir } from '../connection.ts';
import { openRecords, stretchOf, tenantOf } from '../decision-records.ts';
import { loadLocalRules } from '../local-rules.ts';
import { duration } from './wording.ts';

const SHOWN = 50;
/** Findings of one kind in `--json`; counts go on beyond. */
const KEPT_MAX = 100_000;

export const policiesReplay: Command = {
  options: ['since', 'until', 'operator', 'candidate', 'workspace', 'tenant', 'limit'],
  words: [],
  async run({ client, values, typedIn }) {
    const stretch = stretchOf(values, '30d', Date.now());
    const records = await openRecords(client, { ...stretch, operator: values.operator });
    const whose = {
      workspaceDir: workspaceDir(values, typedIn),
      tenant: tenantOf(values, records.tenant),
      candidate: values.candidate === undefined ? undefined : resolve(typedIn, values.candidate),
    };
    const { policies } = await loadLocalRules(whose);
    const shown = numberOf(values, 'limit') ?? SHOWN;
    const replay = createReplay(policies.version, values.json ? KEPT_MAX : shown);
    const replaying = await startReplaying(whose);
    try {
      for await (const page of records.pages()) {
        const replayed = await replaying.replay(page);
        for (const [index, [one]] of replayed.entries()) replay.add(page[index] as DecisionRecord, one);
      }
    } finally {
      await replaying.stop();
    }
    return answerOf(replay.report(), stretch, shown);
  },
};

/** What people said no to, and what the same rules would decide otherwise, is for nobody to overlook: the command fails. */
function answerOf(report: ReplayReport, stretch: { since: string; until: string }, shown: number): Answer {
  const { flips, denied_would_run: denied, not_reproduced: unlike } = report;
  const loud = [
    ...denied.items.map((flip) => rowOf('DENIED BY PEOPLE', flip)),
    ...unlike.items.map((flip) => rowOf('NOT REPRODUCED', flip)),
  ];
  const known = new Set([...denied.items, ...unlike.items].map(({ action_id }) => action_id));
  const others = flips.items.filter(({ action_id }) => !known.has(action_id)).map((flip) => rowOf('', flip));
  const rows = [...loud, ...others].slice(0, shown);
  const left = denied.total + unlike.total + Math.max(0, flips.total - known.size) - rows.length;
  return {
    data: { ...stretch, ...report },
    fields: fieldsOf(report, stretch),
    table: {
      head: ['', 'FROM → TO', 'ACTION', 'WHAT', 'VALUE', 'ENTITY', 'OPERATOR', 'WHY NOW'],
      rows,
      none: 'no line would have gone another way',
    },
    ...(left > 0 && { note: `${left} more: --limit N shows more, --json all` }),
    ...(denied.total + unlike.total > 0 && { failed: true }),
  };
}

function rowOf(mark: string, flip: Flip): readonly string[] {
  return [
    mark,
    `${flip.from} → ${flip.to}`,
    flip.action_id,
    `${flip.connector} ${flip.tool}`,
    flip.value === null ? '' : String(flip.value),
    flip.entity_key ?? '',
    flip.operator,
    flip.reasons_after.map(({ policy, message }) => (policy ? `${policy}: ${message}` : message)).join('; '),
  ];
}

function fieldsOf(report: ReplayReport, { since, until }: { since: string; until: string }): [string, string][] {
  const { flips, exposed, approvals, denied_would_run, expired_would_run, not_reproduced, not_replayed } = report;
  const asked = [
    `${approvals.saved} saved (${duration(approvals.saved_wait_seconds)} of waiting)`,
    `${approvals.added} added`,
    ...(approvals.blocked > 0 ? [`${approvals.blocked} blocked instead`] : []),
    ...(approvals.reviews_saved + approvals.reviews_added > 0
      ? [`reviews beside the action: ${approvals.reviews_saved} saved, ${approvals.reviews_added} added`]
      : []),
  ];
  const optional: [string, string, boolean][] = [
    ['DENIED', `${denied_would_run.total} that people denied would have run`, denied_would_run.total > 0],
    ['not answered', `${expired_would_run} that nobody answered in time would have run`, expired_would_run > 0],
    [
      'NOT REPRODUCED',
      `${not_reproduced.total} were decided otherwise by these very rules: a condition of theirs looks at more than it is given`,
      not_reproduced.total > 0,
    ],
    ...not_replayed.by.map(({ count, message }): [string, string, boolean] => [
      'not replayed',
      `${count}: ${message}`,
      true,
    ]),
  ];
  return [
    ['rules', report.policy_version],
    ['proposed', `from ${since} to ${until}`],
    ['records', `${report.records}, ${report.replayed} replayed`],
    ['unchanged', `${report.unchanged}, and ${report.same_course} the same for other reasons`],
    ['flips', [String(flips.total), ...flips.by.map(({ from, to, count }) => `${from} → ${to} ${count}`)].join(', ')],
    ['runs unattended', inTools(exposed)],
    ['approvals', asked.join(', ')],
    ...optional.flatMap(([name, text, said]): [string, string][] => (said ? [[name, text]] : [])),
  ];
}

const TOOLS_SHOWN = 10;

function inTools({ lines, value, by_tool }: ReplayReport['exposed']): string {
  if (lines === 0) return 'nothing that did not';
  const tools = by_tool.slice(0, TOOLS_SHOWN).map((one) => `${one.tool} ${one.value} (${one.lines})`);
  const rest = by_tool.length > TOOLS_SHOWN ? [`${by_tool.length - TOOLS_SHOWN} more tools`] : [];
  return `${lines} lines worth ${value}: ${[...tools, ...rest].join(', ')}`;
}
