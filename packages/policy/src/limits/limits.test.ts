import type { EventEnvelope } from '@holdpoint/shared/domain/event';
import { windowText } from '@holdpoint/shared/domain/limit-window';
import { LIMIT_DIMENSIONS } from '@holdpoint/shared/domain/policy';
import type { Reservation } from '@holdpoint/shared/domain/reservation';
import type { ToolCatalog } from '@holdpoint/shared/domain/tool';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compilePolicies } from '../compile/compile.ts';
import { evaluate } from '../decide/evaluate.ts';
import { createLimitLedger } from './limit-ledger.ts';
import { limitKey, readLimitKey } from './reservations.ts';

const env: EventEnvelope = { id: 'e', source: 's', type: 't', signed: 'none', typeSigned: false, data: null };
const tools: ToolCatalog = {
  shop: { 'orders.read': { risk: 'read' }, 'orders.hold': { risk: 'write' }, 'orders.note': { risk: 'write' } },
};

function verdictOf(policies: readonly unknown[], line: object = {}) {
  const hold = { connector: 'shop', tool: 'orders.hold', args: {}, entity_key: 'order:1', idempotency_key: 'k' };
  return evaluate({
    line: { ...hold, ...line },
    operator: 'risk',
    env,
    policies: compilePolicies(policies, { version: 'v' }),
    tools,
    grants: undefined,
    hooks: undefined,
    now: new Date('2026-06-01T00:00:00Z'),
  }).verdict;
}

describe('what an action asks of limits', () => {
  const limit = { count: 3, per: '24h', by: 'entity' };

  test('one reservation for each matching policy that has a limit', () => {
    const policies = [
      { id: 'a', limit, decision: 'ALLOW' },
      { id: 'b', limit: { total: 500, per: '90m', by: 'operator' }, decision: 'ALERT' },
      { id: 'c', decision: 'ALLOW' },
      { id: 'd', tool: 'orders.note', limit, decision: 'ALLOW' },
    ];
    expect(verdictOf(policies, { value: 20.5 })).toMatchObject({
      decision: 'ALERT',
      reservations: [
        { policy: 'a', key: '["a","entity","order:1"]', by: 'entity', who: 'order:1', count: 3, per_seconds: 86_400 },
        { policy: 'b', by: 'operator', who: 'risk', amount: 20.5, total: 500, per_seconds: 5_400 },
      ],
    });
    expect(verdictOf(policies).reservations?.[0]?.amount).toBe(0);
  });

  test('each dimension has its own value', () => {
    const policies = LIMIT_DIMENSIONS.map((by) => ({ id: by, limit: { ...limit, by }, decision: 'ALLOW' }));
    expect(verdictOf(policies).reservations?.map(({ by, who }) => [by, who])).toEqual([
      ['entity', 'order:1'],
      ['operator', 'risk'],
      ['tenant', ''],
      ['tool', 'shop orders.hold'],
    ]);
  });

  test('nothing where no limit is met, where it only reads, and where it is blocked', () => {
    expect(verdictOf([{ decision: 'ALLOW' }])).not.toHaveProperty('reservations');
    expect(verdictOf([{ limit, decision: 'ALLOW' }], { tool: 'orders.read' })).not.toHaveProperty('reservations');
    const blocked = verdictOf([
      { limit, decision: 'ALLOW' },
      { limit, decision: 'BLOCK' },
    ]);
    expect(blocked).not.toHaveProperty('reservations');
    expect(verdictOf([{ limit, maxValue: 1, decision: 'ALLOW' }], { value: 2 })).not.toHaveProperty('reservations');
  });

  test('policies that share an id reserve once', () => {
    const under =
      (max: number) =>
      ({ value = 0 }: { value?: number }) =>
        value < max;
    const same = [10, 500].map((max) => ({ id: 'same', predicate: under(max), limit, decision: 'ALLOW' }));
    expect(verdictOf(same, { value: 5 }).reservations).toHaveLength(1);
  });

  test('a policy without an id has another usage when its limit is edited, one with an id goes on', () => {
    const keyOf = (policy: object) => verdictOf([{ ...policy, decision: 'ALLOW' }]).reservations?.[0]?.key;
    expect(keyOf({ limit })).not.toBe(keyOf({ limit: { ...limit, count: 4 } }));
    expect(keyOf({ id: 'a', limit })).toBe(keyOf({ id: 'a', limit: { ...limit, count: 4 } }));
  });
});

