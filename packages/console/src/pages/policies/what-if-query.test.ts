import { expect, test } from 'vitest';
import { questionIn, rehearsalOf, whatIfPath } from './what-if-query.ts';

const question = {
  connector: 'shop',
  tool: 'refund',
  operator: '',
  value: '',
  entity_key: '',
  event_id: '',
  args: '{}',
};

test('what is left empty is not asked', () => {
  expect(rehearsalOf(question)).toEqual({
    ok: true,
    body: {
      plan: {
        plan_id: 'what-if',
        actions: [{ connector: 'shop', tool: 'refund', args: {}, idempotency_key: 'what-if' }],
      },
      explain: true,
    },
  });
  const full = {
    ...question,
    operator: 'bot',
    value: '820',
    entity_key: 'order:7',
    event_id: 'stripe.x.k',
    args: '{"n":1}',
  };
  expect(rehearsalOf(full)).toMatchObject({
    body: {
      operator: 'bot',
      plan: { event_id: 'stripe.x.k', actions: [{ value: 820, entity_key: 'order:7', args: { n: 1 } }] },
    },
  });
});

test('what is no JSON and no number is told before it is asked', () => {
  expect(rehearsalOf({ ...question, args: '{' })).toMatchObject({ ok: false, field: 'args' });
  expect(rehearsalOf({ ...question, value: 'much' })).toMatchObject({ ok: false, field: 'value' });
});

test('a question that is passed on by its address is the same question', () => {
  const path = whatIfPath({ ...question, value: '820', args: '{"a":"b&c"}' });
  expect(questionIn(new URL(path, 'http://x').searchParams)).toEqual({
    ...question,
    value: '820',
    args: '{"a":"b&c"}',
  });
});
