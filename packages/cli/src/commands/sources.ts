import type { SourceInfo } from '@holdpoint/sdk/client';
import type { Answer, Command } from '../command.ts';
import { numberOf } from '../command-line.ts';
import { more } from './wording.ts';

export const sources: Command = {
  options: ['limit', 'cursor'],
  words: [],
  async run({ client, values }) {
    const page = await client.events.sources({ limit: numberOf(values, 'limit'), cursor: values.cursor });
    return {
      data: page,
      table: {
        head: ['SOURCE', 'PROVIDER', 'HEALTH', 'ACCEPTED', 'OTHERS', 'LAST DELIVERY', 'LAST FAILURE'],
        rows: page.items.map((source) => [source.id, source.provider, ...healthOf(source)]),
        none: 'the tenant has no sources',
      },
      ...noted(page.quota && quotaOf(page.quota), more(page.next_cursor).note),
    };
  },
};

function healthOf({ health }: SourceInfo): string[] {
  if (!health) return ['not known now', '', '', '', ''];
  const { accepted = 0, ...others } = health.counts;
  const failure = health.last_failure;
  return [
    health.status,
    String(accepted),
    Object.entries(others)
      .map(([result, count]) => `${count} ${result}`)
      .join(', '),
    health.last_delivery?.at ?? '',
    failure ? `${failure.at} ${failure.reason ?? failure.result}: ${failure.help}` : '',
  ];
}

function noted(...lines: readonly (string | undefined)[]): Pick<Answer, 'note'> {
  const note = lines.filter((line) => line !== undefined).join('\n');
  return note ? { note } : {};
}

const MIB = 1024 * 1024;

function quotaOf({ used_bytes, max_bytes }: { used_bytes: number; max_bytes: number }): string {
  const mebibytes = (bytes: number) => (bytes / MIB).toFixed(1);
  return `events of seven days: ${mebibytes(used_bytes)} of ${mebibytes(max_bytes)} MiB`;
}
