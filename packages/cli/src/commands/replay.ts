import type { RangeReplayed, ReplayRange } from '@holdpoint/sdk/client';
import type { Answer, Command, Invocation } from '../command.ts';
import { UsageError } from '../usage.ts';

export const replay: Command = {
  options: ['since', 'until', 'source', 'type', 'batch', 'fresh', 'dry-run'],
  words: ['[ID]'],
  run: (invocation) => (invocation.words[0] === undefined ? replayRange(invocation) : replayOne(invocation)),
};

async function replayOne({ client, words: [id = ''], values }: Invocation): Promise<Answer> {
  const ofRanges = (['since', 'until', 'source', 'type', 'batch', 'dry-run'] as const).find((name) => values[name]);
  if (ofRanges !== undefined) throw new UsageError(`--${ofRanges} is for a range, not for one event`);
  const event = await client.events.replay(id, values.fresh ? { fresh: true } : {});
  return {
    data: event,
    fields: [
      ['event', event.id],
      ['replay of', id],
      ['root', event.root_id],
    ],
  };
}

/** Page by page to the end. Interrupted, it is typed again: of one batch nothing is replayed twice. */
async function replayRange({ client, values }: Invocation): Promise<Answer> {
  const { since, until, source, type, batch, fresh } = values;
  // An end that moved with the clock would make every run a batch of its own.
  if (since === undefined || until === undefined) throw new UsageError('replay an ID, or --since TIME --until TIME');
  const range: ReplayRange = { since, until, source, type, batch, fresh, dry_run: values['dry-run'] };
  let page = await client.events.replayRange(range);
  const items: RangeReplayed['items'] = [...page.items];
  while (page.next_cursor) {
    page = await client.events.replayRange({ ...range, cursor: page.next_cursor });
    items.push(...page.items);
  }
  return {
    data: { batch: page.batch, items },
    table: {
      head: ['EVENT', 'STATUS', 'REPLAY OF'],
      rows: items.map((item) => [item.status === 'gone' ? '' : item.id, item.status, item.replay_of]),
      none: 'no event in that range',
    },
    note: `batch ${page.batch}: the same command again repeats nothing; --batch NAME makes it another`,
  };
}
