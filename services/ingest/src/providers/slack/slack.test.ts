import { describe, expect, it } from 'vitest';
import { playProvider, withHeader } from '../../testing/play-provider.ts';
import { slack } from './slack.ts';

const { delivery } = playProvider('slack');
const interaction = (payload: object) =>
  delivery({ body: new URLSearchParams({ payload: JSON.stringify(payload) }).toString() });

describe('what Slack sends', () => {
  it('is read by its bytes, whatever an unsigned content type says', () => {
    const command = withHeader(
      delivery({ body: 'command=%2Fdeploy&trigger_id=1.2' }),
      'content-type',
      'application/json',
    );
    expect(slack.describe(command)).toMatchObject({ type: 'command', subject: '/deploy', deliveryId: '1.2' });
    const event = delivery({ body: '{"type":"event_callback","event_id":"Ev1","event":{"type":"message"}}' });
    const form = withHeader(event, 'content-type', 'application/x-www-form-urlencoded');
    expect(slack.describe(form)).toMatchObject({ type: 'message', deliveryId: 'Ev1', keyFrom: 'id' });
  });

  it('of an interaction has the payload’s type, and its callback as subject where it has one', () => {
    const shortcut = interaction({ type: 'shortcut', callback_id: 'new_ticket', trigger_id: '9.9' });
    expect(slack.describe(shortcut)).toMatchObject({ type: 'shortcut', subject: 'new_ticket', keyFrom: 'type+body' });
  });

  it('is a handshake only where it says so, and only with a challenge', () => {
    const reply = (body: string) => slack.handshake(delivery({ body }))?.body;
    expect(reply('{"type":"url_verification","challenge":"abc"}')).toBe('abc');
    expect(reply('{"type":"event_callback","challenge":"abc"}')).toBeUndefined();
    expect(reply('{"type":"url_verification","challenge":7}')).toBeUndefined();
    expect(reply('type=url_verification&challenge=abc')).toBeUndefined();
  });

  it('as a command or an interaction is answered with 200 and nothing for its user to see', () => {
    expect(slack.reply(delivery({ body: 'command=%2Fdeploy' }))).toMatchObject({ status: 200, body: '' });
    expect(slack.reply(interaction({ type: 'block_actions' }))).toMatchObject({ status: 200, body: '' });
    expect(slack.reply(delivery({ body: '{"type":"event_callback"}' }))).toBeUndefined();
  });
});
