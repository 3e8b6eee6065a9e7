import { windowText } from '@holdpoint/shared/domain/limit-window';
import type { LimitInUse } from '@holdpoint/shared/domain/reservation';
import type { Command } from '../command.ts';
import { numberOf } from '../command-line.ts';
import { more } from './wording.ts';

export const limits: Command = {
  options: ['limit', 'cursor'],
  words: [],
  async run({ client, values }) {
    const page = await client.limits.list({ limit: numberOf(values, 'limit'), cursor: values.cursor });
    return {
      data: page,
      table: {
        head: ['POLICY', 'BY', 'WHO', 'COUNT', 'TOTAL', 'OPEN', 'IN', 'NEXT FREE'],
        rows: page.items.map((one) => [
          one.policy,
          one.by,
          one.who,
          of(String(one.used_count), one.count),
          of(one.used_total, one.total),
          String(one.open_count),
          one.in_force ? windowText(one.per_seconds) : 'no longer limited',
          nextFree(one),
        ]),
        none: 'nothing is used of any limit',
      },
      ...more(page.next_cursor),
    };
  },
};

const of = (used: string, most: number | undefined): string => (most === undefined ? '' : `${used} of ${most}`);

function nextFree({ releases_at, open_count }: LimitInUse): string {
  return releases_at ?? (open_count > 0 ? 'when one of the open ends' : '');
}
