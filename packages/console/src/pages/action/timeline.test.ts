import type { Action } from '@holdpoint/shared/domain/action';
import type { Approval } from '@holdpoint/shared/domain/approval';
import type { Receipt } from '@holdpoint/shared/domain/receipt';
import { expect, test } from 'vitest';
import { gapText } from './gap-text.ts';
import { storyOf } from './timeline.ts';

const at = (second: number) => new Date(1_000_000_000_000 + second * 1000).toISOString();

function receipt(kind: Receipt['kind'], second: number, more: Partial<Receipt> = {}): Receipt {
  return {
    id: `${kind} ${second}`,
    at: at(second),
    kind,
    actor: 'executor',
    error: null,
    reasons: null,
    matched: null,
    outcome: null,
    attempt: 0,
    ...more,
  } as Receipt;
}

const around = {
  plan: 'p',
  proposed_at: at(1),
  requester: 'operator|refunds',
  agent: 'agent-7',
  on_behalf_of: null,
  event: {
    id: 'stripe.x.k',
    source: 'stripe',
    type: 'charge.dispute',
    time: at(0),
    subject: 'ch_1',
    signed: 'time-body',
  },
};
const action = (receipts: Receipt[]) =>
  ({ plan_id: 'refund-1', operator: 'refunds', around, receipts }) as unknown as Action;

test('a refund that people approved is told from its webhook to its end, in the order of time', () => {
  const approval = {
    id: 'a',
    created_at: at(1.4),
    requirements: [{ audience: 'reviewer', quorum: 2 }],
    reason: 'over 500',
    mode: 'hold',
    votes: [{ principal: 'https://people|u1', name: 'Alice' }],
    comments: [{ id: 'c', principal: 'https://people|u2', name: 'Bob', text: 'looks right', at: at(3) }],
  } as unknown as Approval;
  const story = storyOf(
    action([
      receipt('decision', 1.5, {
        decision: 'ALERT',
        outcome: 'held',
        matched: ['refunds'],
        reasons: [{ code: 'escalated', message: 'over 500' }],
      }),
      receipt('approval', 3, {
        actor: 'https://people|u2',
        reasons: [
          { code: 'escalated', message: 'comment: approval a is pending' },
          { code: 'escalated', message: 'looks right' },
        ],
      }),
      receipt('approval', 4, {
        actor: 'https://people|u1',
        outcome: 'rescore',
        reasons: [
          { code: 'escalated', message: 'approve: approval a is granted' },
          { code: 'escalated', message: 'fine' },
        ],
      }),
      receipt('decision', 5, { decision: 'ALERT', outcome: 'queued' }),
      receipt('intent', 6, { attempt: 1, outcome: 'running' }),
      receipt('outcome', 7, { attempt: 1, outcome: 'applied' }),
    ]),
    approval,
  );
  expect(story.map(({ title, by }) => (by ? `${title} by ${by}` : title))).toEqual([
    'Webhook charge.dispute by stripe',
    'Plan refund-1 proposed by refunds',
    'Decided: ALERT, held for people',
    'Asked 2 of reviewer',
    'Comment by Bob',
    'Approved: enough, so it is scored again by Alice',
    'Scored again: ALERT',
    'Attempt 1 begun',
    'Applied',
  ]);
  expect(story.find(({ title }) => title.startsWith('Approved'))?.said).toEqual(['fine']);
  expect(story[2]).toMatchObject({ policies: ['refunds'], tone: 'alert' });
});

test('people who consented in advance are named where others would be asked', () => {
  const approval = {
    id: 'a',
    created_at: at(2),
    requirements: [{ audience: 'reviewer', quorum: 1 }],
    reason: 'over 500',
    mode: 'hold',
    standing_grant_id: 'g',
    votes: [{ principal: 'https://people|u1', name: 'Alice' }],
    comments: [],
  } as unknown as Approval;
  const story = storyOf(
    action([
      receipt('decision', 2, { decision: 'ALERT', outcome: 'queued' }),
      receipt('approval', 2, {
        actor: 'https://people|u1',
        outcome: 'granted',
        reasons: [
          { code: 'standing_grant', message: 'approve: standing grant g: approval a is granted, 4 of 5 uses left' },
          { code: 'standing_grant', message: 'small refunds are fine' },
        ],
      }),
    ]),
    approval,
  );
  expect(story.slice(2).map(({ title, by = '', said }) => [title, by, ...said])).toEqual([
    ['Decided: ALERT', ''],
    ['Consented in advance', 'Alice', 'small refunds are fine'],
    ['Needs reviewer', '', 'over 500'],
  ]);
});

test('what was retried, unknown and settled says so, and a late answer is only evidence', () => {
  const titles = storyOf(
    action([
      receipt('outcome', 2, { outcome: 'queued', error: 'busy' }),
      receipt('outcome', 3, { outcome: 'indeterminate', error: 'timeout' }),
      receipt('outcome', 4, { attempt: 1 }),
      receipt('settlement', 5, { outcome: 'applied', actor: 'https://people|bob', error: 'seen it' }),
    ]),
  ).map(({ title, said }) => [title, ...said].join(': '));
  expect(titles.slice(2)).toEqual([
    'To be tried again: busy',
    'Outcome unknown: timeout',
    'Late answer of attempt 1, kept as evidence',
    'Settled: applied: seen it',
  ]);
});

test('gaps are told as finely as they matter', () => {
  expect([gapText(4.4), gapText(1_234), gapText(3_723_000)]).toEqual(['4 ms', '1.2 s', '1 h 2 min']);
});
