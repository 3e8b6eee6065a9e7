import { APPROVAL_STATUSES, type Approval } from '@holdpoint/shared/domain/approval';
import type { Answer, Command } from '../command.ts';
import { numberOf, oneOf } from '../command-line.ts';
import { needPerson } from '../connection.ts';
import { duration, inOneLine, more, nameOf, subjectOf, waitsFor } from './wording.ts';

export const approvals: Command = {
  options: ['pending', 'status', 'audience', 'session', 'operator', 'mine', 'limit', 'cursor'],
  words: [],
  async run({ client, connection, values }) {
    if (values.mine) needPerson(connection);
    const page = await client.approvals.list({
      status: values.pending ? 'pending' : oneOf(values, 'status', APPROVAL_STATUSES),
      audience: values.audience,
      session_id: values.session,
      operator: values.operator,
      mine: values.mine,
      limit: numberOf(values, 'limit'),
      cursor: values.cursor,
    });
    return {
      data: page,
      table: {
        head: ['ID', 'STATUS', 'WHAT', 'ENTITY', 'VALUE', 'WAITS FOR', 'REASON'],
        rows: page.items.map((one) => [
          one.id,
          one.status,
          subjectOf(one),
          one.entity_key ?? '',
          one.value === null ? '' : String(one.value),
          waitsFor(one),
          one.reason,
        ]),
        none: values.mine ? 'nothing waits for you' : 'nothing is asked of anybody',
      },
      ...more(page.next_cursor),
    };
  },
};

export const approvalsShow: Command = {
  options: [],
  words: ['ID'],
  run: async ({ client, words: [id = ''] }) => card(await client.approvals.get(id)),
};

export const approvalsCancel: Command = {
  options: ['reason'],
  words: ['ID'],
  run: async ({ client, words: [id = ''], values }) => card(await client.approvals.cancel(id, values.reason)),
};

export const withdraw: Command = {
  options: [],
  words: ['ID'],
  async run({ client, connection, words: [id = ''] }) {
    needPerson(connection);
    return card(await client.approvals.withdraw(id));
  },
};

export const comment: Command = {
  options: [],
  words: ['ID', 'TEXT'],
  async run({ client, connection, words: [id = '', text = ''] }) {
    needPerson(connection);
    return card(await client.approvals.comment(id, text));
  },
};

/** What stands on an approver's card. */
function card(one: Approval): Answer {
  const optional: Readonly<Record<string, string | null | undefined | false>> = {
    entity: one.entity_key,
    value: one.value === null ? null : String(one.value),
    risk: one.risk,
    agent: one.agent,
    'on behalf of':
      one.on_behalf_of && (one.on_behalf_of_verified ? one.on_behalf_of : `${one.on_behalf_of} (as the operator says)`),
    session: one.session_id,
    action: one.action_id,
    plan: one.plan_id,
    erased: one.erased_at && `${one.erased_at}: its arguments are gone`,
  };
  return {
    data: one,
    fields: [
      ['approval', one.id],
      ['status', one.decided_at ? `${one.status}, ${one.decided_at}` : one.status],
      ['what', one.connector === null ? subjectOf(one) : `${subjectOf(one)} ${inOneLine(one.args)}`],
      ['why', one.reason],
      ['asked by', `${one.operator}, ${one.created_at}`],
      ...Object.entries(optional).flatMap(([name, value]) => (value ? [[name, value] as const] : [])),
      ['urgency', one.urgency],
      ['waits for', [waitsFor(one), one.mode === 'alongside' && 'while it runs'].filter(Boolean).join(', ')],
      ...(one.denials > 1 ? [['denied by', `${one.denials} denials`] as const] : []),
      ['time', timeOf(one)],
      ...one.votes.map(
        (vote) =>
          [
            'vote',
            [`${nameOf(vote)}: ${vote.vote} as ${vote.audience}`, vote.comment].filter(Boolean).join(', '),
          ] as const,
      ),
      ...one.comments.map((said) => ['comment', `${nameOf(said)}, ${said.at}: ${said.text}`] as const),
    ],
  };
}

function timeOf({ status, expires_at, escalated_at, reminders }: Approval): string {
  const leftSeconds = (Date.parse(expires_at) - Date.now()) / 1000;
  return [
    status === 'pending' && leftSeconds > 0
      ? `${duration(leftSeconds)} left, until ${expires_at}`
      : `until ${expires_at}`,
    escalated_at && `opened to more people ${escalated_at}`,
    reminders > 0 && `reminded ${reminders === 1 ? 'once' : `${reminders} times`}`,
  ]
    .filter(Boolean)
    .join('; ');
}
