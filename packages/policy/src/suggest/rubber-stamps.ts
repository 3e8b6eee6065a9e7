import type { Evidence, EvidenceVote } from './evidence.ts';

/** When a grant says nothing of what was granted. */
export interface StampTerms {
  /** A vote sooner than this after the question was asked: nobody has read it. */
  readonly readMinMs: number;
  /** More yeses of one person than this within `batchWindowMs` were one click. */
  readonly batchMaxVotes: number;
  readonly batchWindowMs: number;
}

export const STAMP_TERMS: StampTerms = { readMinMs: 5_000, batchMaxVotes: 10, batchWindowMs: 2_000 };

export type Stamp = 'too_fast' | 'batch';

/**
 * The grants that are rubber stamps, each with why. One careless yes among several makes a stamp of the grant. Looks at all
 * evidence at once, for a batch may go over many tools; order makes no difference.
 */
export function rubberStamps(all: readonly Evidence[], terms: StampTerms): ReadonlyMap<Evidence, Stamp> {
  const batched = batchedVotes(all, terms);
  return new Map(
    all.flatMap((one): [Evidence, Stamp][] => {
      if (one.answer !== 'granted') return [];
      const yes = one.votes.filter(({ vote }) => vote === 'approve');
      if (yes.length === 0 || yes.some(({ tookMs }) => tookMs < terms.readMinMs)) return [[one, 'too_fast']];
      return yes.some((vote) => batched.has(vote)) ? [[one, 'batch']] : [];
    }),
  );
}

function batchedVotes(all: readonly Evidence[], { batchMaxVotes, batchWindowMs }: StampTerms): Set<EvidenceVote> {
  const byPerson = new Map<string, EvidenceVote[]>();
  for (const vote of all.flatMap(({ votes }) => votes)) {
    if (vote.vote !== 'approve') continue;
    const own = byPerson.get(vote.principal);
    if (own) own.push(vote);
    else byPerson.set(vote.principal, [vote]);
  }
  const batched = new Set<EvidenceVote>();
  for (const votes of byPerson.values()) {
    votes.sort((a, b) => a.atMs - b.atMs);
    let first = 0;
    let marked = 0;
    for (const [last, vote] of votes.entries()) {
      while (vote.atMs - (votes[first] as EvidenceVote).atMs > batchWindowMs) first += 1;
      if (last - first + 1 <= batchMaxVotes) continue;
      for (let at = Math.max(first, marked); at <= last; at += 1) batched.add(votes[at] as EvidenceVote);
      marked = last + 1;
    }
  }
  return batched;
}
