import type { ApprovalEvent } from '@holdpoint/sdk/client';
import type { Approval } from '@holdpoint/shared/domain/approval';
import type { FollowingCommand } from '../command.ts';
import { nameOf, subjectOf, waitsFor } from './wording.ts';

export const watch: FollowingCommand = {
  options: ['audience'],
  words: [],
  async follow({ client, values: { audience }, tell, warn, signal }) {
    const onLost = (error: Error, retryMs: number): void =>
      warn(`${error.message}; trying again in ${retryMs / 1000} s. What is said meanwhile is in: approvals`);
    for await (const told of client.approvals.stream({ signal, onLost })) {
      if (audience === undefined || asks(told.approval, audience)) tell(told, lineOf(told, new Date()));
    }
  },
};

function asks({ requirements }: Approval, audience: string): boolean {
  return requirements.some((one) => one.audience === audience || one.also?.includes(audience));
}

function lineOf({ event, approval }: ApprovalEvent, at: Date): string {
  const what = [subjectOf(approval), approval.entity_key, approval.value].filter((part) => part !== null).join(' ');
  const name = event.slice(event.indexOf('.') + 1);
  return [at.toISOString(), name.padEnd('commented'.length), approval.id, what, detailOf(event, approval)]
    .filter(Boolean)
    .join('  ');
}

function detailOf(event: ApprovalEvent['event'], approval: Approval): string {
  switch (event) {
    case 'approval.requested':
      return `by ${approval.operator} of ${waitsFor(approval)}: ${approval.reason}`;
    case 'approval.voted': {
      const vote = approval.votes.at(-1);
      return vote
        ? [`${nameOf(vote)}: ${vote.vote}`, vote.comment].filter(Boolean).join(', ')
        : 'a vote was taken back';
    }
    case 'approval.commented': {
      const said = approval.comments.at(-1);
      return said ? `${nameOf(said)}: ${said.text}` : '';
    }
    case 'approval.reminded':
    case 'approval.escalated':
      return `waits for ${waitsFor(approval)}, until ${approval.expires_at}`;
    case 'approval.resolved':
      return [approval.status, approval.votes.find(({ vote }) => vote === 'deny')?.comment].filter(Boolean).join(': ');
    default:
      return event satisfies never;
  }
}
