import type { Action } from '@holdpoint/shared/domain/action';
import { STATES } from '@holdpoint/shared/domain/lifecycle';
import type { Answer, Command } from '../command.ts';
import { numberOf, oneOf } from '../command-line.ts';
import { UsageError } from '../usage.ts';
import { receiptTable } from './receipts.ts';
import { inOneLine, knownOf, more, subjectOf } from './wording.ts';

const SETTLEMENTS = ['applied', 'not_applied', 'failed'] as const;

export const actions: Command = {
  options: ['state', 'entity', 'operator', 'limit', 'cursor'],
  words: [],
  async run({ client, values }) {
    const state = oneOf(values, 'state', STATES);
    const page = await client.actions.list({
      ...(state && { state }),
      ...(values.entity !== undefined && { entity_key: values.entity }),
      ...(values.operator !== undefined && { operator: values.operator }),
      limit: numberOf(values, 'limit'),
      cursor: values.cursor,
    });
    return {
      data: page,
      table: {
        head: ['ID', 'STATE', 'DECISION', 'WHAT', 'ENTITY', 'OPERATOR', 'WHY'],
        rows: page.items.map((action) => [
          action.action_id,
          action.state,
          action.decision,
          subjectOf(action),
          action.entity_key ?? '',
          action.operator,
          action.error ?? reasonsOf(action),
        ]),
        none: 'no action',
      },
      ...more(page.next_cursor),
    };
  },
};

export const action: Command = {
  options: [],
  words: ['ID'],
  run: async ({ client, words: [id = ''] }) => shown(await client.actions.get(id)),
};

export const cancel: Command = {
  options: ['reason'],
  words: ['ID'],
  run: async ({ client, words: [id = ''], values }) => shown(await client.actions.cancel(id, values.reason)),
};

export const retry: Command = {
  options: ['reason'],
  words: ['ID'],
  run: async ({ client, words: [id = ''], values }) => shown(await client.actions.retry(id, values.reason)),
};

export const settle: Command = {
  options: ['reason'],
  words: ['ID', SETTLEMENTS.join('|')],
  async run({ client, words: [id = '', said = ''], values }) {
    const as = SETTLEMENTS.find((one) => one === said);
    if (as === undefined) throw new UsageError(`settle as one of ${SETTLEMENTS.join(', ')}`);
    if (!values.reason) throw new UsageError('a settlement has a --reason');
    return shown(await client.actions.settle(id, { as, reason: values.reason }));
  },
};

function shown(one: Action): Answer {
  const optional = {
    value: one.value ?? undefined,
    known: one.entity && knownOf(one.entity),
    result: one.result,
    error: one.error,
    approval: one.approval_id,
    'duplicate of': one.duplicate_of,
    erased: one.erased_at && `${one.erased_at}: arguments and result are gone`,
  };
  return {
    data: one,
    fields: [
      ['action', one.action_id],
      ['plan', `${one.plan_id}, line ${one.index}, by ${one.operator}`],
      ['what', `${subjectOf(one)} ${inOneLine(one.args)}`],
      ['entity', one.entity_key ?? ''],
      ['decision', `${one.decision}: ${reasonsOf(one)}`],
      ['policies', `${one.matched.join(', ') || 'none'} (${one.policy_version})`],
      ['state', one.attempts > 1 ? `${one.state}, after ${one.attempts} attempts` : one.state],
      ...Object.entries(optional).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, inOneLine(value)] as const],
      ),
    ],
    ...(one.receipts && { table: receiptTable(one.receipts) }),
  };
}

const reasonsOf = ({ reasons }: Action): string => reasons.map(({ message }) => message).join('; ');
