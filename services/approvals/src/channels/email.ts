import { isIP } from 'node:net';
import type { EmailChannel } from '@holdpoint/shared/workspace/notifications';
import { createTransport } from 'nodemailer';
import { emailMessage } from '../core/email-message.ts';
import { noticeText } from '../core/notice-text.ts';
import type { Delivered, Delivery, Sending } from './delivery.ts';

const STEP_MAX_MS = 10_000;
const REASON_MAX_CHARS = 300;
/** What the server says of the addresses or of the mail, rather than of the connection. */
const ABOUT_THE_MAIL = new Set(['EENVELOPE', 'EMESSAGE']);

/** One mail to all recipients. A server's final no (5xx to addresses or text) is not asked again. */
export async function sendEmail(
  { smtp, from, to }: EmailChannel,
  { id, notice, approval }: Delivery,
  { outbound, publicUrl, nowMs }: Sending,
): Promise<Delivered> {
  const server = new URL(smtp);
  const host = server.hostname.replace(/^\[(.*)\]$/, '$1');
  const secure = server.protocol === 'smtps:';
  const transport = createTransport({
    // The very address that was judged; the certificate is still the name's.
    host: await outbound.addressOf(host),
    port: server.port === '' ? (secure ? 465 : 587) : Number(server.port),
    secure,
    // A password never travels in the open.
    requireTLS: server.username !== '',
    tls: isIP(host) ? {} : { servername: host },
    ...(server.username && {
      auth: { user: decodeURIComponent(server.username), pass: decodeURIComponent(server.password) },
    }),
    connectionTimeout: STEP_MAX_MS,
    greetingTimeout: STEP_MAX_MS,
    socketTimeout: STEP_MAX_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = from.replace(/^.*@([^>]*)>?$/, '$1');
  try {
    await transport.sendMail({
      ...emailMessage(noticeText(approval, notice, publicUrl, nowMs)),
      from,
      to: [...to],
      messageId: `<${id}@${domain}>`,
      // Mail programs put what is about one approval into one thread.
      references: `<${approval.id}@${domain}>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
    return { kind: 'sent' };
  } catch (error) {
    const {
      code,
      responseCode = 0,
      response = '',
    } = error as { code?: string; responseCode?: number; response?: string };
    if (!response) throw error;
    const reason = `the mail server answered ${response.replace(/\s+/g, ' ')}`.slice(0, REASON_MAX_CHARS);
    return { kind: responseCode >= 500 && ABOUT_THE_MAIL.has(code ?? '') ? 'refused' : 'again', reason };
  } finally {
    transport.close();
  }
}
