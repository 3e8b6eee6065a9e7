import { RECEIPT_KINDS, type Receipt } from '@holdpoint/shared/domain/receipt';
import type { Command } from '../command.ts';
import { numberOf, oneOf } from '../command-line.ts';
import type { Table } from '../table.ts';
import { more, subjectOf } from './wording.ts';

export const receipts: Command = {
  options: ['action', 'plan', 'entity', 'kind', 'since', 'limit', 'cursor'],
  words: [],
  async run({ client, values }) {
    const kind = oneOf(values, 'kind', RECEIPT_KINDS);
    const page = await client.receipts.list({
      ...(values.action !== undefined && { action_id: values.action }),
      ...(values.plan !== undefined && { plan_id: values.plan }),
      ...(values.entity !== undefined && { entity_key: values.entity }),
      ...(kind && { kind }),
      ...(values.since !== undefined && { since: values.since }),
      limit: numberOf(values, 'limit'),
      cursor: values.cursor,
    });
    return { data: page, table: receiptTable(page.items), ...more(page.next_cursor) };
  },
};

export function receiptTable(items: readonly Receipt[]): Table {
  return {
    head: ['AT', 'RECEIPT', 'WHAT', 'ENTITY', 'TO', 'BY', 'WHY'],
    rows: items.map((receipt) => [
      receipt.at,
      receipt.kind,
      subjectOf(receipt),
      receipt.entity_key ?? '',
      receipt.outcome ?? receipt.decision ?? '',
      receipt.actor,
      receipt.error ?? (receipt.reasons ?? []).map(({ message }) => message).join('; '),
    ]),
    none: 'no receipt',
  };
}
