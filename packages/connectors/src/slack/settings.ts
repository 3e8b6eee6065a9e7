import { Terminal } from '@holdpoint/sdk/errors';
import { z } from 'zod';

const settingsSchema = z.strictObject({
  baseUrl: z.url({ protocol: /^https?$/ }).default('https://slack.com/api/'),
  /** Whether a message carries the id of its action, by which it is found again. Without it a lost answer needs a person. */
  metadata: z.boolean().default(true),
});
export type SlackSettings = z.infer<typeof settingsSchema>;

/** @throws Terminal with what is wrong with the `config` that a tenant gives */
export function slackSettings(config: Readonly<Record<string, unknown>>): SlackSettings {
  const parsed = settingsSchema.safeParse(config);
  if (!parsed.success) throw new Terminal(`config of slack: ${z.prettifyError(parsed.error)}`);
  return { ...parsed.data, baseUrl: parsed.data.baseUrl.replace(/\/*$/, '/') };
}
