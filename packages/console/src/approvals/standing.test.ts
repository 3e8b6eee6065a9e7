import type { Approval } from '@holdpoint/shared/domain/approval';
import { describe, expect, test } from 'vitest';
import { arrange, settled, unseen } from '../pages/inbox/arrange.ts';
import { standingOf, stillNeeded } from './standing.ts';
import { endingOf } from './words.ts';

const NOW = Date.parse('2026-11-21T10:00:00Z');
const alice = { principal: 'iss|alice', name: 'Alice', tenant: 'acme', audiences: ['reviewer'], scopes: [] };

function approval(of: Partial<Approval> = {}): Approval {
  return {
    id: '1',
    status: 'pending',
    urgency: 'medium',
    requirements: [{ audience: 'reviewer', quorum: 1 }],
    self_approval: false,
    on_behalf_of: null,
    expires_at: '2026-11-21T11:00:00Z',
    votes: [],
    ...of,
  } as Approval;
}

function vote(principal: string, of: Partial<Approval['votes'][number]> = {}): Approval['votes'][number] {
  return { principal, vote: 'approve', audience: 'reviewer', comment: null, at: '', name: null, ...of };
}

describe('a person is offered', () => {
  const offered = (of: Partial<Approval>, person = alice) => {
    const { mayApprove, mayDeny, mustComment } = standingOf(approval(of), person, NOW);
    return { mayApprove, mayDeny, mustComment };
  };
  const nothing = { mayApprove: false, mayDeny: false, mustComment: false };

  test('both, where one of their audiences is asked, or has been since it was escalated', () => {
    expect(offered({})).toEqual({ mayApprove: true, mayDeny: true, mustComment: false });
    const requirements = [{ audience: 'board', quorum: 1, also: ['reviewer'] }];
    expect(offered({ requirements })).toMatchObject({ mayApprove: true });
  });

  test('nothing, where others are asked, they have voted, it is decided or its time is over', () => {
    expect(offered({ requirements: [{ audience: 'board', quorum: 1 }] })).toEqual(nothing);
    expect(offered({ votes: [vote('iss|alice')] })).toEqual(nothing);
    expect(offered({ status: 'granted' })).toEqual(nothing);
    expect(offered({ expires_at: '2026-11-21T10:00:00Z' })).toEqual(nothing);
  });

  test('only a denial of what is said to be for them, or an approval with a word where policies allow it', () => {
    for (const on_behalf_of of ['alice', 'iss|alice']) {
      expect(offered({ on_behalf_of })).toEqual({ mayApprove: false, mayDeny: true, mustComment: false });
      expect(offered({ on_behalf_of, self_approval: true })).toMatchObject({ mayApprove: true, mustComment: true });
    }
  });
});

test('what is still needed is counted by places', () => {
  const requirements = [
    { audience: 'compliance', quorum: 1 },
    { audience: 'reviewer', quorum: 2 },
  ];
  expect(stillNeeded(approval({ requirements, votes: [vote('iss|bob')] }))).toBe(
    '1 more of compliance and 1 more of reviewer',
  );
});

test('an ending names who made it, and what they said', () => {
  const votes = [vote('iss|bob', { vote: 'deny', name: 'Bob', comment: 'not this one' }), vote('iss|carol')];
  expect(endingOf(approval({ status: 'denied', votes }))).toBe('denied by Bob: “not this one”');
  expect(endingOf(approval({ status: 'granted', votes }))).toBe('granted by carol');
  expect(endingOf(approval({ status: 'expired', votes }))).toBe('expired');
});

describe('the inbox', () => {
  const others = [{ audience: 'board', quorum: 1 }];
  const all = [
    approval({ id: 'later', expires_at: '2026-11-21T12:00:00Z' }),
    approval({ id: 'soon' }),
    approval({ id: 'urgent', urgency: 'high', expires_at: '2026-11-22T12:00:00Z' }),
    approval({ id: 'theirs', urgency: 'high', requirements: others }),
  ];

  test('has what waits for the person first, the urgent before the rest, then what ends soonest', () => {
    expect(arrange(all, alice, NOW)).toEqual({ mine: ['urgent', 'soon', 'later'], others: ['theirs'] });
  });

  test('keeps its order while new ones are counted', () => {
    const shown = arrange(all.slice(1), alice, NOW);
    expect(unseen(shown, arrange(all, alice, NOW))).toBe(1);
    expect(unseen(shown, arrange(all.slice(2), alice, NOW))).toBe(0);
  });

  test('moves what was voted on and still waits to the others', () => {
    const shown = arrange(all, alice, NOW);
    const voted = all.map((one) => (one.id === 'soon' ? { ...one, votes: [vote('iss|alice')] } : one));
    expect(
      settled(
        shown,
        ['soon', 'urgent'],
        arrange(
          voted.filter(({ id }) => id !== 'urgent'),
          alice,
          NOW,
        ),
      ),
    ).toEqual({
      mine: ['later'],
      others: ['theirs', 'soon'],
    });
  });
});