test('no two limits share a key, and a key tells what it was made of', () => {
  const part = fc.string({ unit: fc.constantFrom('a', '"', ',', '\\', '\u0000', 'é'), maxLength: 4 });
  const of = fc.record({ policy: part, by: fc.constantFrom(...LIMIT_DIMENSIONS), who: part });
  fc.assert(
    fc.property(of, of, (a, b) => {
      const [keyA, keyB] = [a, b].map(({ policy, by, who }) => limitKey(policy, by, who));
      expect(keyA === keyB).toBe(JSON.stringify(Object.values(a)) === JSON.stringify(Object.values(b)));
      expect(readLimitKey(keyA as string)).toEqual(a);
    }),
  );
});

test('windows are told as one writes them', () => {
  expect([1, 90, 5_400, 7_200, 86_400, 172_800].map(windowText)).toEqual(['1s', '90s', '90m', '2h', '24h', '2d']);
});

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const drawnLimit = fc
  .record({
    count: maybe(fc.integer({ min: 1, max: 3 })),
    total: maybe(fc.constantFrom(0, 0.1, 0.3, 1, 2)),
    per: fc.constantFrom('1h', '24h'),
    by: fc.constantFrom(...LIMIT_DIMENSIONS),
  })
  .filter(({ count, total }) => count !== undefined || total !== undefined);
const drawnPolicy = fc.record({
  decision: fc.constantFrom('ALLOW', 'ALERT', 'BLOCK'),
  tool: maybe(fc.constantFrom('orders.hold', 'orders.note')),
  appliesAbove: maybe(fc.constantFrom(0, 0.2)),
  limit: maybe(drawnLimit),
});
const drawnLine = fc.record({
  tool: fc.constantFrom('orders.hold', 'orders.note'),
  value: fc.constantFrom(0, 0.1, 0.3, 1),
  entity_key: fc.constantFrom('order:1', 'order:2'),
});

describe('laws', () => {
  const keysOf = (policies: readonly unknown[], line: object) =>
    verdictOf(policies, line).reservations?.map(({ key }) => key) ?? [];

  test('order and duplicates never matter', () => {
    const shuffled = fc.array(drawnPolicy, { maxLength: 5 }).chain((all) =>
      fc.tuple(
        fc.constant(all),
        fc.shuffledSubarray(all, { minLength: all.length }).map((other) => [...other, ...all]),
      ),
    );
    fc.assert(
      fc.property(shuffled, drawnLine, ([policies, other], line) => {
        expect(verdictOf(other, line)).toEqual(verdictOf(policies, line));
      }),
    );
  });

  test('reservations are a function of the matched set: policies that do not match change nothing', () => {
    const elsewhere = drawnPolicy.map((policy) => ({ ...policy, tool: 'orders.other' }));
    fc.assert(
      fc.property(fc.array(drawnPolicy), fc.array(elsewhere), drawnLine, (policies, others, line) => {
        const { reservations } = verdictOf(policies, line);
        expect(verdictOf([...others, ...policies], line).reservations).toEqual(reservations);
      }),
    );
  });

  test('adding a policy never drops a reservation of an action that stays permitted', () => {
    fc.assert(
      fc.property(fc.array(drawnPolicy), drawnPolicy, drawnLine, (policies, added, line) => {
        const after = verdictOf([...policies, added], line);
        fc.pre(after.decision !== 'BLOCK');
        expect(keysOf([...policies, added], line)).toEqual(expect.arrayContaining(keysOf(policies, line)));
      }),
    );
  });

  test('adding a limited policy never lets through what was held back', () => {
    const permitted = (policies: readonly unknown[], lines: readonly object[]) => {
      const ledger = createLimitLedger(new Map());
      return lines.map((line) => {
        const { decision, reservations } = verdictOf(policies, line);
        return decision !== 'BLOCK' && ledger.reserve(reservations ?? []).length === 0;
      });
    };
    fc.assert(
      fc.property(
        fc.array(drawnPolicy, { minLength: 1 }),
        drawnPolicy,
        drawnLine,
        fc.nat({ max: 6 }),
        (some, added, line, times) => {
          const policies = [{ decision: 'ALLOW' }, ...some];
          const lines = Array<object>(times).fill(line);
          const before = permitted(policies, lines);
          expect(permitted([...policies, added], lines).filter((yes, index) => yes && !before[index])).toEqual([]);
        },
      ),
    );
  });
});

