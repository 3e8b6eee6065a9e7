import type { BatchAnswer, HoldpointClient } from '@holdpoint/sdk/client';
import type { Approval, Vote } from '@holdpoint/shared/domain/approval';
import type { Answer, Command } from '../command.ts';
import { needPerson } from '../connection.ts';
import { UsageError } from '../usage.ts';
import { nameOf, subjectOf } from './wording.ts';

/** As many as the service takes at once. */
const BATCH_MAX_IDS = 100;

export const approve: Command = {
  options: ['comment'],
  words: ['ID…'],
  async run({ client, connection, words, values }) {
    needPerson(connection);
    const [id = '', ...others] = words;
    if (others.length > 0) return batch(client, 'approve', words, values.comment);
    return decided(await client.approvals.approve(id, values.comment));
  },
};

export const deny: Command = {
  options: ['reason'],
  words: ['ID…'],
  async run({ client, connection, words, values }) {
    needPerson(connection);
    if (!values.reason) throw new UsageError('a denial has a --reason');
    const [id = '', ...others] = words;
    if (others.length > 0) return batch(client, 'deny', words, values.reason);
    return decided(await client.approvals.deny(id, values.reason));
  },
};

function decided(approval: Approval): Answer {
  return {
    data: approval,
    fields: [
      ['approval', approval.id],
      ['status', approval.status],
      ['what', [subjectOf(approval), approval.entity_key ?? ''].join(' ').trim()],
      ...approval.votes.map(
        (vote) =>
          [
            'vote',
            [`${nameOf(vote)}: ${vote.vote} as ${vote.audience}`, vote.comment].filter(Boolean).join(', '),
          ] as const,
      ),
    ],
    ...(approval.status === 'pending' && { note: 'more votes are needed' }),
  };
}

/** Each for itself: one that is refused keeps no other back. */
async function batch(
  client: HoldpointClient,
  vote: Vote['vote'],
  ids: readonly string[],
  reason: string | undefined,
): Promise<Answer> {
  const items: BatchAnswer['items'] = [];
  for (let from = 0; from < ids.length; from += BATCH_MAX_IDS) {
    const request = { ids: ids.slice(from, from + BATCH_MAX_IDS), vote, ...(reason !== undefined && { reason }) };
    items.push(...(await client.approvals.batch(request)).items);
  }
  const refused = items.filter(({ error }) => error !== undefined).length;
  return {
    data: { items },
    table: {
      head: ['ID', 'STATUS', 'WHY NOT'],
      rows: items.map(({ id, status, error }) => [
        id,
        status ?? 'refused',
        error ? `${error.code} ${error.detail}` : status === 'pending' ? 'more votes are needed' : '',
      ]),
      none: 'nothing was decided',
    },
    ...(refused > 0 && { failed: true, note: `${refused} of ${items.length} were refused` }),
  };
}
