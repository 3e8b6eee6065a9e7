import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { LOCALHOST_CERTIFICATE } from '@holdpoint/calls/testing/localhost-certificate';
import { expectConformance } from '@holdpoint/conformance/report';
import { runConformance } from '@holdpoint/conformance/run-conformance';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { afterAll, afterEach, expect, test } from 'vitest';
import { callTool, endCalls } from '../remote/testing/call-tool.ts';
import { runner } from './run.ts';
import { conformance } from './testing/conformance.ts';
import type { SmtpSessionOptions } from './testing/smtp-session.ts';
import { type SmtpStandIn, startSmtpStandIn } from './testing/smtp-stand-in.ts';
import { email } from './tools.ts';

const login = { user: 'mailer@acme.example', password: 'pass-4711-word' };
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
afterAll(endCalls);

async function server(over: Partial<SmtpSessionOptions> = {}): Promise<SmtpStandIn> {
  const standIn = await startSmtpStandIn({ certificate: LOCALHOST_CERTIFICATE, ...login, ...over });
  closing.push(standIn.close);
  return standIn;
}

const message = { to: ['ada@customer.example'], subject: 'Your order', text: 'It is on its way.' };

function send(
  { port }: { port: number },
  over: { args?: object; config?: object; credentials?: Record<string, string>; key?: string; timeoutMs?: number } = {},
) {
  const config = { host: 'localhost', port, ca: LOCALHOST_CERTIFICATE.cert, from: 'shop@acme.example', ...over.config };
  const { args, credentials = login, key = 'key-1', timeoutMs = 5_000 } = over;
  const called = { runner, tool: 'messages.send', args: { ...message, ...args }, config, credentials, timeoutMs };
  return callTool({ ...called, idempotencyKey: key });
}

test('a mail goes out encrypted, with its sender, its text and its html', async () => {
  const standIn = await server();
  const args = {
    to: ['ada@customer.example'],
    cc: ['bob@customer.example', 'ADA@customer.example'],
    bcc: ['eve@customer.example'],
    text: '.A line that begins with a dot\nGrüße',
    html: '<p>Grüße</p>',
    reply_to: 'help@acme.example',
    in_reply_to: '<question@customer.example>',
  };
  const end = await send(standIn, { args, config: { fromName: 'Acme, "Shop"' } });
  const message_id = expect.stringMatching(/^<[0-9a-f]{40}@acme\.example>$/);
  const result = { message_id, recipients: 3, response: '250 2.0.0 Ok: queued as 4Xk1' };
  expect(end).toEqual({ kind: 'answered', result });
  const [taken] = standIn.taken;
  expect(taken?.recipients).toEqual(['ADA@customer.example', 'bob@customer.example', 'eve@customer.example']);
  expect(taken?.raw).not.toContain('eve@');
  const mail = await PostalMime.parse(taken?.raw ?? '');
  expect(mail).toMatchObject({
    from: { name: 'Acme, "Shop"', address: 'shop@acme.example' },
    to: [{ address: 'ada@customer.example' }],
    subject: 'Your order',
    text: '.A line that begins with a dot\nGrüße\n',
    replyTo: [{ address: 'help@acme.example' }],
    inReplyTo: '<question@customer.example>',
    references: '<question@customer.example>',
  });
  expect(mail.html).toContain('<p>Grüße</p>');
  expect(standIn.lines.indexOf('STARTTLS')).toBeLessThan(standIn.lines.findIndex((line) => line.startsWith('AUTH')));
});

test('a server of another make takes the mail too', async () => {
  const taken: string[] = [];
  const other = new SMTPServer({
    ...LOCALHOST_CERTIFICATE,
    onAuth({ username, password }, _session, done) {
      if (username === login.user && password === login.password) done(null, { user: username });
      else done(new Error('unknown'));
    },
    onData(stream, session, done) {
      stream.resume().on('end', () => {
        taken.push(...session.envelope.rcptTo.map(({ address }) => address));
        done();
      });
    },
  });
  const listening = other.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  closing.push(() => new Promise((resolve) => other.close(() => resolve(undefined))));
  const { port } = listening.address() as AddressInfo;
  expect(await send({ port })).toMatchObject({ kind: 'answered', result: { recipients: 1 } });
  expect(taken).toEqual(['ada@customer.example']);
});

test('an attempt and its repetition carry the same Message-ID, another action another', async () => {
  const standIn = await server();
  for (const key of ['a', 'a', 'b']) await send(standIn, { key });
  const [first, again, other] = standIn.taken.map(({ raw }) => /^Message-ID: (.+)$/im.exec(raw)?.[1]);
  expect(again).toBe(first);
  expect(other).not.toBe(first);
});

