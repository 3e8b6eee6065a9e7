import { counted } from './group.ts';
import type { History, Verdict } from './history.ts';
import { INVARIANTS } from './history.ts';

const VIOLATIONS_TOLD_MAX = 20;

export interface Reported {
  readonly seed: number;
  readonly verdicts: readonly Verdict[];
  readonly faults: { readonly injected: ReadonlyMap<string, number>; readonly missed: ReadonlyMap<string, number> };
  readonly history: Pick<
    History,
    'calls' | 'questions' | 'actions' | 'events' | 'settlements' | 'votes' | 'grants' | 'approvals' | 'drain'
  >;
  readonly traffic: Readonly<Record<string, number>>;
  readonly ownDeaths: readonly string[];
  readonly kept: string | undefined;
}

/** What a campaign prints at its end. */
export function reportOn(result: Reported): string {
  const { seed, verdicts, faults, history, traffic, ownDeaths, kept } = result;
  const injected = [...faults.injected.values()].reduce((sum, count) => sum + count, 0);
  const holds = verdicts.every(({ violations }) => violations.length === 0);
  return [
    `seed ${seed}: ${injected} faults`,
    ...table(
      [...new Set([...faults.injected.keys(), ...faults.missed.keys()])].sort().map((name) => {
        const missed = faults.missed.get(name) ?? 0;
        return [
          `  ${faults.injected.get(name) ?? 0}`,
          name,
          missed > 0 ? `and ${missed} that found nothing to hit` : '',
        ];
      }),
    ),
    '',
    ...table(figures(history, traffic)),
    ...(ownDeaths.length > 0 ? ['', `ended by themselves: ${ownDeaths.join(', ')}`] : []),
    '',
    ...verdicts.flatMap(toldVerdict),
    '',
    holds ? 'all invariants hold' : `VIOLATED; logs and history are in ${kept ?? 'nowhere'}; again: --seed ${seed}`,
  ].join('\n');
}

function figures(history: Reported['history'], traffic: Reported['traffic']): string[][] {
  const states = new Map<string, number>();
  for (const { state } of history.actions) states.set(state, (states.get(state) ?? 0) + 1);
  const applied = history.calls.filter((call) => call.applied).length;
  return [
    ['  proposals', `${traffic.proposals}, unanswered ${traffic.proposalsUnanswered}`],
    [
      '  deliveries',
      `${traffic.deliveries}, unanswered ${traffic.deliveriesUnanswered}, events ${history.events.length}`,
    ],
    [
      '  actions',
      [...states]
        .sort()
        .map(([state, count]) => `${count} ${state}`)
        .join(', '),
    ],
    ['  calls', `${history.calls.length}, applied ${applied}`],
    [
      '  questions',
      [...counted(history.questions, ({ answer }) => answer)].map(([said, count]) => `${count} ${said}`).join(', ') ||
        'none',
    ],
    ['  people', `${history.votes.length} votes, ${history.settlements.length} settlements`],
    ['  wrong clocks', `refused ${traffic.deliveriesRefused} deliveries, ${byClock(history)} tokens`],
    [
      '  in advance',
      `${history.grants.length} consents, ${history.approvals.filter(({ spent }) => spent.length > 0).length} actions on them`,
    ],
    ['  drained', `after ${(history.drain.tookMs / 1000).toFixed(1)} s`],
  ];
}

const byClock = ({ votes, grants, settlements }: Reported['history']): number =>
  [...votes, ...grants, ...settlements].filter((said) => said.byClock).length;

function toldVerdict({ invariant, checked, excepted, violations }: Verdict): string[] {
  const word = violations.length === 0 ? 'holds   ' : 'VIOLATED';
  const more = violations.length - VIOLATIONS_TOLD_MAX;
  return [
    `${invariant} ${word} ${INVARIANTS[invariant]}: ${checked} looked at${excepted > 0 ? `, ${excepted} excepted` : ''}`,
    ...violations.slice(0, VIOLATIONS_TOLD_MAX).map((violation) => `     ${violation}`),
    ...(more > 0 ? [`     and ${more} more`] : []),
  ];
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (found, row) => row.map((cell, at) => Math.max(cell.length, found[at] ?? 0)),
    [],
  );
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
