import { createHash } from 'node:crypto';
import MailComposer from 'nodemailer/lib/mail-composer';
import type { EmailSettings } from './settings.ts';
import { type Message, recipientsOf } from './tools.ts';

export interface Mail {
  readonly messageId: string;
  readonly from: string;
  readonly recipients: readonly string[];
  /** As RFC 5322 has it; of `bcc` it says nothing. */
  readonly raw: Buffer;
}

/**
 * Every attempt of an action makes a mail of the same Message-ID, so that receivers who look at it show a repeated one once
 * (RFC 5322 §3.6.4: it names this very version of this very mail).
 */
export async function composeMail(message: Message, settings: EmailSettings, idempotencyKey: string): Promise<Mail> {
  const { from, fromName } = settings;
  const { to, cc, subject, text, html, reply_to: replyTo, in_reply_to: inReplyTo } = message;
  const digest = createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 40);
  const messageId = `<${digest}@${domainOf(from)}>`;
  const composed = new MailComposer({
    from: fromName === undefined ? from : { name: fromName, address: from },
    to,
    ...(cc && { cc }),
    subject,
    text,
    ...(html !== undefined && { html }),
    ...(replyTo && { replyTo }),
    ...(inReplyTo && { inReplyTo, references: inReplyTo }),
    messageId,
    // It was sent by a machine: RFC 3834 §5. Out-of-office answers are not made to it.
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return { messageId, from, recipients: recipientsOf(message), raw: await composed.compile().build() };
}

/** Why the tenant does not let this be sent; undefined: it does. */
export function whyNotSent(message: Message, { from, allowedDomains }: EmailSettings): string | undefined {
  const outside = (addresses: readonly string[], domains: readonly string[]) =>
    addresses.filter((address) => !domains.includes(domainOf(address)));
  if (allowedDomains) {
    const [first] = outside(recipientsOf(message), allowedDomains);
    if (first) return `${first} is outside of the domains that the tenant allows`;
  }
  // An answer is sent where the sender says: elsewhere, it would be a way to fetch what people write.
  const [elsewhere] = outside(message.reply_to ? [message.reply_to] : [], [domainOf(from), ...(allowedDomains ?? [])]);
  return elsewhere && `answers to ${elsewhere} would leave the sender's domain`;
}

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase();
