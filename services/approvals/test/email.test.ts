import type { Notification } from '@holdpoint/shared/domain/notification';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { approvalStatus, type Bench, call, eventually, givenApp, givenApproval, openBench } from './fixtures.ts';
import { givenChannels, type Mailbox, startMailbox, type Workspace } from './receivers.ts';

let bench: Bench;
let mailbox: Mailbox;
let workspace: Workspace;
let url: string;
let reader: string;

beforeAll(async () => {
  bench = await openBench();
  mailbox = await startMailbox();
  workspace = await givenChannels([
    {
      id: 'post',
      type: 'email',
      smtp: mailbox.url,
      from: 'Holdpoint <holdpoint@acme.test>',
      to: ['desk@acme.test', 'Night Shift <night@acme.test>'],
    },
  ]);
  url = (await bench.start({ noticeSweepMs: 50 }, workspace.environment)).url;
  reader = await givenApp(bench.owner, ['read']);
});
afterAll(async () => {
  await bench?.stop();
  await mailbox?.close();
  await workspace?.remove();
});

async function mailed(about: Parameters<typeof givenApproval>[1] = {}) {
  const { approvalId } = await givenApproval(bench.owner, about);
  const mail = await eventually('a mail comes', () => mailbox.mails.find(({ text }) => text?.includes(approvalId)));
  return { approvalId, mail };
}

async function notification(approvalId: string, state: Notification['state']): Promise<Notification> {
  const path = `/v1/notifications?approval_id=${approvalId}&state=${state}`;
  return eventually(`it is ${state}`, async () => {
    const { items } = (await call<{ items: Notification[] }>(url, reader, 'GET', path)).body;
    return items[0];
  });
}

/** Everything in a mail that a scanner or a person can follow. */
function linksOf({ text = '', html = '' }: Mailbox['mails'][number]): string[] {
  return [...`${text} ${html}`.matchAll(/https?:\/\/[^\s"<>]+/g)].map(([link]) => link);
}

it('a mail says what is asked, once for all of its recipients', async () => {
  const { approvalId, mail } = await mailed();
  expect(mail).toMatchObject({
    subject: 'Approval wanted: shop orders.hold',
    from: { name: 'Holdpoint', address: 'holdpoint@acme.test' },
    to: [{ address: 'desk@acme.test' }, { name: 'Night Shift', address: 'night@acme.test' }],
  });
  const sent = await notification(approvalId, 'sent');
  expect(mail.messageId).toBe(`<${sent.id}@acme.test>`);
  expect(mail.headers).toContainEqual(expect.objectContaining({ key: 'auto-submitted', value: 'auto-generated' }));
  for (const part of [
    'Why: over 500',
    'Value: 820',
    'Touches: order:1',
    'By: order-risk, agent agent-7',
    'Asked of: reviewer',
  ]) {
    expect(mail.text).toContain(part);
  }
  expect(new Set(linksOf(mail))).toEqual(new Set([`https://holdpoint.test/approvals/${approvalId}`]));
});

it('nothing that an operator says becomes a header or markup of a mail', async () => {
  const { approvalId, mail } = await mailed({
    reason: 'urgent\r\nBcc: eve@evil.test\r\n\r\n<img src=x onerror=alert(1)>\u202e',
  });
  expect(mail.bcc ?? []).toEqual([]);
  expect(mail.html).not.toContain('<img');
  expect(mail.html).toContain('&#60;img');
  expect(mail.text).toContain('⟨U+202E⟩');
  const imperative = await givenApp(bench.owner, ['plan']);
  const asked = await call(url, imperative, 'POST', '/v1/approvals', {
    reason: 'x',
    subject: 'hello\r\nBcc: eve@evil.test',
    audience: 'reviewer',
  });
  const other = await eventually('it comes too', () => mailbox.mails.find(({ text }) => text?.includes(asked.body.id)));
  expect(other.subject).toBe('Approval wanted: hello Bcc: eve@evil.test');
  expect(other.bcc ?? []).toEqual([]);
  expect(other.headers.map(({ key }) => key)).not.toContain('bcc');
  expect(approvalId).not.toBe(asked.body.id);
});

it('a server that is busy is asked again, under the same Message-ID; one that refuses is not', async () => {
  mailbox.refuse = () => {
    mailbox.refuse = undefined;
    return { code: 451, text: 'try later' };
  };
  const { approvalId } = await mailed();
  expect(await notification(approvalId, 'sent')).toMatchObject({ attempts: 2 });
  mailbox.refuse = () => ({ code: 554, text: 'we do not want this' });
  const { approvalId: refused } = await givenApproval(bench.owner);
  expect(await notification(refused, 'failed')).toMatchObject({
    attempts: 1,
    error: 'the mail server answered 554 we do not want this',
  });
  mailbox.refuse = undefined;
});

it('links consumed by mail scanners decide nothing: those of a mail', async () => {
  const { approvalId, mail } = await mailed();
  const links = linksOf(mail);
  expect(links.length).toBeGreaterThan(0);
  for (const link of links) {
    for (const method of ['GET', 'HEAD']) await fetch(`${url}${new URL(link).pathname}`, { method });
  }
  for (const path of ['approve', 'deny', 'cancel', 'withdraw']) {
    expect((await fetch(`${url}/v1/approvals/${approvalId}/${path}`)).status).toBe(404);
  }
  expect(await approvalStatus(bench.db, approvalId)).toBe('pending');
});

it('a password is not given to a mail server without TLS', async () => {
  const smtp = mailbox.url.replace('//', '//user:hunter2@');
  const bare = await givenChannels(
    [{ id: 'post', type: 'email', smtp, from: 'a@bazaar.test', to: ['b@bazaar.test'] }],
    'bazaar',
  );
  const { url: other } = await bench.start({ noticeSweepMs: 50 }, bare.environment);
  const { approvalId } = await givenApproval(bench.owner, { tenant: 'bazaar' });
  const stranger = await givenApp(bench.owner, ['read'], { tenant: 'bazaar' });
  const path = `/v1/notifications?approval_id=${approvalId}`;
  const refused = await eventually('it was not sent', async () => {
    const { items } = (await call<{ items: Notification[] }>(other, stranger, 'GET', path)).body;
    return items.find(({ error }) => error !== null);
  });
  expect(JSON.stringify(refused)).not.toContain('hunter2');
  expect(mailbox.passwords).toEqual([]);
  await bare.remove();
});
