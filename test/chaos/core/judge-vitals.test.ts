import { describe, expect, test } from 'vitest';
import { judgeVitals } from './judge-vitals.ts';
import { openRandom } from './random.ts';
import { emptyVitals, keyPattern, type Vitals } from './vitals.ts';
import { isWell, reportOnVitals } from './vitals-report.ts';

const MIB = 1024 ** 2;
const EVERY_MS = 5_000;
const LOOKS = 120;
const random = openRandom(1);
const around = (value: number, share = 0.02): number => value * (1 + share * (2 * random.next() - 1));

/** Ten minutes of a system that is well: what shakes shakes, a process was started again, Redis was emptied. */
function well(): ReturnType<typeof emptyVitals> {
  const vitals = emptyVitals();
  for (let look = 0; look < LOOKS; look += 1) {
    const at = 1_000_000 + look * EVERY_MS;
    const pid = look < LOOKS / 2 ? 100 : 200;
    const age = look % (LOOKS / 2);
    // It fills up while it warms up, in each of its lives.
    const warming = Math.min(1, age / 8);
    const [name, process] = ['executor-1', { at, name: 'executor-1', pid }];
    vitals.heaps.push({
      ...process,
      name,
      heapBytes: around(60 * MIB * warming, 0.01),
      outsideBytes: around(4 * MIB),
      loopDelayMs: around(30),
    });
    vitals.processes.push({ ...process, rssBytes: around(190 * MIB * warming, 0.05), descriptors: 40, threads: 11 });
    const dead = (look * 40) % 900;
    vitals.tables.push({
      at,
      table: 'outbox',
      dead,
      live: 3,
      deadDue: 500,
      vacuums: look,
      tableBytes: around(MIB),
      indexBytes: 0,
    });
    vitals.sessions.push({ at, connections: 60 + (look % 5), oldestTransactionMs: 200 });
    const stream = { at, stream: 'PLANS', maxBytes: 100 * MIB, maxAgeMs: 120_000, consumers: 1 };
    const oldestMs = Math.min(look * EVERY_MS, 121_000);
    vitals.streams.push({ ...stream, messages: oldestMs / 10, bytes: oldestMs * 50, oldestMs });
    vitals.consumers.push({
      at,
      stream: 'PLANS',
      name: 'evaluator',
      pending: look % 7,
      unacknowledged: 4,
      unacknowledgedMax: 4_096,
    });
    const keys = { 'bull:effects.shop:*': look === 50 ? 0 : 120 + (look % 9) };
    vitals.redis.push({ at, run: 'a', usedBytes: around(3 * MIB), keys });
  }
  return vitals;
}

/** What is wrong, by sign. */
const wrong = (vitals: Vitals) =>
  Object.fromEntries(
    judgeVitals(vitals)
      .filter(({ violations }) => violations.length > 0)
      .map(({ sign, violations }) => [sign, violations.join('; ')]),
  );
const minutes = ({ at }: { readonly at: number }): number => (at - 1_000_000) / 60_000;
type Changed = { -readonly [Of in keyof Vitals]: Vitals[Of] };
const but = (change: (vitals: Changed) => void): Changed => {
  const vitals: Changed = well();
  change(vitals);
  return vitals;
};

