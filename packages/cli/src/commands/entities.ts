import type { EntityKind } from '@holdpoint/sdk/entities-client';
import type { Answer, Command } from '../command.ts';
import { numberOf } from '../command-line.ts';
import type { Table } from '../table.ts';
import { UsageError } from '../usage.ts';
import { more } from './wording.ts';

const WHERE = '--where must be a JSON object, as {"status":"open"}';

/** What is known of remote systems' entities: the kinds, those of one kind, or one. */
export const entities: Command = {
  options: ['where', 'order-by', 'limit', 'cursor'],
  words: ['[CONNECTOR]', '[ENTITY]', '[ID]'],
  async run({ client, words: [connector, entity, id], values }): Promise<Answer> {
    if (connector === undefined) {
      const { items } = await client.entities.kinds();
      return { data: { items }, table: kindTable(items) };
    }
    if (entity === undefined) throw new UsageError('expected entities [CONNECTOR ENTITY [ID]]');
    if (id !== undefined) {
      const one = await client.entities.get(connector, entity, id);
      return { data: one, fields: Object.entries(one).map(([name, value]) => [name, shown(value)] as const) };
    }
    const page = await client.entities.list(connector, entity, {
      ...(values.where !== undefined && { where: whereOf(values.where) }),
      ...(values['order-by'] !== undefined && { orderBy: orderOf(values['order-by']) }),
      limit: numberOf(values, 'limit'),
      cursor: values.cursor,
    });
    return { data: page, table: entityTable(page.items), ...more(page.next_cursor) };
  },
};

function kindTable(kinds: readonly EntityKind[]): Table {
  return {
    head: ['CONNECTOR', 'ENTITY', 'KEY', 'KNOWN'],
    rows: kinds.map(({ connector, entity, key, count, more: over }) => [
      connector,
      entity,
      key,
      over ? `over ${count}` : String(count),
    ]),
    none: 'no connector declares entities',
  };
}

/** A column a field, in the order in which they are first seen. */
function entityTable(items: readonly Readonly<Record<string, unknown>>[]): Table {
  const head = [...new Set(items.flatMap((item) => Object.keys(item)))];
  return {
    head: head.map((name) => name.toUpperCase()),
    rows: items.map((item) => head.map((name) => shown(item[name]))),
    none: 'no entity',
  };
}

const shown = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value);

function whereOf(text: string): Readonly<Record<string, unknown>> {
  let where: unknown;
  try {
    where = JSON.parse(text);
  } catch {
    throw new UsageError(WHERE);
  }
  if (typeof where !== 'object' || where === null || Array.isArray(where)) throw new UsageError(WHERE);
  return where as Record<string, unknown>;
}

/** `updated:desc,id`. */
function orderOf(text: string): Record<string, 'asc' | 'desc'> {
  return Object.fromEntries(
    text.split(',').map((part) => {
      const falls = part.endsWith(':desc');
      return [falls ? part.slice(0, -':desc'.length) : part, falls ? 'desc' : 'asc'];
    }),
  );
}
