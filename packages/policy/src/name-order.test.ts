import { type EventEnvelope, operatorEnvelope } from '@holdpoint/shared/domain/event';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scoreQuestion } from './score/score-question.ts';
import { rulesOf } from './testing/decision-records.ts';

/** Rules whose every piece of code tells in which order it saw names. */
const seen = (what: object) => Object.keys(what).join();
const rules = rulesOf(
  [
    {
      tool: 'refund',
      when: ({ args }: { args: object }, env: EventEnvelope) => {
        throw new Error(`${seen(args)} of ${seen(env.data as object)}`);
      },
      decision: 'ALLOW',
    },
  ],
  {
    tools: {
      shop: {
        refund: { risk: 'write' },
        hold: { risk: 'write', entityKey: (args) => seen(args) || 'none' },
      },
    },
  },
);

const names = fc.dictionary(fc.constantFrom('b', 'a', 'cc', '10', '2', 'Z'), fc.nat(3));
const shuffled = (object: object) =>
  fc
    .shuffledSubarray(Object.entries(object), { minLength: Object.keys(object).length })
    .map((entries) => Object.fromEntries(entries));
const twice = (object: fc.Arbitrary<object>) => object.chain((one) => fc.tuple(fc.constant(one), shuffled(one)));

const line = fc.record(
  {
    connector: fc.constant('shop'),
    tool: fc.constantFrom('refund', 'hold'),
    idempotency_key: fc.constant('k'),
    entity_key: fc.constant('e'),
    strange: fc.nat(1),
    odd: fc.nat(1),
  },
  { requiredKeys: ['connector', 'tool', 'idempotency_key'] },
);

test('what is the same by its digest is decided the same, for the same reasons: the order of names makes no difference', () => {
  const watch = { line: () => undefined, stuckLines: new Set<number>(), userCode: { begins() {}, ends() {} } };
  const score = (one: object, data: object) => {
    const env = { ...operatorEnvelope('bot'), data };
    const now = '2026-06-01T00:00:00.000Z';
    return scoreQuestion({ tenant: 't', operator: 'bot', env, lines: [one], salt: '', now }, rules, watch);
  };
  fc.assert(
    fc.property(twice(line), twice(names), twice(names), ([one, sameOne], [args, sameArgs], [data, sameData]) => {
      expect(score({ ...sameOne, args: sameArgs }, sameData)).toEqual(score({ ...one, args }, data));
    }),
    { numRuns: 300 },
  );
});
