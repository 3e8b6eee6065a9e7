import { saidSchema } from '@holdpoint/shared/domain/plain-text';
import type { SlackChannel } from '@holdpoint/shared/workspace/notifications';
import { z } from 'zod';
import { SLACK_ACTIONS, SLACK_DENIAL } from './slack-message.ts';

const REASON_MAX_CHARS = 2_048;
const CARRIED_MAX_CHARS = 3_000;

/** What somebody did in Slack, as far as it is for us. */
export type SlackInteraction =
  | { readonly kind: 'approve'; readonly user: string; readonly approvalId: string; readonly responseUrl: string }
  | {
      readonly kind: 'ask_reason';
      readonly user: string;
      readonly approvalId: string;
      readonly responseUrl: string;
      readonly triggerId: string;
    }
  | {
      readonly kind: 'deny';
      readonly user: string;
      readonly approvalId: string;
      readonly responseUrl: string;
      /** Undefined where none was given that can be one. */
      readonly reason: string | undefined;
    }
  | { readonly kind: 'other' };

const user = z.object({ id: z.string().max(64) });
const url = z.url({ protocol: /^https?$/ }).max(2_000);

const clickSchema = z.object({
  type: z.literal('block_actions'),
  user,
  trigger_id: z.string().max(500),
  response_url: url,
  actions: z.array(z.object({ action_id: z.string(), value: z.string().max(64).optional() })).min(1),
});

const submissionSchema = z.object({
  type: z.literal('view_submission'),
  user,
  view: z.object({
    callback_id: z.literal(SLACK_DENIAL.callback),
    private_metadata: z.string().max(CARRIED_MAX_CHARS),
    state: z.object({ values: z.record(z.string(), z.record(z.string(), z.object({ value: z.string().nullish() }))) }),
  }),
});

/** What a modal carries from the click to the answer. */
const carriedSchema = z.object({ approvalId: z.string().max(64), responseUrl: url });

export function carriedBy({ approvalId, responseUrl }: z.infer<typeof carriedSchema>): string {
  return JSON.stringify({ approvalId, responseUrl });
}

/** Reads the `payload` of a form that Slack has signed. */
export function readInteraction(payload: unknown): SlackInteraction {
  const click = clickSchema.safeParse(payload);
  if (click.success) return readClick(click.data);
  const submission = submissionSchema.safeParse(payload);
  if (!submission.success) return { kind: 'other' };
  const { view, user: by } = submission.data;
  const carried = carriedSchema.safeParse(parsed(view.private_metadata));
  if (!carried.success) return { kind: 'other' };
  const said = saidSchema(REASON_MAX_CHARS).safeParse(
    view.state.values[SLACK_DENIAL.block]?.[SLACK_DENIAL.input]?.value,
  );
  return { kind: 'deny', user: by.id, ...carried.data, reason: said.data };
}

function readClick({ actions, user: by, response_url, trigger_id }: z.infer<typeof clickSchema>): SlackInteraction {
  const action = actions[0];
  const about = { user: by.id, approvalId: action?.value ?? '', responseUrl: response_url };
  if (action?.action_id === SLACK_ACTIONS.approve) return { kind: 'approve', ...about };
  if (action?.action_id === SLACK_ACTIONS.deny) return { kind: 'ask_reason', ...about, triggerId: trigger_id };
  return { kind: 'other' };
}

/** A Slack user as the person that the workspace says it is; of channels whose secret signed the request. */
export function slackPerson(channels: readonly SlackChannel[], tenant: string, userId: string) {
  const known = channels.find(({ users }) => Object.hasOwn(users, userId))?.users[userId];
  if (known === undefined) return undefined;
  const at = known.principal.indexOf('|');
  return {
    kind: 'person',
    tenant,
    issuer: known.principal.slice(0, at),
    subject: known.principal.slice(at + 1),
    principal: known.principal,
    name: known.name,
    audiences: known.audiences,
    scopes: new Set<never>(),
  } as const;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
