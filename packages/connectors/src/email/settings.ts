import { Terminal } from '@holdpoint/sdk/errors';
import { z } from 'zod';
import { addressSchema } from './tools.ts';

const domain = z.string().regex(/^([a-z0-9-]+\.)+[a-z0-9-]+$/, 'must be a domain in small letters');

const settingsSchema = z
  .strictObject({
    host: z.string().min(1),
    /** 587 (RFC 6409), or 465 where it is encrypted from the start (RFC 8314). */
    port: z.coerce.number().int().min(1).max(65_535).optional(),
    /** `none` is for a relay in one's own network, and takes no password. */
    tls: z.enum(['starttls', 'implicit', 'none']).default('starttls'),
    /** PEM certificates to trust in place of the well-known ones. */
    ca: z.string().optional(),
    /** False: no `user` and `password` are asked for. */
    login: z.boolean().default(true),
    /** What all mails come from. No proposer chooses it. */
    from: addressSchema,
    fromName: z
      .string()
      .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]{1,100}$/u)
      .optional(),
    /** Only mailboxes of these get mail. */
    allowedDomains: z.array(domain).min(1).optional(),
  })
  .refine(({ tls, login }) => tls !== 'none' || !login, {
    path: ['tls'],
    message: 'a password does not travel in the open: say login: false, or encrypt',
  })
  .transform((settings) => ({ ...settings, port: settings.port ?? (settings.tls === 'implicit' ? 465 : 587) }));

/** How a tenant's `connectors.ts` sets up its mail. */
export type EmailSettings = z.infer<typeof settingsSchema>;

/** @throws {Terminal} that names what is wrong with the config: nothing is sent by it */
export function emailSettings(config: Readonly<Record<string, unknown>>): EmailSettings {
  const parsed = settingsSchema.safeParse(config);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${['config', ...path].join('.')}: ${message}`);
  throw new Terminal(faults.join('; '));
}
