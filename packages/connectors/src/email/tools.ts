import { defineTool, defineTools } from '@holdpoint/sdk/define';
import { z } from 'zod';

const RECIPIENTS_MAX = 20;
const SUBJECT_MAX_LENGTH = 200;
const TEXT_MAX_LENGTH = 50_000;

/** A bare address in ASCII, without a name: what could hold a second one, or a header, is none. Lengths: RFC 5321 §4.5.3.1. */
export const addressSchema = z
  .email()
  .max(254)
  .refine((address) => address.indexOf('@') <= 64, { message: 'its part before the @ is longer than 64 characters' });

const addresses = z.array(addressSchema).max(RECIPIENTS_MAX);
/** One line: neither a line's end nor any other control character gets into a header. */
const line = z.string().regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u, 'must be one line');
/** `<left@right>`, RFC 5322 §3.6.4. */
const messageId = z.string().regex(/^<[^\s<>@\p{C}]{1,120}@[^\s<>@\p{C}]{1,120}>$/u, 'must be a message id in <>');

const message = z.strictObject({
  to: addresses.min(1),
  cc: addresses.optional(),
  bcc: addresses.optional(),
  subject: line.min(1).max(SUBJECT_MAX_LENGTH),
  text: z.string().min(1).max(TEXT_MAX_LENGTH),
  html: z.string().max(TEXT_MAX_LENGTH).optional(),
  /** Of the sender's own domain, or of those that the tenant allows. */
  reply_to: addressSchema.optional(),
  in_reply_to: messageId.optional(),
});
export type Message = z.infer<typeof message>;

/** Everybody who gets it, each once. */
export function recipientsOf({ to, cc = [], bcc = [] }: Pick<Message, 'to' | 'cc' | 'bcc'>): string[] {
  return [...new Map([...to, ...cc, ...bcc].map((address) => [address.toLowerCase(), address])).values()];
}

/**
 * Mail over SMTP (RFC 5321). It honours no key and cannot be asked what it took, so that a mail whose last answer was lost is
 * left to a person, who can look; others to the same mailbox go on meanwhile.
 */
export const email = defineTools({
  name: 'email',
  tools: {
    'messages.send': defineTool({
      risk: 'write',
      args: message,
      value: (args) => recipientsOf(args).length,
      // The one it is written to first: a person gets mails in the order in which they were decided, and limits by entity
      // count what one mailbox gets. A thread would say neither.
      entityKey: ({ to: [first = ''] }) => `mailbox:${first.toLowerCase()}`,
      // RFC 5321 §4.5.3.2.6 gives a server ten minutes to answer the end of the data. Few take more than one.
      timeoutMs: 90_000,
      whenIndeterminate: 'go_on',
    }),
  },
});
