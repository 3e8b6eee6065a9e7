import { expect, it } from 'vitest';
import { playProvider } from '../../testing/play-provider.ts';

const { delivery, provider } = playProvider('zendesk');

it('the id of a body that a trigger’s author wrote is no delivery’s: two changes of one ticket are two events', () => {
  const described = provider.describe(delivery({ id: 'inv-1', body: '{"id":"35","type":"ticket","status":"open"}' }));
  expect(described).toMatchObject({ deliveryId: 'inv-1', idSigned: false, keyFrom: 'type+body' });
});

it('an event of Zendesk’s own is known by the id in its signed body', () => {
  const body = '{"type":"zen:event-type:user.created","id":"2b24ef10","zendesk_event_version":"2022-06-20"}';
  expect(provider.describe(delivery({ id: 'inv-1', body }))).toMatchObject({
    deliveryId: '2b24ef10',
    idSigned: true,
    type: 'zen:event-type:user.created',
    keyFrom: 'id',
  });
});
