import type { Approval } from '@holdpoint/shared/domain/approval';
import { standInApproval } from '@holdpoint/shared/testing/stand-in-approval';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ATTEMPTS_MAX, deliveryBackoffMs, retryAfterMs } from './delivery-backoff.ts';
import { emailMessage } from './email-message.ts';
import { noticeText } from './notice-text.ts';
import { isEnding, kindOf, noticesOf, wants } from './notices.ts';
import { slackPerson } from './slack-interaction.ts';

const APPROVAL = standInApproval({
  id: '01a20075-b379-7697-9e6c-57f19714177b',
  action_id: null,
  plan_id: null,
  args: { card: 'inside' },
  entity_key: null,
  risk: null,
  urgency: 'low',
  reason: 'why',
  requirements: [{ audience: 'reviewer', quorum: 2 }],
});
const NOW_MS = Date.parse('2026-11-21T00:00:00.000Z');

describe('notices', () => {
  it('are none of what a standing grant answered: nobody was asked', () => {
    expect(noticesOf({ ...APPROVAL, status: 'granted', standing_grant_id: 'some' })).toEqual([]);
  });

  it('of a pending approval ask; of one that ended tell only how', () => {
    expect(noticesOf(APPROVAL)).toEqual(['requested']);
    const reminded = { ...APPROVAL, reminders: 3, escalated_at: APPROVAL.created_at };
    expect(noticesOf(reminded)).toEqual(['requested', 'reminded:3', 'escalated']);
    expect(noticesOf({ ...reminded, status: 'denied' })).toEqual(['denied']);
    expect(noticesOf(reminded).map(kindOf)).toEqual(['requested', 'reminded', 'escalated']);
    for (const ending of ['granted', 'denied', 'expired', 'cancelled'] as const) expect(isEnding(ending)).toBe(true);
  });

  it('go to those who are asked, from when they are asked', () => {
    const board = {
      on: ['requested', 'reminded', 'escalated', 'resolved'],
      audiences: ['board'],
    } as unknown as Parameters<typeof wants>[0];
    const opened: Approval = {
      ...APPROVAL,
      requirements: [{ audience: 'reviewer', quorum: 1, also: ['board'] }],
      escalated_at: '2026-11-21T00:10:00.000Z',
      remind_every_seconds: 240,
      reminders: 2,
    };
    const heard = (approval: Approval) => noticesOf(approval).filter((notice) => wants(board, approval, notice));
    expect(heard(APPROVAL)).toEqual([]);
    expect(heard(opened)).toEqual(['escalated']);
    expect(heard({ ...opened, reminders: 3 })).toEqual(['reminded:3', 'escalated']);
    expect(heard({ ...opened, status: 'granted' })).toEqual(['granted']);
    expect(heard({ ...opened, requirements: [{ audience: 'board', quorum: 1 }] })).toEqual(noticesOf(opened));
  });

  it('say who may act, never what stands in the arguments', () => {
    const text = JSON.stringify(noticeText(APPROVAL, 'requested', 'https://h.test', NOW_MS));
    expect(text).toContain('2 of reviewer');
    expect(text).toContain('1 hour');
    expect(text).not.toContain('inside');
  });

  it('are one line of subject in a mail, whatever an operator calls things', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (subject) => {
        const approval = { ...APPROVAL, connector: null, tool: null, subject };
        const mail = emailMessage(noticeText(approval, 'requested', 'https://h.test', NOW_MS));
        expect(mail.subject).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
        expect(mail.subject.length).toBeLessThanOrEqual(140);
      }),
    );
  });
});

describe('the next attempt', () => {
  it('comes later each time, at random within its bound, and never before the receiver asks for it', () => {
    expect([1, 2, 3, 4].map((attempt) => deliveryBackoffMs(attempt, 1))).toEqual([2_000, 6_000, 18_000, 54_000]);
    expect(deliveryBackoffMs(ATTEMPTS_MAX, 1)).toBe(3_600_000);
    expect(deliveryBackoffMs(3, 0)).toBe(0);
    expect(deliveryBackoffMs(1, 0.5, 30_000)).toBe(30_000);
    expect(deliveryBackoffMs(1, 0.5, 10 ** 9)).toBe(3_600_000);
  });

  it('is asked for in seconds or by a date', () => {
    expect(retryAfterMs('120', NOW_MS)).toBe(120_000);
    expect(retryAfterMs('Sat, 21 Nov 2026 00:00:30 GMT', NOW_MS)).toBe(30_000);
    expect(retryAfterMs('Fri, 20 Nov 2026 00:00:00 GMT', NOW_MS)).toBe(0);
    expect(retryAfterMs('soon', NOW_MS)).toBeUndefined();
    expect(retryAfterMs(undefined, NOW_MS)).toBeUndefined();
  });
});

describe('a Slack user', () => {
  const channel = {
    users: { U1: { principal: 'https://idp.test|auth0|7', name: 'Alice', audiences: ['reviewer'] } },
  } as unknown as Parameters<typeof slackPerson>[0][number];

  it('is a person of the tenant without further rights, by own properties only', () => {
    expect(slackPerson([channel], 'acme', 'U1')).toMatchObject({
      tenant: 'acme',
      issuer: 'https://idp.test',
      subject: 'auth0|7',
      scopes: new Set(),
    });
    expect(slackPerson([channel], 'acme', 'U2')).toBeUndefined();
    expect(slackPerson([channel], 'acme', 'constructor')).toBeUndefined();
  });
});
