import {
  createSuggester,
  SUGGEST_TERMS,
  type Suggestions,
  type Weighed,
  type Withheld,
} from '@holdpoint/policy/suggest/suggest-splits';
import { type VerifiedSuggestion, verifySplits } from '@holdpoint/policy/suggest/verify-splits';
import type { ReplayedRules } from '@holdpoint/rulebook/replay/protocol';
import { startReplaying } from '@holdpoint/rulebook/replay/start-replaying';
import type { DecisionRecord } from '@holdpoint/shared/domain/decision-record';
import type { Answer, Command } from '../command.ts';
import { numberOf } from '../command-line.ts';
import { workspaceDir } from '../connection.ts';
import { type DecisionRecords, openRecords, stretchOf, tenantOf } from '../decision-records.ts';
import { loadLocalRules } from '../local-rules.ts';

export const policiesSuggest: Command = {
  options: ['since', 'until', 'tool', 'grants', 'workspace', 'tenant'],
  words: [],
  /** Looks twice at the same records: to find, and to try what it found. */
  async run({ client, values, typedIn }) {
    const stretch = stretchOf(values, '90d', Date.now());
    const records = await openRecords(client, stretch);
    const whose = { workspaceDir: workspaceDir(values, typedIn), tenant: tenantOf(values, records.tenant) };
    const rules = await loadLocalRules(whose);
    const grantsMin = numberOf(values, 'grants') ?? SUGGEST_TERMS.grantsMin;
    const suggester = createSuggester(rules, { ...SUGGEST_TERMS, grantsMin }, values.tool);
    for await (const page of records.pages()) for (const record of page) suggester.add(record);
    const { suggestions, withheld } = await verified(suggester.suggest(), records, whose);
    return {
      data: { ...stretch, policy_version: rules.policies.version, suggestions, withheld },
      ...shown(suggestions, withheld),
    };
  },
};

/** Each suggestion replayed over the same records. */
async function verified(found: Suggestions, records: DecisionRecords, whose: ReplayedRules) {
  const trial = verifySplits(found);
  if (found.suggestions.length === 0) return trial.verified();
  const splits = found.suggestions.map(({ policy, up_to: upTo }) => ({ policy, upTo }));
  const replaying = await startReplaying(whose);
  try {
    for await (const page of records.pages()) {
      const replayed = await replaying.replay(page, splits);
      for (const [index, [before, ...afters]] of replayed.entries()) {
        trial.add(page[index] as DecisionRecord, before, afters);
      }
    }
  } finally {
    await replaying.stop();
  }
  return trial.verified();
}

function shown(suggestions: readonly VerifiedSuggestion[], withheld: readonly Withheld[]): Partial<Answer> {
  return {
    text: suggestions.map(inWords),
    ...(withheld.length + suggestions.length === 0 && { note: 'nobody was asked about anything' }),
    ...(withheld.length > 0 && {
      table: {
        head: ['NOT SUGGESTED', 'GRANTS', 'WHY'],
        rows: withheld.map(({ policy, message, evidence }) => [
          policy,
          evidence ? String(evidence.granted) : '',
          [message, ...(evidence ? asides(evidence) : [])].join('; '),
        ]),
        none: '',
      },
    }),
  };
}

function inWords(suggestion: VerifiedSuggestion): string {
  const { connector, tool, operator, up_to, evidence, saves, exposed_value, not_replayed, text } = suggestion;
  const denied =
    evidence.lowest_denied === null ? 'none was denied' : `the smallest that was denied had ${evidence.lowest_denied}`;
  const rate = `${(evidence.denial_rate_max * 100).toFixed(1)} %`;
  return [
    `${connector} ${tool}${operator === undefined ? '' : ` by ${operator}`}: up to ${up_to} nobody need be asked`,
    `  ${evidence.granted} were granted by ${evidence.people} people, and ${denied}; at 95 % confidence people would deny at most ${rate} of such lines`,
    `  it would have saved ${saves} approvals, and let ${exposed_value} run unattended; no line that was denied would have run`,
    ...[...asides(evidence), ...(not_replayed > 0 ? [`${not_replayed} lines of the tool cannot be replayed`] : [])].map(
      (aside) => `  ${aside}`,
    ),
    '',
    ...text.split('\n').map((line) => `  ${line}`),
  ].join('\n');
}

function asides({ set_aside: { too_fast, batch, one_person }, undecided, shared }: Weighed): string[] {
  const said: readonly (readonly [number, string])[] = [
    [too_fast, 'granted faster than anybody reads, not counted'],
    [batch, 'granted many in one moment, not counted'],
    [one_person, 'granted by one person who never denied anything, not counted'],
    [undecided, 'expired, withdrawn or still open, not counted'],
    [shared, 'escalated by other policies as well, not counted'],
  ];
  return said.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : []));
}
