import type { Command } from '../command.ts';

type Written = Readonly<Record<string, unknown>>;

/** The policies in force, as the evaluator compiled them: sugar's are among them. */
export const policies: Command = {
  options: [],
  words: [],
  async run({ client }) {
    const found = await client.policies.get();
    const { rejected } = found;
    return {
      data: found,
      fields: [['version', found.version]],
      table: {
        head: ['POLICY', 'DECISION', 'FOR', 'BY', 'AMOUNT', 'ASKS'],
        rows: found.policies.map((policy) => [
          policy.id,
          policy.decision,
          target(policy),
          text(policy.operator),
          amount(policy),
          [policy.when && 'when', policy.predicate && 'predicate', policy.limit && 'limit'].filter(Boolean).join(', '),
        ]),
        none: 'no policies: nothing but reads is permitted',
      },
      ...(rejected && {
        note: `not in force, as ${rejected.version} of the workspace is refused:\n${rejected.issues.map(({ file, reason }) => `  ${file}: ${reason}`).join('\n')}`,
      }),
    };
  },
};

function target({ connector, tool, tools, risk }: Written): string {
  const parts = [text(connector), text(tool), [tools ?? []].flat().join(', '), risk ? `risk ${text(risk)}` : ''];
  return parts.filter((part) => part !== '').join(' ') || 'everything';
}

function amount({ appliesAbove, appliesUpTo, maxValue }: Written): string {
  const parts = [
    appliesAbove === undefined ? '' : `over ${text(appliesAbove)}`,
    appliesUpTo === undefined ? '' : `up to ${text(appliesUpTo)}`,
    maxValue === undefined ? '' : `at most ${text(maxValue)}`,
  ];
  return parts.filter((part) => part !== '').join(' ');
}

const text = (value: unknown): string => (value === undefined ? '' : String(value));
