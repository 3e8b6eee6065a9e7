import type { Approval } from '@holdpoint/shared/domain/approval';
import type { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { PersonPrincipal } from '@holdpoint/shared/runtime/principal';
import type { SlackChannel } from '@holdpoint/shared/workspace/notifications';
import { post, whyNotSent } from './channels/outbound.ts';
import { callSlack } from './channels/slack-api.ts';
import type { Context } from './context.ts';
import { noticeText } from './core/notice-text.ts';
import type { Ruling } from './core/ruling.ts';
import { carriedBy, type SlackInteraction, slackPerson } from './core/slack-interaction.ts';
import { denialModal, escaped, SLACK_DENIAL, slackMessage } from './core/slack-message.ts';
import { isId, vote } from './decide.ts';
import { readApproval } from './store/read-approval.ts';

/** What Slack is answered: nothing, or what is wrong in the modal. */
export type SlackReply = undefined | { readonly response_action: 'errors'; readonly errors: Record<string, string> };

const UNKNOWN = 'You are not known here: somebody has to add you to the channel in notifications.ts.';
const SAY_MAX_MS = 5_000;
const ANSWER_MAX_BYTES = 1_024;

/**
 * Does what a click asks for, as the person that the workspace says the Slack user is. A click votes like everybody votes; the
 * same click again finds that vote and changes nothing.
 */
export async function interact(
  context: Context,
  tenant: string,
  channels: readonly SlackChannel[],
  interaction: SlackInteraction,
): Promise<SlackReply> {
  if (interaction.kind === 'other') return undefined;
  const person = slackPerson(channels, tenant, interaction.user);
  if (person === undefined) {
    await say(context, interaction.responseUrl, { text: UNKNOWN });
    return interaction.kind === 'deny' ? wrong(UNKNOWN) : undefined;
  }
  switch (interaction.kind) {
    case 'approve':
      return approve(context, person, interaction);
    case 'ask_reason':
      return askReason(context, channels, interaction);
    case 'deny':
      return deny(context, person, interaction);
    default:
      return interaction satisfies never;
  }
}

async function approve(
  context: Context,
  person: PersonPrincipal,
  { approvalId, responseUrl }: Extract<SlackInteraction, { kind: 'approve' }>,
): Promise<undefined> {
  const ruling = await vote(context, person, { approvalId, vote: 'approve', comment: null });
  if (ruling.kind === 'refused') await explain(context, person.tenant, approvalId, responseUrl, ruling.error);
  else await say(context, responseUrl, { text: approvedText(ruling) });
  return undefined;
}

function approvedText({ approval: { status } }: Extract<Ruling, { kind: 'ruled' }>): string {
  return status === 'pending' ? 'Your approval counts; more people have to approve.' : `This is ${status}.`;
}

/** Slack waits three seconds for the modal. */
async function askReason(
  context: Context,
  channels: readonly SlackChannel[],
  { approvalId, responseUrl, triggerId }: Extract<SlackInteraction, { kind: 'ask_reason' }>,
): Promise<undefined> {
  const [channel] = channels;
  if (channel === undefined) return undefined;
  const answer = await callSlack(
    context.outbound,
    channel,
    'views.open',
    { trigger_id: triggerId, view: denialModal(carriedBy({ approvalId, responseUrl })) },
    { signal: AbortSignal.timeout(SAY_MAX_MS), nowMs: context.clock().getTime() },
  );
  if (!answer.ok) context.logger.warn({ reason: answer.error, channel: channel.id }, 'slack opened no modal');
  return undefined;
}

async function deny(
  context: Context,
  person: PersonPrincipal,
  { approvalId, responseUrl, reason }: Extract<SlackInteraction, { kind: 'deny' }>,
): Promise<SlackReply> {
  if (reason === undefined) return wrong('A denial needs a reason.');
  const ruling = await vote(context, person, { approvalId, vote: 'deny', comment: reason });
  if (ruling.kind === 'ruled') return undefined;
  await explain(context, person.tenant, approvalId, responseUrl, ruling.error);
  return wrong(sentence(ruling.error));
}

/** A refusal, to the one who clicked; a message whose question is over already loses its buttons for all. */
async function explain(
  context: Context,
  tenant: string,
  approvalId: string,
  responseUrl: string,
  error: HoldpointError,
): Promise<void> {
  const over = error.code === 'APPROVAL_ALREADY_DECIDED' || error.code === 'APPROVAL_EXPIRED';
  const approval =
    over && isId(approvalId) ? (await readApproval(context.db, tenant, approvalId))?.approval : undefined;
  if (approval && approval.status !== 'pending')
    await say(context, responseUrl, endedMessage(context, approval, approval.status));
  await say(context, responseUrl, { text: escaped(sentence(error)) });
}

function endedMessage(
  { publicUrl, clock }: Context,
  approval: Approval,
  status: Exclude<Approval['status'], 'pending'>,
) {
  const text = noticeText(approval, status, publicUrl, clock().getTime());
  return { ...slackMessage(text, approval.id, false), replace_original: true };
}

/** The URL came with Slack's signature. What cannot be said changes nothing that was decided. */
async function say({ outbound, logger }: Context, url: string, message: object): Promise<void> {
  try {
    await post(outbound, {
      url,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify({ response_type: 'ephemeral', replace_original: false, ...message }),
      signal: AbortSignal.timeout(SAY_MAX_MS),
      answerMaxBytes: ANSWER_MAX_BYTES,
    });
  } catch (error) {
    logger.warn({ reason: whyNotSent(error) }, 'slack was not answered');
  }
}

function wrong(text: string): SlackReply {
  return { response_action: 'errors', errors: { [SLACK_DENIAL.block]: text } };
}

function sentence({ message }: HoldpointError): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
}
