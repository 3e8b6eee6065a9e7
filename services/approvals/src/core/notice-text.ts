import type { Approval, Vote } from '@holdpoint/shared/domain/approval';
import type { Notice } from '@holdpoint/shared/domain/notification';
import { visibleText } from '@holdpoint/shared/domain/visible-text';
import { kindOf } from './notices.ts';
import { timeLeft } from './time-left.ts';

/** What people read of an approval outside the console. Arguments stay inside: they are behind the link. */
export interface NoticeText {
  readonly title: string;
  readonly facts: readonly { readonly label: string; readonly text: string }[];
  /** The card. Opening it decides nothing. */
  readonly link: string;
}

const FACT_MAX_CHARS = 1_000;
const TITLE_MAX_CHARS = 140;

export function noticeText(approval: Approval, notice: Notice, publicUrl: string, nowMs: number): NoticeText {
  return {
    title: cut(`${headingOf(notice)}: ${subjectOf(approval)}`, TITLE_MAX_CHARS),
    facts: [
      ...factsOf(approval),
      ...(kindOf(notice) === 'resolved' ? endingOf(approval) : waitingOf(approval, nowMs)),
    ].map(({ label, text }) => ({ label, text: cut(text, FACT_MAX_CHARS) })),
    link: cardLink(publicUrl, approval.id),
  };
}

export function cardLink(publicUrl: string, approvalId: string): string {
  return `${publicUrl}/approvals/${approvalId}`;
}

function headingOf(notice: Notice): string {
  switch (notice) {
    case 'requested':
      return 'Approval wanted';
    case 'escalated':
      return 'Escalated, approval wanted';
    case 'granted':
      return 'Granted';
    case 'denied':
      return 'Denied';
    case 'expired':
      return 'Expired, nobody decided';
    case 'cancelled':
      return 'Withdrawn';
    default:
      return 'Still waiting for approval';
  }
}

function subjectOf({ connector, tool, subject }: Approval): string {
  return connector !== null && tool !== null ? `${connector} ${tool}` : (subject ?? 'a request');
}

interface Fact {
  readonly label: string;
  readonly text: string;
}

function factsOf({ operator, agent, on_behalf_of, reason, value, entity_key, risk }: Approval): Fact[] {
  const by = [operator, agent && `agent ${agent}`, on_behalf_of && `says it acts for ${on_behalf_of}`];
  return [
    { label: 'By', text: by.filter(Boolean).join(', ') },
    { label: 'Why', text: reason },
    ...(value === null ? [] : [{ label: 'Value', text: String(value) }]),
    ...(entity_key === null ? [] : [{ label: 'Touches', text: entity_key }]),
    ...(risk === null ? [] : [{ label: 'Risk', text: risk }]),
  ];
}

function waitingOf({ requirements, expires_at }: Approval, nowMs: number): Fact[] {
  const asked = requirements.map(({ audience, quorum }) => (quorum > 1 ? `${quorum} of ${audience}` : audience));
  return [
    { label: 'Asked of', text: asked.join(' and ') },
    { label: 'Time left', text: timeLeft(Date.parse(expires_at), nowMs) },
  ];
}

function endingOf({ votes }: Approval): Fact[] {
  if (votes.length === 0) return [];
  return [{ label: 'Votes', text: votes.map(voteText).join('\n') }];
}

function voteText({ name, principal, vote, comment }: Vote): string {
  const who = name ?? principal.slice(principal.indexOf('|') + 1);
  return `${who}: ${vote === 'approve' ? 'approved' : 'denied'}${comment === null ? '' : ` (${comment})`}`;
}

/** By whole characters: half of one is no text. */
function cut(text: string, maxChars: number): string {
  const shown = visibleText(text);
  return shown.length <= maxChars ? shown : `${shown.slice(0, maxChars - 1).toWellFormed()}…`;
}
