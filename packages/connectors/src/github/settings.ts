import { Terminal } from '@holdpoint/sdk/errors';
import { z } from 'zod';

const settingsSchema = z.strictObject({
  /** Of a GitHub Enterprise Server: `https://<host>/api/v3`. */
  baseUrl: z.url({ protocol: /^https?$/ }).default('https://api.github.com'),
  /** Whether what is written ends in a hidden comment by which it is found again. Without it a lost answer needs a person. */
  marker: z.boolean().default(true),
});
export type GithubSettings = z.infer<typeof settingsSchema>;

/** @throws Terminal with what is wrong with the `config` that a tenant gives */
export function githubSettings(config: Readonly<Record<string, unknown>>): GithubSettings {
  const parsed = settingsSchema.safeParse(config);
  if (!parsed.success) throw new Terminal(`config of github: ${z.prettifyError(parsed.error)}`);
  return { ...parsed.data, baseUrl: parsed.data.baseUrl.replace(/\/+$/, '') };
}
