import { NOT_ASKED, NOT_IN_TIME, READ_DIFFERENTLY } from '@holdpoint/shared/domain/decision-record';
import { describe, expect, test } from 'vitest';
import type { TenantRules } from '../compile/tenant-rules.ts';
import { answeredBy, recordOf, rulesOf } from '../testing/decision-records.ts';
import { replayRecord, sameVerdict } from './replay-record.ts';
import { createReplay, type ReplayReport } from './replay-report.ts';

type Record = ReturnType<typeof recordOf>;
const ALERT = { id: 'asks', connector: 'shop', tool: 'refund', decision: 'ALERT' } as const;
const ALLOW = { id: 'allows', connector: 'shop', tool: 'refund', decision: 'ALLOW' } as const;

function replay(records: readonly Record[], rules: TenantRules, keepMax = 10): ReplayReport {
  const replaying = createReplay(rules.policies.version, keepMax);
  for (const record of records) replaying.add(record, replayRecord(record, rules));
  return replaying.report();
}

test('the rules by which a record was decided give its verdict again, byte for byte', () => {
  const rules = rulesOf([ALERT, { tool: 'hold', when: 'action.value > 5', decision: 'ALLOW' }]);
  const records = [
    recordOf(rules, { value: 3 }),
    recordOf(rules, { tool: 'hold', value: 6 }),
    recordOf(rules, { tool: 'hold', value: 5 }),
    recordOf(rules, { tool: 'look' }),
    recordOf(rules, { tool: 'nothing', strange: 1 }),
  ];
  for (const record of records) {
    const replayed = replayRecord(record, rules);
    expect(replayed.ok && sameVerdict(replayed.verdict, record.verdict)).toBe(true);
  }
  expect(replay(records, rules)).toMatchObject({ records: 5, replayed: 5, unchanged: 5, not_reproduced: { total: 0 } });
});

test('a record says whose grant in advance let it through, which no rule can say again', () => {
  const rules = rulesOf([ALERT]);
  const { verdict, ...record } = recordOf(rules, { value: 3 });
  const reason = { code: 'standing_grant' as const, message: 'granted in advance by ann' };
  const covered = { ...record, verdict: { ...verdict, reasons: [...verdict.reasons, reason] } };
  expect(replay([covered], rules)).toMatchObject({ unchanged: 1, not_reproduced: { total: 0 } });
});

describe('what was known of an entity', () => {
  const declares = (policies: readonly unknown[], version?: string, more: object = {}) =>
    rulesOf(
      policies,
      { tools: { shop: { refund: { risk: 'write', entity: { name: 'orders', id: 'order' }, ...more } } } },
      version,
    );
  const paid = [{ tool: 'refund', when: 'env.entity != null && env.entity.data.status == "paid"', decision: 'ALLOW' }];
  const entity = {
    connector: 'shop',
    name: 'orders',
    id: '7',
    data: { status: 'paid' },
    version: null,
    seenAt: '2026-05-31T00:00:00.000Z',
  };
  const line = { args: { order: '7' } };
  const verdictOf = (record: Record, rules: TenantRules) => {
    const replayed = replayRecord(record, rules);
    return replayed.ok ? replayed.verdict.decision : replayed.why;
  };

  test('is what a change is tried on, and of a record without it nothing was', () => {
    const before = declares([ALLOW], 'v0');
    expect(verdictOf(recordOf(before, line, { entity }), declares(paid))).toBe('ALLOW');
    expect(verdictOf(recordOf(before, line, { entity: { ...entity, data: { status: 'open' } } }), declares(paid))).toBe(
      'BLOCK',
    );
    expect(verdictOf(recordOf(before, line), declares(paid))).toBe('BLOCK');
    const unheard = declares([{ when: 'env.entity == null', decision: 'BLOCK' }, ALLOW]);
    expect(verdictOf(recordOf(before, line), unheard)).toBe('BLOCK');
  });

  test('says nothing where the tool is about another one now, or where the id is hidden', () => {
    const record = recordOf(declares([ALLOW]), line, { entity });
    const otherPath = declares([ALLOW], 'v2', { entity: { name: 'orders', id: 'other' } });
    expect(verdictOf(record, otherPath)).toBe('tools_changed');
    const hidden = { ...record, line: { ...(record.line as object), args: { order: '•••' } }, masked: ['args.order'] };
    expect(verdictOf(hidden, declares([ALLOW]))).toBe('masked');
  });
});

test('a condition that is no function of the record is told, and only under the rules that decided', () => {
  let calls = 0;
  const when = () => {
    calls += 1;
    return calls === 1;
  };
  const rules = rulesOf([{ tool: 'refund', when, decision: 'ALLOW' }]);
  const record = recordOf(rules, {});
  expect(replay([record], rules).not_reproduced).toMatchObject({ total: 1, items: [{ from: 'ALLOW', to: 'BLOCK' }] });
  expect(replay([record], rulesOf([], {}, 'v2'))).toMatchObject({ not_reproduced: { total: 0 }, flips: { total: 1 } });
});

