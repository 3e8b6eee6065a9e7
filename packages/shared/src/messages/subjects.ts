import type { ApprovalStatus } from '../domain/approval.ts';
import type { EventId } from '../domain/ids.ts';
import type { OutcomeName } from '../domain/outcome.ts';
import type { TrustDecision } from '../domain/policy.ts';
import type { StreamName } from './streams.ts';

export const eventSubject = (tenant: string, event: EventId): string => `events.${tenant}.${event}`;
/** All events of a tenant; with a source only of that, with a type's token only of that type. */
export const eventSubjects = (tenant: string, source = '*', typeToken = '*'): string =>
  `events.${tenant}.${source}.${typeToken}.*`;

/** One piece of a body that is too large for its event, numbered from 0; a tenant's own, whoever else sent the same bytes. */
export const bodyPieceSubject = (tenant: string, digest: string, index: number): string =>
  `bodies.${tenant}.${digest}.${index}`;
/** All bodies of a tenant. */
export const bodySubjects = (tenant: string): string => `bodies.${tenant}.*.*`;
/** What says that every piece of a body is stored. */
export const wholeBodySubject = (tenant: string, digest: string): string => `bodies.${tenant}.${digest}.whole`;

export const planSubject = (tenant: string, operator: string): string => `plans.${tenant}.${operator}`;

export const decisionSubject = (tenant: string, decision: TrustDecision, operator: string): string =>
  `decisions.${tenant}.${decision.toLowerCase()}.${operator}`;

/** Every decision of one operator's actions. */
export const decisionSubjects = (tenant: string, operator: string): string => `decisions.${tenant}.*.${operator}`;

/** What may be told of an approval without its being decided. */
export const APPROVAL_NEWS = ['requested', 'voted', 'commented', 'reminded', 'escalated'] as const;
export type ApprovalNews = (typeof APPROVAL_NEWS)[number];
export type ApprovalFact = ApprovalNews | Exclude<ApprovalStatus, 'pending'>;
export const approvalSubject = (tenant: string, fact: ApprovalFact, operator: string): string =>
  `approvals.${tenant}.${fact}.${operator}`;
/** Every fact about every approval of a tenant: what a live view follows. With an operator only of its own. */
export const approvalSubjects = (tenant: string, operator = '*'): string => `approvals.${tenant}.*.${operator}`;

export const outcomeSubject = (tenant: string, outcome: OutcomeName, operator: string): string =>
  `outcomes.${tenant}.${outcome}.${operator}`;
/** Every outcome of one operator's actions, or with `*` of all: what a caller that waits listens to, and an `after` hook. */
export const outcomeSubjects = (tenant: string, operator: string): string => `outcomes.${tenant}.*.${operator}`;

/** `dead.<stream>.<tenant>`; a message whose subject names no tenant goes under `_`. */
export const deadSubject = (stream: StreamName, tenant: string): string => `dead.${stream}.${tenant || '_'}`;

/** The tenant and operator that a `plans.` subject was published for. */
export function parsePlanSubject(subject: string): { tenant: string; operator: string } {
  const [, tenant = '', operator = ''] = subject.split('.');
  return { tenant, operator };
}

/** The tenant and event id of an `events.` subject. */
export function parseEventSubject(subject: string): { tenant: string; eventId: EventId } {
  const [, tenant = '', ...rest] = subject.split('.');
  return { tenant, eventId: rest.join('.') as EventId };
}

/** The fact that an `approvals.` subject tells, and the tenant it is of. */
export function parseApprovalSubject(subject: string): { tenant: string; fact: ApprovalFact } {
  const [, tenant = '', fact = ''] = subject.split('.');
  return { tenant, fact: fact as ApprovalFact };
}

/** The tenant that a `decisions.` subject is of. */
export function parseDecisionSubject(subject: string): { tenant: string } {
  const [, tenant = ''] = subject.split('.');
  return { tenant };
}

/** The tenant and operator that an `outcomes.` subject is of. */
export function parseOutcomeSubject(subject: string): { tenant: string; operator: string } {
  const [, tenant = '', , operator = ''] = subject.split('.');
  return { tenant, operator };
}
