import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ENDPOINT, playProvider } from '../../testing/play-provider.ts';
import { twilio } from './twilio.ts';
import { twilioSample } from './twilio-sample.ts';

const { delivery, verdict, secret } = playProvider('twilio');
const form = (body: string) => delivery({ body });

describe('a form that Twilio sends', () => {
  it('is the same event in any order and any spelling of its escapes, as it is the same to the signature', () => {
    const [sent, shuffled] = [form('CallSid=CA1&Digits=12%2B'), form('Digits=12%2b&CallSid=%43A1')];
    expect(verdict({ ...sent, rawBody: shuffled.rawBody })).toBe('accepted');
    expect(twilio.describe(shuffled).keyBody).toEqual(twilio.describe(sent).keyBody);
    expect(twilio.describe(form('CallSid=CA1&Digits=13')).keyBody).not.toEqual(twilio.describe(sent).keyBody);
  });

  it('is the same event wherever its URL and its parameters are divided, and of no type that anyone vouches for', () => {
    const at = (query: string, body: string) => ({
      ...delivery(),
      ...{ rawBody: Buffer.from(body), query, headers: headersFor('a=1', Buffer.from('CallSid=CA1&Digits=12')) },
    });
    const [sent, divided, elsewhere] = [
      at('a=1', 'CallSid=CA1&Digits=12'),
      at('a=1', 'CallSi=dCA1Digits12'),
      at('a=1CallSidCA1', 'Digits=12'),
    ];
    const port = { ...sent, url: ENDPOINT.replace('.com/', '.com:443/') };
    for (const same of [divided, elsewhere, port]) {
      expect(verdict(same)).toBe('accepted');
      expect(twilio.describe(same).keyBody).toEqual(twilio.describe(sent).keyBody);
      expect(twilio.describe(same).typeSigned).toBe(false);
    }
  });

  it('does not lose a question mark at its beginning', () => {
    const sent = form('CallSid=CA1');
    expect(verdict({ ...sent, rawBody: Buffer.from('?CallSid=CA1') })).toBe('signature_mismatch');
  });

  it('is refused unread where it has more parameters or bytes than anyone sends', () => {
    expect(verdict(form('a=&'.repeat(999)))).toBe('accepted');
    expect(verdict(form('a=&'.repeat(1_000)))).toBe('body_malformed');
    expect(verdict(form(`a=${'x'.repeat(2 * 1024 * 1024)}`))).toBe('body_malformed');
  });

  it('has its type from what it is about', () => {
    const type = (body: string) => twilio.describe(form(body)).type;
    expect(type('MessageSid=SM1&MessageStatus=delivered')).toBe('message.delivered');
    expect(type('MessageSid=SM1&SmsStatus=received&Body=hi')).toBe('message.received');
    expect(type('CallSid=CA1&CallStatus=completed')).toBe('call.completed');
    expect(type('EventType=onMessageAdded&ConversationSid=CH1')).toBe('onMessageAdded');
    expect(type('StatusCallbackEvent=participant-connected&RoomSid=RM1')).toBe('participant-connected');
    expect(type('Digits=1')).toBeUndefined();
  });

  it('is answered with no instructions', () => {
    expect(twilio.reply(form('CallSid=CA1'))).toMatchObject({ status: 200, contentType: 'text/xml' });
  });
});

describe('a JSON body that Twilio sends', () => {
  const body = '{"EventType":"task.created","Timestamp":"2026-11-02T10:00:00Z"}';
  const query = `foo=1&bodySHA256=${createHash('sha256').update(body).digest('hex')}`;
  const sent = { ...delivery({ body }), query, headers: headersFor(query) };

  it('is bound to the signed URL by its digest', () => {
    expect(verdict(sent)).toBe('accepted');
    expect(verdict({ ...sent, rawBody: Buffer.from(`${body} `) })).toBe('signature_mismatch');
    expect(verdict({ ...sent, query: query.replace('foo=1', 'foo=2') })).toBe('signature_mismatch');
    expect(verdict({ ...sent, query: '' })).toBe('signature_mismatch');
  });

  it('is described by its members and answered as any other event', () => {
    expect(twilio.describe(sent)).toMatchObject({ type: 'task.created', time: '2026-11-02T10:00:00.000Z' });
    expect(twilio.describe(sent).keyBody).toBeUndefined();
    expect(twilio.reply(sent)).toBeUndefined();
  });
});

it('a batch of Event Streams is its CloudEvents, each with its own bytes and id; what has none is no event', () => {
  const events = [
    '{"specversion":"1.0","type":"a.b","source":"/x","id":"EZ1","time":"2026-11-02T10:00:00Z"}',
    '{}',
    '7',
  ];
  const body = `[${events.join(', ')}]`;
  const query = `bodySHA256=${createHash('sha256').update(body).digest('hex')}`;
  const sent = { ...delivery({ body }), query, headers: headersFor(query) };
  expect(verdict(sent)).toBe('accepted');
  const items = twilio.items(sent);
  expect(items?.map((item) => item.body.toString())).toEqual(events);
  expect(items?.map((item) => ('fault' in item ? item.fault : item.description))).toEqual([
    expect.objectContaining({
      deliveryId: 'EZ1',
      keyFrom: 'id',
      type: 'a.b',
      subject: '/x',
      time: '2026-11-02T10:00:00.000Z',
    }),
    'has no id',
    'is no object',
  ]);
  // A form is never a batch, whatever it looks like.
  expect(twilio.items(form('[{"id":"EZ1"}]'))).toBeUndefined();
});

it('a public URL that has a query of its own says it whole', () => {
  const url = `${ENDPOINT}?tenant=acme`;
  const rawBody = Buffer.from('CallSid=CA1');
  const headers = headersFor('tenant=acme', rawBody);
  expect(verdict({ ...delivery(), rawBody, headers, url, query: 'tenant=acme' })).toBe('accepted');
});

it('believes no digest of a body in a query that the public URL keeps out of what is signed', () => {
  const url = `${ENDPOINT}?account=7`;
  // What Twilio signed for a form without parameters: the URL alone.
  const signature = createHmac('sha1', secret).update(url).digest('base64');
  const empty = { ...delivery(), headers: { 'x-twilio-signature': [signature] }, url, rawBody: Buffer.alloc(0) };
  expect(verdict(empty)).toBe('accepted');
  const forged = Buffer.from('{"EventType":"forged"}');
  const query = `account=7&bodySHA256=${createHash('sha256').update(forged).digest('hex')}`;
  expect(verdict({ ...empty, rawBody: forged, query })).toBe('signature_mismatch');
});

function headersFor(query: string, body = Buffer.alloc(0)) {
  const said = { signing: secret, body, id: 'i-1', type: '', timestamp: 0, url: `${ENDPOINT}?${query}` };
  const headers = twilioSample.headers(said);
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
}
