import type { Event } from '@holdpoint/shared/domain/event';
import type { Answer, Command } from '../command.ts';
import { numberOf } from '../command-line.ts';
import { UsageError } from '../usage.ts';
import { inOneLine, more } from './wording.ts';

export const events: Command = {
  options: ['source', 'type', 'since', 'until', 'limit', 'cursor'],
  words: [],
  async run({ client, values }) {
    const { source, type, since, until, cursor } = values;
    const page = await client.events.list({ source, type, since, until, limit: numberOf(values, 'limit'), cursor });
    return {
      data: page,
      table: {
        head: ['ID', 'TIME', 'SOURCE', 'TYPE', 'SIGNED', 'BYTES', 'ROOT'],
        rows: page.items.map((event) => [
          event.id,
          event.time,
          event.source,
          event.type,
          event.signed,
          String(event.size),
          event.root_id === event.id ? '' : event.root_id,
        ]),
        none: 'no event',
      },
      ...more(page.next_cursor),
    };
  },
};

export const eventsShow: Command = {
  options: ['raw'],
  words: ['ID'],
  async run({ client, words: [id = ''], values }) {
    if (!values.raw) return shown(await client.events.get(id));
    if (values.json) throw new UsageError('--raw is bytes, --json is not');
    return { data: undefined, bytes: await client.events.raw(id) };
  },
};

function shown(event: Event): Answer {
  return {
    data: event,
    fields: [
      ['event', event.id],
      ['source', event.source],
      ['type', event.type_signed ? event.type : `${event.type} (not signed)`],
      ['time', event.time],
      ['signed', event.signed],
      ['delivery', event.delivery_id ?? ''],
      ['root', event.root_id],
      ['bytes', String(event.size)],
      ['data', event.data === null ? '(--raw gives the bytes)' : inOneLine(event.data)],
    ],
  };
}