test('encrypted from the start, or in a private network not at all', async () => {
  const implicit = await server({ implicit: true });
  expect(await send(implicit, { config: { tls: 'implicit' } })).toMatchObject({ kind: 'answered' });
  const relay = await server({ extensions: [] });
  const config = { tls: 'none', login: false };
  expect(await send(relay, { config, credentials: {} })).toMatchObject({ kind: 'answered' });
  expect(relay.lines.some((line) => /AUTH|STARTTLS/.test(line))).toBe(false);
});

test('a server that offers no encryption, or another name’s, gets neither password nor mail', async () => {
  const open = await server({ starttls: false });
  expect(await send(open)).toMatchObject({ kind: 'refused', message: expect.stringContaining('STARTTLS') });
  const strange = await server();
  expect(await send(strange, { config: { ca: undefined } })).toMatchObject({ kind: 'retry' });
  for (const { lines, taken } of [open, strange]) {
    expect(lines.filter((line) => /^(AUTH|MAIL)/.test(line))).toEqual([]);
    expect(taken).toEqual([]);
  }
});

test.each([
  ['greeting', '421 4.3.2 Not now', 'retry'],
  ['greeting', '554 5.7.1 Not you', 'refused'],
  ['greeting', '', 'retry'],
  ['EHLO', '', 'retry'],
  ['STARTTLS', '454 4.7.0 Not now', 'retry'],
  ['AUTH', '454 4.7.0 Not now', 'retry'],
  ['AUTH', '535 5.7.8 Who are you?', 'refused'],
  ['AUTH', '', 'retry'],
  ['MAIL', '451 4.3.0 Try again', 'retry'],
  ['MAIL', '421 4.7.0 Try again', 'retry'],
  ['MAIL', '552 5.2.3 Too large', 'refused'],
  ['RCPT', '450 4.2.1 Greylisted', 'retry'],
  ['RCPT', '550 5.1.1 No such mailbox', 'refused'],
  ['RCPT', '', 'retry'],
  ['RCPT', 'hello', 'retry'],
  ['DATA', '451 4.3.0 Try again', 'retry'],
  ['DATA', '503 5.5.1 Bad sequence', 'retry'],
  ['DATA', '554 5.7.1 No', 'refused'],
  ['DATA', '', 'retry'],
])('%s answered with "%s" before the mail was begun: %s', async (verb, answer, kind) => {
  for (const extensions of [['AUTH PLAIN'], ['AUTH LOGIN', 'PIPELINING']]) {
    const standIn = await server({ extensions, answer: (line) => (line.startsWith(verb) ? answer : undefined) });
    expect(await send(standIn), extensions.join()).toMatchObject({ kind });
    expect(standIn.heard()).toBe(0);
  }
});

test.each([
  ['rate_limited', 'retry'],
  ['error_before', 'retry'],
  ['echo', 'refused'],
  ['silence_before', 'unknown'],
  ['silence_after', 'unknown'],
  ['reset_before', 'unknown'],
  ['reset_after', 'unknown'],
  ['cut_short', 'unknown'],
  ['garbled', 'unknown'],
] as const)('%s after the mail’s end: %s', async (fault, kind) => {
  const standIn = await server();
  standIn.fault(fault);
  expect(await send(standIn, { timeoutMs: fault.startsWith('silence') ? 300 : 5_000 })).toMatchObject({ kind });
  expect(standIn.heard()).toBe(1);
});

test('one recipient that is refused is reason enough to send to nobody', async () => {
  const to = ['ada@customer.example', 'gone@customer.example', 'full@customer.example'];
  const refusing = (answers: Record<string, string>) => (line: string) =>
    Object.entries(answers).find(([name]) => line.startsWith(`RCPT TO:<${name}@`))?.[1];
  for (const extensions of [['AUTH PLAIN'], ['AUTH PLAIN', 'PIPELINING']]) {
    const full = { full: '452 4.2.2 Full' };
    const later = await server({ extensions, answer: refusing(full) });
    expect(await send(later, { args: { to } })).toMatchObject({
      kind: 'retry',
      message: 'the mail server answered to RCPT TO: 452 4.2.2 Full',
    });
    const gone = { ...full, gone: '550 5.1.1 Gone' };
    const never = await server({ extensions, answer: refusing(gone) });
    expect(await send(never, { args: { to } })).toMatchObject({ kind: 'refused' });
    const all = await server({ extensions, answer: refusing({ ...gone, ada: '451 4.3.0 Later' }) });
    expect(await send(all, { args: { to } }), 'all of them, some for good').toMatchObject({ kind: 'refused' });
    expect([later, never, all].map(({ heard }) => heard())).toEqual([0, 0, 0]);
  }
});

