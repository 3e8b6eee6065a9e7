import type { Command } from '../command.ts';
import { numberOf } from '../command-line.ts';
import { more } from './wording.ts';

export const policiesChanges: Command = {
  options: ['limit', 'cursor'],
  words: [],
  async run({ client, values }) {
    const page = await client.policies.changes({ limit: numberOf(values, 'limit'), cursor: values.cursor });
    return {
      data: page,
      table: {
        head: ['AT', 'VERSION', 'WHAT CHANGED'],
        rows: page.items.map(({ at, version, changes }) => [at, version, changes.map(told).join('; ')]),
        none: 'no policies have been put in force',
      },
      ...more(page.next_cursor),
    };
  },
};

/** `looser: …` where it says what is decided otherwise. */
function told({ code, message }: { readonly code: string; readonly message: string }): string {
  return code.startsWith('now_') ? `${code.slice('now_'.length)}: ${message}` : message;
}
