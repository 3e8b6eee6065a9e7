import { createHmac } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventSubject } from '@holdpoint/shared/messages/subjects';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { discordSample } from '../src/providers/discord/discord-sample.ts';
import { deliver, type Harness, ingestHarness, metric, SECRET } from './harness.ts';

const PUBLIC_URL = 'https://hooks.example.com/twilio';
const DISCORD = discordSample.keys('current');
const SOURCES = `export default [
  { id: 'chat', provider: 'slack', secrets: ['${SECRET}'] },
  { id: 'meetings', provider: 'zoom', secrets: ['another secret', '${SECRET}'] },
  { id: 'phone', provider: 'twilio', secrets: ['${SECRET}'], publicUrl: '${PUBLIC_URL}' },
  { id: 'phone-here', provider: 'twilio', secrets: ['${SECRET}'] },
  { id: 'game', provider: 'discord', secrets: ['${DISCORD.configured}'] },
  { id: 'tickets', provider: 'linear', secrets: ['${SECRET}'] },
];`;

let harness: Harness;
let url: string;

beforeAll(async () => {
  harness = await ingestHarness();
  await mkdir(join(harness.workspaceDir, 'tenants/doors'), { recursive: true });
  await writeFile(join(harness.workspaceDir, 'tenants/doors/sources.ts'), SOURCES);
  url = (await harness.start()).url;
});
afterAll(() => harness.stop());

const stored = (id: string) =>
  harness.nats.jsm.direct.getMessage('EVENTS', { last_by_subj: eventSubject('doors', id as never) });
const count = async () => (await harness.nats.jsm.streams.info('EVENTS')).state.messages;

describe('a handshake', () => {
  it('of Slack is answered with its challenge, stored nowhere, and counted as what it is', async () => {
    const before = await count();
    const body = '{"token":"t","challenge":"3eZbrw1aBm2rZgRN","type":"url_verification"}';
    const answer = await deliver(`${url}/hooks/doors/chat`, 'slack', { body });
    expect([answer.status, answer.body.toString()]).toEqual([200, '3eZbrw1aBm2rZgRN']);
    expect(answer.headers.get('content-type')).toBe('text/plain');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await count()).toBe(before);
    expect(await metric(url, 'deliveries_total', { source: 'chat', result: 'handshake' })).toBe(1);
  });

  it('of Slack is not answered to whoever cannot sign it', async () => {
    const body = '{"challenge":"<script>","type":"url_verification"}';
    const answer = await deliver(`${url}/hooks/doors/chat`, 'slack', { body, secret: 'no' });
    expect([answer.status, answer.body.code]).toEqual([401, 'WEBHOOK_SIGNATURE_INVALID']);
  });

  it('of Zoom is answered under the secret that asked', async () => {
    const body = '{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1}';
    const answer = await deliver(`${url}/hooks/doors/meetings`, 'zoom', { body });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.body).toEqual({
      plainToken: 'qgg8vlvZRS6UYooatFL8Aw',
      encryptedToken: createHmac('sha256', SECRET).update('qgg8vlvZRS6UYooatFL8Aw').digest('hex'),
    });
  });

  it('of Discord is a PONG, and 401 to the bad signatures that it sends on purpose', async () => {
    const ping = { body: '{"type":1,"id":"1"}', secret: DISCORD.signing };
    const answer = await deliver(`${url}/hooks/doors/game`, 'discord', ping);
    expect([answer.status, answer.body]).toEqual([200, { type: 1 }]);
    const headers = { 'x-signature-ed25519': '00'.repeat(64) };
    expect((await deliver(`${url}/hooks/doors/game`, 'discord', { ...ping, headers })).status).toBe(401);
  });

  it('by GET is no page of a source whose provider asks by POST', async () => {
    for (const path of ['chat', 'chat?challenge=x', 'phone?hub.challenge=x', 'nobody']) {
      const answer = await fetch(`${url}/hooks/doors/${path}`);
      expect(answer.status, path).toBe(404);
      expect(await answer.text(), path).not.toContain('=x');
    }
  });
});

