import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderReason } from '../decide/reason-template.ts';
import { composeEscalations, escalationTerms, toEscalation } from './escalation.ts';

const escalation = fc
  .record({
    audience: fc.constantFrom('reviewer', 'compliance', 'interns'),
    quorum: fc.integer({ min: 1, max: 4 }),
    ttlSeconds: fc.integer({ min: 1, max: 100 }),
    mode: fc.constantFrom('hold' as const, 'alongside' as const),
    selfApproval: fc.boolean(),
    denials: fc.integer({ min: 1, max: 3 }),
    remindEverySeconds: fc.constantFrom(undefined, 60, 90),
    refuseUnverified: fc.boolean(),
    escalateTo: fc.constantFrom(
      undefined,
      { audience: 'board', afterSeconds: 1 },
      { audience: 'board', afterSeconds: 2 },
      { audience: 'desk', afterSeconds: 1 },
    ),
    reason: fc.constantFrom(undefined, 'a', 'b'),
  })
  .map((terms) => toEscalation(terms, terms.reason));
const composed = fc.array(escalation, { minLength: 1, maxLength: 4 }).map((all) => all.reduce(composeEscalations));

describe('composing escalations', () => {
  test('is associative', () => {
    fc.assert(
      fc.property(composed, composed, composed, (a, b, c) => {
        expect(composeEscalations(composeEscalations(a, b), c)).toEqual(
          composeEscalations(a, composeEscalations(b, c)),
        );
      }),
    );
  });

  test('is commutative', () => {
    fc.assert(
      fc.property(composed, composed, (a, b) => {
        expect(composeEscalations(a, b)).toEqual(composeEscalations(b, a));
      }),
    );
  });

  test('of one with itself changes nothing', () => {
    fc.assert(
      fc.property(composed, (a) => {
        expect(composeEscalations(a, a)).toEqual(a);
      }),
    );
  });

  test('never loosens either', () => {
    fc.assert(
      fc.property(composed, composed, (a, b) => {
        const both = composeEscalations(a, b);
        expect(both.ttl_seconds).toBeLessThanOrEqual(a.ttl_seconds);
        if (a.mode === 'hold') expect(both.mode).toBe('hold');
        if (!a.self_approval) expect(both.self_approval).toBe(false);
        if (a.refuse_unverified) expect(both.refuse_unverified).toBe(true);
        expect(both.denials ?? 1).toBeLessThanOrEqual(a.denials ?? 1);
        if (a.remind_every_seconds) expect(both.remind_every_seconds).toBeLessThanOrEqual(a.remind_every_seconds);
        for (const { audience, quorum, escalate } of a.requirements) {
          const kept = both.requirements.find((requirement) => requirement.audience === audience);
          expect(kept?.quorum).toBeGreaterThanOrEqual(quorum);
          // Nobody may vote in its place whom it would not have been opened to, nor sooner.
          if (kept?.escalate === undefined) continue;
          expect(kept.escalate.audience).toBe(escalate?.audience);
          expect(kept.escalate.after_seconds).toBeGreaterThanOrEqual(
            escalate?.after_seconds ?? Number.POSITIVE_INFINITY,
          );
        }
      }),
    );
  });
});

test("what a policy does not say, the tenant's defaults say, and then the product's", () => {
  expect(escalationTerms(undefined)).toEqual({
    audience: 'reviewer',
    quorum: 1,
    ttlSeconds: 86_400,
    mode: 'hold',
    selfApproval: false,
    denials: 1,
    remindEverySeconds: undefined,
    escalateTo: undefined,
    refuseUnverified: false,
    reason: undefined,
  });
  const defaults = {
    audience: 'desk',
    ttlSeconds: 60,
    mode: 'alongside',
    selfApproval: true,
    quorum: 2,
    denials: 3,
    remindEverySeconds: 60,
    escalateTo: { audience: 'board', afterSeconds: 30 },
    refuseUnverified: true,
  } as const;
  expect(escalationTerms({ audience: 'compliance', selfApproval: false }, { defaults })).toEqual({
    ...defaults,
    audience: 'compliance',
    selfApproval: false,
    reason: undefined,
  });
});

test('what an audience asks for stands however it came to be asked', () => {
  const terms = {
    defaults: { audience: 'desk', quorum: 1, selfApproval: true },
    audiences: { desk: { quorum: 2, selfApproval: false } },
  };
  const asked = { audience: 'desk', quorum: 2, selfApproval: false };
  expect(escalationTerms({ audience: 'desk' }, terms)).toMatchObject(asked);
  expect(escalationTerms(undefined, terms)).toMatchObject(asked);
  expect(escalationTerms({ audience: 'desk', quorum: 3 }, terms)).toMatchObject({ ...asked, quorum: 3 });
  expect(escalationTerms({ audience: 'toString' }, terms)).toMatchObject({ quorum: 1, selfApproval: true });
});

test('an audience that all escalate to has nobody else to turn to', () => {
  const defaults = { escalateTo: { audience: 'board', afterSeconds: 30 } };
  expect(escalationTerms({ audience: 'board' }, { defaults }).escalateTo).toBeUndefined();
  expect(escalationTerms({ audience: 'desk' }, { defaults }).escalateTo).toEqual(defaults.escalateTo);
});

describe("a reason's template", () => {
  const action = {
    connector: 'magento',
    tool: 'orders.refund',
    risk: 'write',
    args: {
      order: { id: 7, tags: ['a'] },
      token: 's3cret',
      auth: { password: 'p', user: 'u' },
      note: 'a\nb',
      none: null,
    },
    value: 95,
    entity_key: null,
    idempotency_key: 'k',
  } as const;
  test.each([
    ['Review ${name} of ${value}', 'Review orders.refund of 95'],
    ['${entity_key}', '—'],
    ['${args.order.id} ${args.order.tags.0} ${args.order}', '7 a {"id":7,"tags":["a"]}'],
    ['${args.missing.deep} ${args.none} ${unknown} ${args} ${}', '— — — — —'],
    ['${args.constructor} ${args.order.__proto__} ${args.note.length}', '— — —'],
    ['${args.token} ${args.auth.password} ${args.auth} ${args.auth.user}', '••• ••• {"password":"•••","user":"u"} u'],
    ['${args.note}', 'a b'],
    ['no placeholder, ${unclosed', 'no placeholder, ${unclosed'],
  ])('%s', (template, expected) => {
    expect(renderReason(template, action, { paths: ['token', 'auth.password'], scrub: (text) => text })).toBe(expected);
  });
});
