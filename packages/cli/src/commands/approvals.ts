import { APPROVAL_STATUSES, type Approval } from '@holdpoint/shared/domain/approval';
import type { Answer, Command } from '../command.ts';
import { numberOf, oneOf } from '../command-line.ts';
import { needPerson } from '../connection.ts';
import { UsageError } from '../usage.ts';
import { more, subjectOf } from './wording.ts';

export const approvals: Command = {
  options: ['pending', 'status', 'audience', 'limit', 'cursor'],
  words: [],
  async run({ client, values }) {
    const status = values.pending ? 'pending' : oneOf(values, 'status', APPROVAL_STATUSES);
    const page = await client.approvals.list({
      ...(status && { status }),
      ...(values.audience !== undefined && { audience: values.audience }),
      limit: numberOf(values, 'limit'),
      cursor: values.cursor,
    });
    return {
      data: page,
      table: {
        head: ['ID', 'STATUS', 'WHAT', 'ENTITY', 'VALUE', 'WAITS FOR', 'REASON'],
        rows: page.items.map(row),
        none: 'nothing is asked of anybody',
      },
      ...more(page.next_cursor),
    };
  },
};

export const approve: Command = {
  options: ['comment'],
  words: ['ID'],
  async run({ client, connection, words: [id = ''], values }) {
    needPerson(connection);
    return decided(await client.approvals.approve(id, values.comment));
  },
};

export const deny: Command = {
  options: ['reason'],
  words: ['ID'],
  async run({ client, connection, words: [id = ''], values }) {
    needPerson(connection);
    if (!values.reason) throw new UsageError('a denial has a --reason');
    return decided(await client.approvals.deny(id, values.reason));
  },
};

function row(approval: Approval): string[] {
  const { id, status, entity_key, value, requirements, reason } = approval;
  const audiences = requirements.map(({ audience, quorum }) => (quorum > 1 ? `${quorum} of ${audience}` : audience));
  return [
    id,
    status,
    subjectOf(approval),
    entity_key ?? '',
    value === null ? '' : String(value),
    audiences.join(' + '),
    reason,
  ];
}

function decided(approval: Approval): Answer {
  return {
    data: approval,
    fields: [
      ['approval', approval.id],
      ['status', approval.status],
      ['what', [subjectOf(approval), approval.entity_key ?? ''].join(' ').trim()],
      ...approval.votes.map(
        ({ principal, vote, audience, comment }) =>
          ['vote', [`${principal}: ${vote} as ${audience}`, comment].filter(Boolean).join(', ')] as const,
      ),
    ],
    ...(approval.status === 'pending' && { note: 'more votes are needed' }),
  };
}