describe('a form of Twilio', () => {
  const form = 'MessageSid=SM1&MessageStatus=delivered&To=%2B15125550100';
  const sent = (body: string, over: { url?: string; query?: string; source?: string } = {}) => {
    const { query = 'account=7', source = 'phone' } = over;
    return deliver(`${url}/hooks/doors/${source}?${query}`, 'twilio', {
      body,
      url: over.url ?? `${PUBLIC_URL}?${query}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
  };

  it('is verified for the URL that Twilio called, not the one that a proxy did, and answered with no instructions', async () => {
    const answer = await sent(form);
    expect([answer.status, answer.body.toString()]).toEqual([200, '<?xml version="1.0" encoding="UTF-8"?><Response/>']);
    expect(answer.headers.get('content-type')).toBe('text/xml');
    const id = answer.headers.get('x-holdpoint-event-id') ?? '';
    expect(id).toMatch(/^phone\.message=2Edelivered\./);
    const message = await stored(id);
    expect(Buffer.from(message?.data ?? []).toString()).toBe(form);
    expect(message?.header.get('ce-signed')).toBe('url-body');
    expect(message?.header.get('ce-subject')).toBe('SM1');
  });

  it('is the same event with its parameters in another order, as the signature is', async () => {
    const before = await count();
    const again = await sent('To=%2B15125550100&MessageSid=SM1&MessageStatus=delivered');
    expect(again.status).toBe(200);
    expect(await count()).toBe(before);
    expect(await metric(url, 'deliveries_total', { source: 'phone', result: 'duplicate' })).toBe(1);
  });

  it('is refused at another URL or with another query', async () => {
    expect((await sent(form, { url: 'https://hooks.example.com/other?account=7' })).status).toBe(401);
    expect((await sent(form, { url: `${PUBLIC_URL}?account=8` })).status).toBe(401);
  });

  it('is verified for the URL that came where the source says no other, with and without the port', async () => {
    const here = `${url}/hooks/doors/phone-here?account=7`;
    expect((await sent(form, { source: 'phone-here', url: here })).status).toBe(200);
    const body = `${form}&n=2`;
    expect((await sent(body, { source: 'phone-here', url: here.replace(/:\d+\//, '/') })).status).toBe(200);
  });
});

describe('an accepted delivery', () => {
  it('is answered as its provider wants it, the second time as the first', async () => {
    const now = Math.floor(Date.now() / 1000);
    const issue = `{"type":"Issue","action":"create","data":{"id":"i-1"},"webhookTimestamp":${now}000}`;
    const event = '{"type":1,"event":{"type":"ENTITLEMENT_CREATE"}}';
    const command = '{"type":2,"id":"7860","channel_id":"64"}';
    const game = { secret: DISCORD.signing };
    for (const status of ['accepted', 'duplicate']) {
      const ticket = await deliver(`${url}/hooks/doors/tickets`, 'linear', { body: issue });
      expect(ticket).toMatchObject({ status: 200, body: { status } });
      const answers = [
        await deliver(`${url}/hooks/doors/game`, 'discord', { body: event, ...game }),
        await deliver(`${url}/hooks/doors/game`, 'discord', { body: command, ...game }),
        await deliver(`${url}/hooks/doors/chat`, 'slack', { body: 'command=%2Fdeploy&trigger_id=1.2' }),
      ];
      expect(answers.map((answer) => answer.status)).toEqual([204, 200, 200]);
      expect(answers.map(({ body }) => (Buffer.isBuffer(body) ? body.toString() : body))).toEqual([
        '',
        { type: 5 },
        '',
      ]);
      for (const { headers } of answers) expect(await stored(headers.get('x-holdpoint-event-id') ?? '')).not.toBeNull();
    }
    expect(await metric(url, 'deliveries_total', { source: 'game', result: 'accepted' })).toBe(2);
    expect(await metric(url, 'deliveries_total', { source: 'game', result: 'duplicate' })).toBe(2);
  });
});
