import type { Approval } from '@holdpoint/shared/domain/approval';

/** What is asked, in a few words: `shop.orders.hold`, or what an operator calls its question. */
export function whatOf({ connector, tool, subject }: Pick<Approval, 'connector' | 'tool' | 'subject'>): string {
  return tool === null ? (subject ?? 'A request') : `${connector}.${tool}`;
}

/** The same with what it is about: `shop.orders.hold on order:1`. */
export function whatOn(approval: Pick<Approval, 'connector' | 'tool' | 'subject' | 'entity_key'>): string {
  const what = whatOf(approval);
  return approval.entity_key === null ? what : `${what} on ${approval.entity_key}`;
}

/** A principal is `iss|sub`: people know each other by name. */
export function nameOf({ name, principal }: { readonly name: string | null; readonly principal: string }): string {
  return name ?? principal.slice(principal.indexOf('|') + 1);
}

/** How it ended, and by whose word: `denied by Bob: “not this one”`. */
export function endingOf({ status, votes }: Pick<Approval, 'status' | 'votes'>): string {
  if (status !== 'granted' && status !== 'denied') return status;
  const wanted = status === 'granted' ? 'approve' : 'deny';
  const votersOf = votes.filter(({ vote }) => vote === wanted);
  if (votersOf.length === 0) return status;
  const said = votersOf.at(-1)?.comment;
  return `${status} by ${votersOf.map(nameOf).join(' and ')}${said ? `: “${said}”` : ''}`;
}
