import type { Freeze } from '@holdpoint/shared/domain/freeze';
import type { Answer, Command } from '../command.ts';
import { numberOf } from '../command-line.ts';
import { UsageError } from '../usage.ts';
import { more } from './wording.ts';

export const freezes: Command = {
  options: ['lifted', 'limit', 'cursor'],
  words: [],
  async run({ client, values }) {
    const page = await client.freezes.list({
      ...(values.lifted && { lifted: true }),
      limit: numberOf(values, 'limit'),
      cursor: values.cursor,
    });
    return {
      data: page,
      table: {
        head: ['ID', 'WHAT STANDS STILL', 'SINCE', 'BY', 'WHY', 'LIFTED'],
        rows: page.items.map((one) => [
          one.id,
          scopeOf(one),
          one.created_at,
          one.frozen_by,
          one.reason,
          one.lifted_at ? `${one.lifted_at} by ${one.lifted_by}` : '',
        ]),
        none: 'nothing is frozen',
      },
      ...more(page.next_cursor),
    };
  },
};

export const freeze: Command = {
  options: ['operator', 'connector', 'tool', 'reason'],
  words: [],
  async run({ client, values: { operator, connector, tool, reason } }) {
    if (!reason) throw new UsageError('a freeze has a --reason');
    return shown(await client.freezes.set({ operator, connector, tool, reason }));
  },
};

export const unfreeze: Command = {
  options: [],
  words: ['ID'],
  run: async ({ client, words: [id = ''] }) => shown(await client.freezes.lift(id)),
};

function shown(one: Freeze): Answer {
  return {
    data: one,
    fields: [
      ['freeze', one.id],
      ['of', scopeOf(one)],
      ['since', `${one.created_at} by ${one.frozen_by}: ${one.reason}`],
      ...(one.lifted_at ? [['lifted', `${one.lifted_at} by ${one.lifted_by}`] as const] : []),
    ],
    note: one.lifted_at
      ? 'what waited is scored again by the policies of now, then goes on'
      : `nothing of it is begun until: unfreeze ${one.id}`,
  };
}

/** `shop orders.hold, by order-risk`. */
function scopeOf({ operator, connector, tool }: Pick<Freeze, 'operator' | 'connector' | 'tool'>): string {
  const what = connector || tool ? `${connector ?? 'any connector'} ${tool ?? 'any tool'}` : 'everything';
  return operator ? `${what}, by ${operator}` : what;
}
