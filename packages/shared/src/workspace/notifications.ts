import { z } from 'zod';
import { nameSchema } from '../domain/names.ts';
import { audienceSchema } from '../domain/policy.ts';
import { readDefault } from './files.ts';
import { resolveSecrets, type SecretEnvironment, secretValueSchema } from './secrets.ts';
import { listTenants } from './tenants.ts';
import { allOrIssues, parseValue, WorkspaceError, type WorkspaceIssue } from './workspace-error.ts';

export const CHANNELS_MAX = 50;
const RECIPIENTS_MAX = 50;
const USERS_MAX = 2_000;

/** What a channel may be told of: asked, asked again, asked of others too, and how it ended. */
export const NOTICE_KINDS = ['requested', 'reminded', 'escalated', 'resolved'] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

const channel = {
  id: nameSchema,
  /** Only what is asked of one of these; absent: of anybody. */
  audiences: z.array(audienceSchema).min(1).max(100).optional(),
};
/** Absent in mails: all but `resolved`, for a mail cannot be taken back. */
const on = (kinds: readonly NoticeKind[]) =>
  z
    .array(z.enum(NOTICE_KINDS))
    .min(1)
    .default([...kinds]);
const httpUrl = z.url({ protocol: /^https?$/ });
/** What a mail server cannot take for the end of an address, or for another. */
const address = z
  .string()
  .max(320)
  .regex(/^(?:[^\p{Cc}<>",;:()@]{1,100} <[^\s<>",;]+@[^\s<>",;]+>|[^\s<>",;]+@[^\s<>",;]+)$/u, 'must be an address');

/** A Slack user as a person: what the identity provider would say of them. */
const slackUserSchema = z.strictObject({
  /** `iss|sub`, as in the person's tokens: who has voted here cannot vote again there. */
  principal: z
    .string()
    .max(512)
    .regex(/^[^|\s]+\|\S.*$/, 'must be <issuer>|<subject>'),
  name: z.string().min(1).max(200),
  audiences: z.array(audienceSchema).max(200),
});

export const channelSchema = z.discriminatedUnion('type', [
  z.strictObject({
    ...channel,
    type: z.literal('webhook'),
    /** `http` or `https`. May be a secret: some receivers have theirs in the path. */
    url: secretValueSchema,
    /** As Standard Webhooks writes them: `whsec_` and 24 to 64 bytes in Base64. */
    secret: secretValueSchema,
    on: on(NOTICE_KINDS),
  }),
  z.strictObject({
    ...channel,
    type: z.literal('slack'),
    /** `xoxb-…`, with the scope `chat:write`. */
    token: secretValueSchema,
    signingSecret: secretValueSchema,
    /** Its id, `C…`. */
    channel: z.string().regex(/^[A-Z0-9]{2,20}$/, 'must be the id of a Slack channel'),
    /** Who may decide by a button, by Slack user id. */
    users: z
      .record(z.string().regex(/^[UW][A-Z0-9]{1,20}$/, 'must be the id of a Slack user'), slackUserSchema)
      .refine((users) => Object.keys(users).length <= USERS_MAX, `at most ${USERS_MAX}`)
      .default({}),
    /** For a Slack that is elsewhere. */
    apiUrl: httpUrl.default('https://slack.com/api/'),
    on: on(NOTICE_KINDS),
  }),
  z.strictObject({
    ...channel,
    type: z.literal('email'),
    /** `smtps://user:password@host` or `smtp://…`. */
    smtp: secretValueSchema,
    from: address,
    to: z.array(address).min(1).max(RECIPIENTS_MAX),
    on: on(['requested', 'reminded', 'escalated']),
  }),
]);
export type ChannelInput = z.input<typeof channelSchema>;

type Resolved<T> = {
  readonly [K in keyof T]: K extends 'url' | 'secret' | 'token' | 'signingSecret' | 'smtp' ? string : T[K];
};
type Parsed<Type extends string> = Resolved<Extract<z.infer<typeof channelSchema>, { type: Type }>>;
export type WebhookChannel = Parsed<'webhook'>;
export type SlackChannel = Parsed<'slack'>;
export type EmailChannel = Parsed<'email'>;
/** A channel with its secrets resolved. */
export type Channel = WebhookChannel | SlackChannel | EmailChannel;

const channelsSchema = z.array(channelSchema).max(CHANNELS_MAX).superRefine(refuseTwins);

/** Every tenant's channels; a tenant without `notifications.ts` has none. Only approvals calls this: it resolves the secrets. */
export async function loadNotifications(dir: string, env: SecretEnvironment): Promise<Map<string, Channel[]>> {
  const tenants = await listTenants(dir);
  const loaded = await allOrIssues(tenants.map((tenant) => loadChannels(dir, tenant, env)));
  return new Map(tenants.map((tenant, index) => [tenant, loaded[index] ?? []]));
}

async function loadChannels(dir: string, tenant: string, env: SecretEnvironment): Promise<Channel[]> {
  const file = `tenants/${tenant}/notifications.ts`;
  const found = await readDefault(dir, file);
  if (!found) return [];
  const channels = resolveSecrets<Channel[]>(file, parseValue(file, channelsSchema, found.value), env);
  const issues = channels.flatMap((one, index) => secretIssues(one).map((issue) => ({ file, ...at(index, issue) })));
  if (issues.length > 0) throw new WorkspaceError(issues);
  return channels;
}

function at(index: number, { path, reason }: Omit<WorkspaceIssue, 'file'>): Omit<WorkspaceIssue, 'file'> {
  return { path: `${index}.${path}`, reason };
}

/** What can only be seen once the secrets are there. */
function secretIssues(one: Channel): Omit<WorkspaceIssue, 'file'>[] {
  switch (one.type) {
    case 'webhook':
      return [
        ...(httpUrl.safeParse(one.url).success ? [] : [{ path: 'url', reason: 'must be an http or https URL' }]),
        ...(isWebhookSecret(one.secret)
          ? []
          : [{ path: 'secret', reason: 'must be whsec_ and 24 to 64 bytes in Base64' }]),
      ];
    case 'slack':
      return [];
    case 'email': {
      const url = URL.canParse(one.smtp) ? new URL(one.smtp) : undefined;
      const fine = url !== undefined && /^smtps?:$/.test(url.protocol) && url.hostname !== '';
      return fine ? [] : [{ path: 'smtp', reason: 'must be a URL that begins with smtp:// or smtps://' }];
    }
    default:
      return one satisfies never;
  }
}

function isWebhookSecret(secret: string): boolean {
  const text = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1];
  const bytes = text === undefined ? 0 : Buffer.from(text, 'base64').length;
  return bytes >= 24 && bytes <= 64;
}

function refuseTwins(channels: readonly { readonly id: string }[], ctx: z.RefinementCtx): void {
  const ids = new Set<string>();
  for (const [index, { id }] of channels.entries()) {
    if (ids.has(id)) ctx.addIssue({ code: 'custom', path: [index, 'id'], message: `${id} stands twice` });
    ids.add(id);
  }
}