test('what a server repeats of the login stands in no error', async () => {
  const forms = [`\0${login.user}\0${login.password}`, login.password].map((text) =>
    Buffer.from(text).toString('base64'),
  );
  for (const extensions of [['AUTH PLAIN'], ['AUTH LOGIN']]) {
    const standIn = await server({ extensions });
    standIn.fault('echo');
    const end = await send(standIn);
    expect(end).toMatchObject({ kind: 'refused', message: expect.stringContaining('554') });
    for (const form of [...forms, login.password]) expect(JSON.stringify(end)).not.toContain(form);
  }
  const wrong = await server({ answer: (line) => (line.startsWith('AUTH') ? `535 5.7.8 ${line}` : undefined) });
  const end = await send(wrong, { credentials: { ...login, password: 'another-password' } });
  expect(end).toMatchObject({ kind: 'refused', message: expect.stringContaining('•••') });
});

test('a mail server that nobody runs was sent nothing', async () => {
  const gone = createServer().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  expect(await send({ port })).toMatchObject({ kind: 'retry', message: expect.stringContaining('ECONNREFUSED') });
});

test('what the tenant does not allow is refused before anybody is connected to', async () => {
  const standIn = await server();
  const config = { allowedDomains: ['customer.example'] };
  const outside = [
    { to: ['ada@elsewhere.example'] },
    { bcc: ['ada@sub.customer.example'] },
    { cc: ['ada@customer.example.evil.example'] },
    { reply_to: 'ada@elsewhere.example' },
  ];
  for (const args of outside) {
    const refused = { kind: 'refused', message: expect.stringMatching(/^(ada@|answers to)/) };
    expect(await send(standIn, { args, config })).toMatchObject(refused);
  }
  expect(await send(standIn, { args: { reply_to: 'ada@elsewhere.example' } })).toMatchObject({ kind: 'refused' });
  expect(standIn.lines).toEqual([]);
  const inside = { to: ['ada@CUSTOMER.example'], reply_to: 'help@acme.example' };
  expect(await send(standIn, { args: inside, config })).toMatchObject({ kind: 'answered' });
});

test.each([
  [{ tls: 'none' }, 'config.tls: a password does not travel in the open'],
  [{ from: 'Shop <shop@acme.example>' }, 'config.from'],
  [{ allowedDomains: [] }, 'config.allowedDomains'],
  [{ secure: true }, 'secure'],
])('a config of %j is refused, and stops the start', async (config, words) => {
  const standIn = await server();
  expect(await send(standIn, { config })).toMatchObject({ kind: 'refused', message: expect.stringContaining(words) });
  const given = {
    config: { host: 'localhost', from: 'a@b.example', ...config },
    secret: () => 's',
    fetch,
    connect: never,
  };
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const start = { tenants: { acme: given }, log, signal: AbortSignal.timeout(1_000) };
  expect(() => runner.init?.(start)).toThrow(`tenant acme: ${words.startsWith('config') ? words : 'config'}`);
});

const never = () => Promise.reject(new Error('nobody is connected to'));

test('addresses and lines that could hold more than one are not taken', () => {
  const { args } = email.tools['messages.send'];
  const taken = (over: object) => args?.['~standard'].validate({ ...message, ...over });
  expect(taken({})).not.toHaveProperty('issues');
  for (const to of [
    'a@b.example, c@d.example',
    'a@b.example\r\nBcc: c@d.example',
    '<a@b.example>',
    'a@b',
    '"a"@b.example',
    'a @b.example',
  ])
    expect(taken({ to: [to] }), to).toHaveProperty('issues');
  for (const subject of ['a\r\nb', 'a\nb', 'a\u2028b', 'a\0b', '']) expect(taken({ subject })).toHaveProperty('issues');
  expect(taken({ to: Array.from({ length: 21 }, (_, n) => `a${n}@b.example`) })).toHaveProperty('issues');
  expect(taken({ attachments: [] })).toHaveProperty('issues');
});

test('its value is how many get it, its lane the mailbox it is written to', () => {
  const { value, entityKey } = email.tools['messages.send'];
  const args = { ...message, to: ['Ada@Customer.example', 'b@c.example'], bcc: ['ada@customer.example'] };
  expect(value?.(args)).toBe(2);
  expect(entityKey?.(args)).toBe('mailbox:ada@customer.example');
});

test('it conforms', { timeout: 60_000 }, async () => {
  expectConformance(await runConformance({ name: 'email', tools: email, runner, spec: conformance }));
});