describe('a change', () => {
  const before = rulesOf([ALERT]);
  const after = rulesOf([ALLOW], {}, 'v2');
  const granted = recordOf(
    before,
    { value: 80 },
    { state: 'applied', approvals: [answeredBy('ann', 'approve', 90_000)] },
  );
  const denied = recordOf(before, { value: 900 }, { state: 'denied', approvals: [answeredBy('ann', 'deny')] });
  const expired = recordOf(before, { value: 7 }, { state: 'expired' });

  test('is told by what runs now, what it is worth, and what people would not have been asked', () => {
    expect(replay([granted, expired], after)).toMatchObject({
      policy_version: 'v2',
      flips: { total: 2, by: [{ from: 'hold', to: 'ALLOW', count: 2 }] },
      exposed: { lines: 2, value: 87, by_tool: [{ tool: 'shop refund', lines: 2, value: 87 }] },
      approvals: { saved: 1, saved_wait_seconds: 90, added: 0 },
      expired_would_run: 1,
      denied_would_run: { total: 0 },
    });
  });

  test('that lets run what people denied says so, each of them', () => {
    expect(replay([granted, denied], after).denied_would_run).toMatchObject({
      total: 1,
      items: [{ action_id: denied.action_id, value: 900, state: 'denied' }],
    });
  });

  test('that asks or blocks more exposes nothing', () => {
    const ran = recordOf(after, { value: 5 });
    const report = replay([ran], rulesOf([{ ...ALERT, id: 'allows' }], {}, 'v3'));
    expect(report).toMatchObject({ approvals: { added: 1, saved: 0 }, exposed: { lines: 0, value: 0 } });
    const blocked = replay([granted], rulesOf([{ ...ALERT, decision: 'BLOCK' }], {}, 'v3'));
    expect(blocked).toMatchObject({
      approvals: { blocked: 1, saved: 0 },
      flips: { by: [{ from: 'hold', to: 'BLOCK' }] },
    });
  });

  test('of mode is a change of course: what is reviewed alongside runs', () => {
    const alongside = rulesOf([{ ...ALERT, escalation: { audience: 'desk', mode: 'alongside' } }], {}, 'v2');
    const report = replay([denied], alongside);
    expect(report).toMatchObject({ flips: { by: [{ to: 'review' }] }, approvals: { saved: 1, reviews_added: 1 } });
    expect(report.denied_would_run.total).toBe(1);
  });

  test('that only changes the reasons takes no line another way', () => {
    const report = replay([granted], rulesOf([{ ...ALERT, id: 'other' }], {}, 'v2'));
    expect(report).toMatchObject({ same_course: 1, unchanged: 0, flips: { total: 0 } });
  });

  test('keeps as many findings as it is told, and counts them all', () => {
    const report = replay([granted, expired, denied], after, 1);
    expect(report.flips).toMatchObject({ total: 3, items: [{ action_id: granted.action_id }] });
  });
});

describe('a record that cannot be replayed', () => {
  const rules = rulesOf([ALERT, { id: 'seen', tool: 'hold', when: () => true, decision: 'ALLOW' }]);
  const blockedFor = (code: string, message = 'x') => {
    const record = recordOf(rules, {});
    return { ...record, verdict: { ...record.verdict, decision: 'BLOCK', reasons: [{ code, message }] } } as Record;
  };
  test.each<[string, Record]>([
    ['erased', recordOf(rules, {}, { erased_at: '2026-01-01T00:00:00Z' })],
    ['masked', recordOf(rules, { tool: 'hold' }, { masked: ['args.card'] })],
    ['masked', recordOf(rules, {}, { masked: ['args'] })],
    ['cut', recordOf(rules, {}, { whole: false })],
    ['duplicate', recordOf(rules, {}, { state: 'duplicate' })],
    ['idempotency_conflict', blockedFor('idempotency_conflict')],
    ['limit_exceeded', blockedFor('limit_exceeded')],
    ['event_not_found', blockedFor('event_not_found')],
    ['plan_expired', blockedFor('plan_expired')],
    ['hung', blockedFor('policy_error', NOT_IN_TIME)],
    ['hung', blockedFor('policy_error', `when ${NOT_ASKED}`)],
    ['read_differently', blockedFor('invalid_action', READ_DIFFERENTLY)],
  ])('says why: %s', (why, record) => {
    expect(replay([record], rules).not_replayed).toMatchObject({ total: 1, by: [{ why, count: 1 }] });
  });

  test('a hidden secret that nobody’s code read does no harm', () => {
    expect(replay([recordOf(rules, {}, { masked: ['args.card'] })], rules)).toMatchObject({
      replayed: 1,
      unchanged: 1,
    });
  });

  test('a line that its tool refuses now says nothing of the policies, unless the rules are those of then', () => {
    const record = recordOf(rules, {});
    const gone = { shop: { hold: { risk: 'write' } } } as const;
    expect(replay([record], rulesOf([ALERT], { tools: gone }, 'v2')).not_replayed.by).toMatchObject([
      { why: 'tools_changed' },
    ]);
    expect(replay([record], rulesOf([ALERT], { tools: gone })).not_reproduced.total).toBe(1);
  });

  test('an event that the operator may not use now blocks its line', () => {
    const record = recordOf(rules, {}, { event_id: 'desk.mail.x' });
    const grants = [{ operator: 'bot', tools: ['shop:*'], sources: ['other'] }];
    expect(replay([record], rulesOf([ALERT], { grants }, 'v2')).flips.by).toMatchObject([
      { from: 'hold', to: 'BLOCK' },
    ]);
  });
});