describe('a soak', () => {
  test('in which nothing grows is well, and each sign was seen', () => {
    const verdicts = judgeVitals(well());
    expect(wrong(well())).toEqual({});
    for (const verdict of verdicts) expect([verdict.sign, isWell(verdict)]).toEqual([verdict.sign, true]);
    expect(reportOnVitals(well(), verdicts, undefined)).toContain('nothing grows');
  });

  test('that saw nothing has not proved that nothing grows', () => {
    const verdicts = judgeVitals(emptyVitals());
    expect(verdicts.map(({ checked }) => checked)).toEqual([0, 0, 0, 0]);
    expect(reportOnVitals(emptyVitals(), verdicts, '/kept')).toMatch(/too little was seen .* in \/kept$/);
  });

  test.each<[string, string, (vitals: Changed) => void, RegExp]>([
    [
      'a heap that leaks a few MiB a minute, in the second life of a process',
      'V1',
      (of) => {
        of.heaps = of.heaps.map((one) => ({
          ...one,
          heapBytes: one.heapBytes + (one.pid === 200 ? minutes(one) * 2 * MIB : 0),
        }));
      },
      /executor-1 heap grew by \d/,
    ],
    [
      'buffers outside of the heap',
      'V1',
      (of) => {
        of.heaps = of.heaps.map((one) => ({ ...one, outsideBytes: one.outsideBytes + minutes(one) * 2 * MIB }));
      },
      /executor-1 buffers grew/,
    ],
    [
      'memory that no heap accounts for',
      'V1',
      (of) => {
        of.processes = of.processes.map((one) => ({ ...one, rssBytes: one.rssBytes + minutes(one) * 20 * MIB }));
      },
      /executor-1 resident grew/,
    ],
    [
      'descriptors that nobody closes',
      'V2',
      (of) => {
        of.processes = of.processes.map((one) => ({ ...one, descriptors: Math.round(40 + minutes(one) * 4) }));
      },
      /executor-1 descriptors grew/,
    ],
    [
      'threads that nobody ends',
      'V2',
      (of) => {
        of.processes = of.processes.map((one) => ({ ...one, threads: Math.round(11 + minutes(one) * 2) }));
      },
      /executor-1 threads grew/,
    ],
    [
      'connections that nobody gives back',
      'V2',
      (of) => {
        of.sessions = of.sessions.map((one) => ({ ...one, connections: Math.round(60 + minutes(one) * 3) }));
      },
      /postgres connections grew/,
    ],
    [
      'a table that no vacuum comes to',
      'V3',
      (of) => {
        of.tables = of.tables.map((one) => ({ ...one, dead: minutes(one) * 600 }));
      },
      /outbox had more than twice the dead rows/,
    ],
    [
      'a table that is emptied and swells all the same',
      'V3',
      (of) => {
        of.tables = of.tables.map((one) => ({ ...one, tableBytes: one.tableBytes + minutes(one) * 2 * MIB }));
      },
      /table outbox grew/,
    ],
    [
      'a transaction that nobody ends',
      'V3',
      (of) => {
        of.sessions = of.sessions.map((one) => ({ ...one, oldestTransactionMs: minutes(one) * 60_000 }));
      },
      /a transaction was open for \d+ s/,
    ],
    [
      'a stream that keeps what is too old',
      'V4',
      (of) => {
        of.streams = of.streams.map((one) => ({ ...one, oldestMs: minutes(one) * 60_000 }));
      },
      /stream PLANS keeps \d+ s of 120 s/,
    ],
    [
      'a stream without a limit',
      'V4',
      (of) => {
        of.streams = of.streams.map((one) => ({ ...one, maxAgeMs: 0 }));
      },
      /PLANS has no limit of age/,
    ],
    [
      'consumers that nobody removes',
      'V4',
      (of) => {
        of.streams = of.streams.map((one) => ({ ...one, consumers: 1 + Math.round(minutes(one)) }));
      },
      /consumers of PLANS grew/,
    ],
    [
      'a consumer that falls behind',
      'V4',
      (of) => {
        of.consumers = of.consumers.map((one) => ({ ...one, pending: minutes(one) * 200 }));
      },
      /what PLANS\/evaluator has yet to read grew/,
    ],
    [
      'keys without an end',
      'V4',
      (of) => {
        of.redis = of.redis.map((one) => ({ ...one, keys: { ...one.keys, 'rate:*': Math.round(minutes(one) * 60) } }));
      },
      /redis keys rate:\* grew/,
    ],
    [
      'a Redis that fills up',
      'V4',
      (of) => {
        of.redis = of.redis.map((one) => ({ ...one, usedBytes: one.usedBytes + minutes(one) * 2 * MIB }));
      },
      /redis grew/,
    ],
  ])('finds %s', (_, sign, change, said) => {
    const found = wrong(but(change));
    expect(Object.keys(found)).toEqual([sign]);
    expect(found[sign]).toMatch(said);
  });

  test('takes two lives of a process for two, however much the second needs', () => {
    const more = but((of) => {
      of.heaps = of.heaps.map((one) => ({ ...one, heapBytes: one.heapBytes * (one.pid === 200 ? 2 : 1) }));
    });
    expect(wrong(more)).toEqual({});
  });
});

test('keys are counted by what their names have in common', () => {
  expect(keyPattern('bull:effects.shop:1234')).toBe('bull:effects.shop:*');
  expect(keyPattern('bull:effects.shop:de:lane-77')).toBe('bull:effects.shop:de:*');
  expect(keyPattern('bull:effects.shop:8f2c-11:lock')).toBe('bull:effects.shop:*:lock');
  expect(keyPattern('rate:hooks:acme')).toBe('rate:hooks:acme');
});
