import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeHtml, html } from './html.ts';
import { operatorOf } from './requester.ts';
import { tally } from './tally.ts';
import { timeLeft } from './time-left.ts';
import { mayCancel, refuseVoter, requiredAudiencesOf } from './voter.ts';

const question = {
  requester: 'operator|order-risk',
  on_behalf_of: null,
  requirements: [
    { audience: 'compliance-team', quorum: 1 },
    { audience: 'reviewer', quorum: 2 },
  ],
  self_approval: false,
};
const person = (name: string, ...audiences: string[]) => ({ principal: `iss|${name}`, subject: name, audiences, name });
const yes = (name: string, ...audiences: string[]) => ({ principal: name, vote: 'approve' as const, audiences });
const no = (name: string) => ({ principal: name, vote: 'deny' as const, audiences: ['reviewer'] });

describe('a tally', () => {
  test('grants only when every place is filled', () => {
    const asked = { ...question, denials: 1 };
    const votes = [yes('a', 'reviewer'), yes('b', 'compliance-team', 'reviewer')];
    expect(tally(asked, votes)).toBe('pending');
    expect(tally(asked, [...votes, yes('c', 'reviewer')])).toBe('granted');
  });

  test('denies whatever else was voted', () => {
    const requirements = [{ audience: 'reviewer', quorum: 1 }];
    expect(tally({ ...question, denials: 1 }, [no('z'), yes('a', 'reviewer')])).toBe('denied');
    expect(tally({ requirements, denials: 1 }, [yes('a', 'reviewer'), no('z')])).toBe('denied');
  });

  test('denies by as many denials as that takes, and none of them fills a place', () => {
    const asked = { requirements: [{ audience: 'reviewer', quorum: 2 }], denials: 2 };
    expect(tally(asked, [no('z'), yes('a', 'reviewer')])).toBe('pending');
    expect(tally(asked, [no('z'), yes('a', 'reviewer'), yes('b', 'reviewer')])).toBe('granted');
    expect(tally(asked, [no('z'), yes('a', 'reviewer'), yes('b', 'reviewer'), no('y')])).toBe('denied');
  });
});

describe('a voter', () => {
  test('is counted for the required audiences only', () => {
    expect(requiredAudiencesOf(question, person('ann', 'staff', 'reviewer', 'compliance-team'))).toEqual([
      'compliance-team',
      'reviewer',
    ]);
    expect(refuseVoter(question, person('ann', 'staff'), 'approve', null)?.code).toBe('NOT_IN_AUDIENCE');
  });

  test('of another issuer with the same subject is not who asked', () => {
    const own = { ...question, requester: 'iss|ann' };
    expect(refuseVoter(own, person('ann', 'reviewer'), 'deny', 'no')?.code).toBe('SELF_APPROVAL');
    const elsewhere = { ...person('ann', 'reviewer'), principal: 'other|ann' };
    expect(refuseVoter(own, elsewhere, 'approve', null)).toBeUndefined();
  });

  test('may withdraw what they asked for, may decide, or administer', () => {
    expect(mayCancel({ ...question, requester: 'iss|ann' }, { ...person('ann'), admin: false })).toBe(true);
    expect(mayCancel(question, { ...person('ann', 'reviewer'), admin: false })).toBe(true);
    expect(mayCancel(question, { ...person('ann'), admin: true })).toBe(true);
    expect(mayCancel(question, { ...person('ann', 'staff'), admin: false })).toBe(false);
  });
});

test('an imperative request goes under the one operator of its app, else under the app', () => {
  expect(operatorOf('app-1', ['order-risk'])).toBe('order-risk');
  expect(operatorOf('app-1', ['order-risk', 'other'])).toBe('app-1');
  expect(operatorOf('My App.7', '*')).toBe('my-app-7');
  expect(operatorOf('…', '*')).toBe('unnamed');
  fc.assert(fc.property(fc.string(), (id) => /^[a-z0-9][a-z0-9_-]{0,62}$/.test(operatorOf(id, '*'))));
});

describe('markup', () => {
  test('never holds what could end a text or an attribute', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !/[<>"'`]/.test(escapeHtml(text))));
    expect(html`<p title="${'"><b>'}">${['a', html`<i>${'<'}</i>`, null, false, 0]}</p>`.markup).toBe(
      '<p title="&#34;&#62;&#60;b&#62;">a<i>&#60;</i>0</p>',
    );
  });

  test('shows what would be invisible and keeps lines', () => {
    expect(escapeHtml('a\u202Eb\u0007\n\tc')).toBe('a⟨U+202E⟩b⟨U+0007⟩\n\tc');
  });
});

test('time left is told in its two largest units', () => {
  const left = (seconds: number) => timeLeft(seconds * 1000, 0);
  expect(left(0)).toBe('no time');
  expect(left(-5)).toBe('no time');
  expect(left(61)).toBe('1 minute 1 second');
  expect(left(3_600)).toBe('1 hour');
  expect(left(90_000 + 59)).toBe('1 day 1 hour');
  expect(left(86_400 + 59)).toBe('1 day');
});