const reservation = (more: Partial<Reservation>): Reservation => ({
  policy: 'a',
  key: 'k',
  by: 'entity',
  who: 'order:1',
  amount: 0,
  per_seconds: 86_400,
  ...more,
});

describe('a ledger', () => {
  test('lets exactly as many as the count says, and tells what is used', () => {
    const ledger = createLimitLedger(new Map([['k', { count: 1, total: '0' }]]));
    const answers = Array.from({ length: 4 }, () => ledger.reserve([reservation({ count: 3 })]));
    expect(answers.map((reasons) => reasons.length)).toEqual([0, 0, 1, 1]);
    expect(answers[3]).toEqual([{ code: 'limit_exceeded', policy: 'a', message: '3 of 3 in 24h by entity order:1' }]);
  });

  test('sums without drift: 0.1 ten times fits in a total of 1', () => {
    const ledger = createLimitLedger(new Map([['k', { count: 3, total: '0.3' }]]));
    const answers = Array.from({ length: 8 }, () => ledger.reserve([reservation({ amount: 0.1, total: 1 })]));
    expect(answers.map((reasons) => reasons.length)).toEqual([0, 0, 0, 0, 0, 0, 0, 1]);
    expect(answers[7]?.[0]?.message).toBe('1 and 0.1 more of 1 in 24h by entity order:1');
  });

  test('reserves all or none, and tells every limit in the way, by policy', () => {
    const ledger = createLimitLedger(new Map([['full', { count: 9, total: '9' }]]));
    const open = reservation({ policy: 'b', key: 'open', count: 1 });
    const full = { key: 'full', count: 9, total: 9, amount: 1 };
    const refused = ledger.reserve([
      open,
      reservation({ ...full, policy: 'c' }),
      reservation({ ...full, policy: 'a' }),
    ]);
    expect(refused.map(({ policy }) => policy)).toEqual(['a', 'a', 'c', 'c']);
    expect(ledger.reserve([open])).toEqual([]);
    expect(ledger.reserve([open])).toHaveLength(1);
  });

  test('never lets more than the limit through, and refuses nothing that would fit', () => {
    const asked = fc.array(fc.constantFrom(0, 0.1, 0.2, 0.7), { maxLength: 12 });
    fc.assert(
      fc.property(asked, fc.nat({ max: 5 }), fc.constantFrom(0, 0.3, 1, 2), (amounts, count, total) => {
        const ledger = createLimitLedger(new Map());
        let usedCount = 0;
        let usedTenths = 0;
        for (const amount of amounts) {
          const tenths = Math.round(amount * 10);
          const fits = usedCount + 1 <= count && usedTenths + tenths <= Math.round(total * 10);
          expect(ledger.reserve([reservation({ amount, count, total })]).length === 0).toBe(fits);
          if (!fits) continue;
          usedCount += 1;
          usedTenths += tenths;
        }
      }),
    );
  });
});
