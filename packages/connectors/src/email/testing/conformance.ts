import { LOCALHOST_CERTIFICATE } from '@holdpoint/calls/testing/localhost-certificate';
import { defineConformance } from '@holdpoint/conformance/spec';
import { startSmtpStandIn } from './smtp-stand-in.ts';

const message = { to: ['ada@customer.example'], subject: 'Your order', text: 'It is on its way.\n' };
const NOBODY = 'nobody@customer.example';
const login = { user: 'mailer', password: 'a-password-of-the-stand-in' };

export const conformance = defineConformance({
  async start() {
    const server = await startSmtpStandIn({
      certificate: LOCALHOST_CERTIFICATE,
      ...login,
      answer: (command) => (command.includes(NOBODY) ? '550 5.1.1 No such mailbox' : undefined),
    });
    return {
      config: { host: 'localhost', port: server.port, ca: LOCALHOST_CERTIFICATE.cert, from: 'shop@acme.example' },
      credentials: login,
      fault: server.fault,
      applied: (_tool, { to, subject }) =>
        server.taken.filter(
          ({ recipients, raw }) => recipients[0] === (to as string[])[0] && raw.includes(`Subject: ${subject}\r\n`),
        ).length,
      heard: server.heard,
      close: server.close,
    };
  },
  tools: {
    'messages.send': {
      args: message,
      invalid: [
        { ...message, to: [] },
        { ...message, to: ['Ada <ada@customer.example>'] },
        { ...message, subject: 'Hello\r\nBcc: all@customer.example' },
        { ...message, from: 'other@acme.example' },
        { ...message, in_reply_to: '<a@b>\r\nX: y' },
      ],
      rejected: { ...message, to: [NOBODY] },
    },
  },
  without: {
    rate_limited: 'an answer of SMTP does not say when to come again (RFC 5321 §4.2)',
    error_after: 'a 4yz or 5yz answer to the end of the data says that the mail was not taken (RFC 5321 §4.2.1)',
    exhausted: 'SMTP publishes no allowance',
  },
});
