import type { NoticeText } from './notice-text.ts';

/** What the buttons are called in the interactions that they send. */
export const SLACK_ACTIONS = { approve: 'holdpoint-approve', deny: 'holdpoint-deny' } as const;
export const SLACK_DENIAL = { callback: 'holdpoint-denial', block: 'reason', input: 'text' } as const;
/** Slack's own limits: https://docs.slack.dev/reference/block-kit/blocks */
const FACT_MAX_CHARS = 2_000;
const DENIAL_MAX_CHARS = 2_000;

export interface SlackMessage {
  /** For notifications and screen readers, which see no blocks. */
  readonly text: string;
  readonly blocks: readonly object[];
}

/** With buttons, where there is something to decide. A button acts by a signed request of Slack's, never by a link. */
export function slackMessage({ title, facts, link }: NoticeText, approvalId: string, open: boolean): SlackMessage {
  return {
    text: escaped(title),
    blocks: [
      { type: 'header', text: plain(title) },
      {
        type: 'section',
        fields: facts.map(({ label, text }) => mrkdwn(cut(`*${label}*\n${escaped(text)}`, FACT_MAX_CHARS))),
      },
      ...(open ? [{ type: 'actions', elements: [approveButton(approvalId), denyButton(approvalId)] }] : []),
      { type: 'context', elements: [mrkdwn(`<${link}|Open the card>`)] },
    ],
  };
}

function approveButton(approvalId: string) {
  return {
    type: 'button',
    style: 'primary',
    action_id: SLACK_ACTIONS.approve,
    value: approvalId,
    text: plain('Approve'),
    confirm: {
      title: plain('Approve this?'),
      text: plain('It runs as soon as enough people have approved and the policies still permit it.'),
      confirm: plain('Approve'),
      deny: plain('Not now'),
    },
  };
}

function denyButton(approvalId: string) {
  return {
    type: 'button',
    style: 'danger',
    action_id: SLACK_ACTIONS.deny,
    value: approvalId,
    text: plain('Deny'),
  };
}

/** Asks for the reason. `carried` comes back with the answer, signed by Slack. */
export function denialModal(carried: string): object {
  return {
    type: 'modal',
    callback_id: SLACK_DENIAL.callback,
    private_metadata: carried,
    title: plain('Deny'),
    submit: plain('Deny'),
    close: plain('Back'),
    blocks: [
      {
        type: 'input',
        block_id: SLACK_DENIAL.block,
        label: plain('Why?'),
        element: {
          type: 'plain_text_input',
          action_id: SLACK_DENIAL.input,
          multiline: true,
          max_length: DENIAL_MAX_CHARS,
        },
      },
    ],
  };
}

function plain(text: string) {
  return { type: 'plain_text', text, emoji: false };
}

/** `verbatim`: nothing in it becomes a link, a channel or a call to everybody. */
function mrkdwn(text: string) {
  return { type: 'mrkdwn', text, verbatim: true };
}

/** https://docs.slack.dev/messaging/formatting-message-text#escaping */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Never within an escape. */
function cut(text: string, maxChars: number): string {
  return text.length <= maxChars
    ? text
    : `${text
        .slice(0, maxChars - 1)
        .replace(/&[a-z]{0,3}$/, '')
        .toWellFormed()}…`;
}
