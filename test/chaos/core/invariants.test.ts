import { describe, expect, test } from 'vitest';
import type { History, InvariantId, ObservedCall, RecordedAction, RecordedReceipt } from './history.ts';
import { call, receipt, soundHistory } from './sound-history.ts';
import { verdictsOn } from './verdicts.ts';

const sound = soundHistory();
const named = (id: string): RecordedAction => sound.actions.find((one) => one.id === id) as RecordedAction;
const withAction = (id: string, change: Partial<RecordedAction>) => ({
  actions: sound.actions.map((one) => (one.id === id ? { ...one, ...change } : one)),
});
const withCall = (seq: number, change: Partial<ObservedCall>) => ({
  calls: sound.calls.map((one) => (one.seq === seq ? { ...one, ...change } : one)),
});
const withCalls = (...more: ObservedCall[]) => ({ calls: [...sound.calls, ...more] });
const withoutReceipt = (id: string) => ({ receipts: sound.receipts.filter((one) => one.id !== id) });
const withReceipt = (id: string, change: Partial<RecordedReceipt>) => ({
  receipts: sound.receipts.map((one) => (one.id === id ? { ...one, ...change } : one)),
});
const verdict = (id: InvariantId, change: Partial<History> = {}) => {
  const found = verdictsOn({ ...sound, ...change }).find(({ invariant }) => invariant === id);
  if (found === undefined) throw new Error(`nothing checks ${id}`);
  return found;
};

test('a sound history violates nothing, and each checker has looked at something', () => {
  for (const { invariant, violations, checked } of verdictsOn(sound)) {
    expect([invariant, violations, checked > 0]).toEqual([invariant, [], true]);
  }
});

/** Every checker is shown to fail, and to name what offends. */
describe('a checker finds', () => {
  const [event] = sound.events;
  const [webhook] = sound.webhooks;
  const [plan] = sound.plans;
  const [standing] = sound.standingGrants;
  if (!event || !webhook || !plan || !standing) throw new Error('the sound history has one of each');

  const broken: readonly [what: string, id: InvariantId, change: Partial<History>, names: string][] = [
    ['an answered webhook that is nowhere', 'I1', { events: [] }, event.eventId],
    ['one that is stored twice', 'I1', { events: [event, event] }, event.eventId],
    ['one that is stored under two ids', 'I1', { events: [event, { ...event, eventId: 'other' }] }, event.bodyDigest],
    ['one that is stored with other bytes', 'I1', { events: [{ ...event, bodyDigest: 'other' }] }, event.eventId],

    ['an acknowledged plan without a row', 'I2', { recordedPlans: [] }, 'bot/plan-1'],
    ['a plan with two rows', 'I2', { recordedPlans: [{ planId: 'plan-1', operator: 'bot', rows: 2 }] }, 'bot/plan-1'],
    ['a plan that lost a line', 'I2', { actions: sound.actions.slice(0, -1) }, 'bot/plan-1'],
    ['a plan with another line', 'I2', withAction('queued-1', { line: 'other' }), 'bot/plan-1'],
    ['an action without an end', 'I2', withAction('queued-1', { state: 'queued' }), 'queued-1'],
    ['an indeterminate action', 'I2', withAction('settled-1', { state: 'indeterminate' }), 'settled-1'],
    ['an end that nobody was told', 'I2', { outcomes: sound.outcomes.slice(1) }, 'queued-1'],
    [
      'two ends told of one action',
      'I2',
      { outcomes: [...sound.outcomes, { id: 'x', action: 'queued-1', outcome: 'failed' }] },
      'queued-1',
    ],
    [
      'a held action that was told to be over',
      'I2',
      {
        ...withAction('denied-1', { state: 'held' }),
        outcomes: sound.outcomes,
      },
      'denied-1',
    ],
    ['a conflicting body that vanished', 'I2', { plans: [{ ...plan, conflictAcked: true }] }, 'bot/plan-1'],

    ['an action that could be asked about applied twice', 'I3', withCall(7, { applied: true }), 'asked-1'],
    [
      'one of which the later call slept, and the earlier did not',
      'I3',
      {
        calls: withCall(7, { applied: true }).calls.map((one) => (one.seq === 8 ? { ...one, pid: 7 } : one)),
        stops: [{ pid: 7, from: 1_790, to: 1_849 }],
      },
      'asked-1',
    ],
    ['an action applied twice', 'I3', withCalls(call(99, named('queued-1'), { startedAt: 5_000 })), 'queued-1'],
    [
      'an action applied once more than a person said',
      'I3',
      withCalls(call(99, named('settled-1'), { startedAt: 5_000 })),
      'settled-1',
    ],
    [
      'an action run again on the word of the executor',
      'I3',
      withReceipt('settled-1-3', { actor: 'executor|worker' }),
      'settled-1',
    ],
    ['a key applied by two actions', 'I3', withCalls(call(99, named('twin-1'), { startedAt: 5_000 })), 'k1'],

    ['two calls at once', 'I4', withCall(2, { startedAt: 1_005 }), 'order:1'],
    ['a call during one that began long before', 'I4', withCall(1, { endedAt: 1_350 }), 'order:1'],
    ['a call that never ended', 'I4', withCall(1, { endedAt: undefined }), 'order:1'],
    ['calls out of the order of their lane', 'I4', withAction('queued-1', { laneSeq: 10 }), 'order:1'],
    [
      'an overlap with a process that had slept long before',
      'I4',
      { ...withCall(2, { startedAt: 1_005 }), stops: [{ pid: 100, from: -9_000, to: -8_000 }] },
      'order:1',
    ],

    ['a call of nobody', 'I5', withCall(1, { action: 'unknown' }), 'unknown'],
    ['a call for another entity than decided', 'I5', withCall(1, { entity: 'order:2' }), 'queued-1'],
    ['a call with another key', 'I5', withCall(1, { key: 'k9' }), 'queued-1'],
    ['a call of a blocked action', 'I5', withCalls(call(99, named('dropped-1'), {})), 'dropped-1'],
    ['a call of a denied action', 'I5', withCalls(call(99, named('denied-1'), {})), 'denied-1'],
    ['a call of a duplicate', 'I5', withCalls(call(99, named('twin-1'), {})), 'twin-1'],
    ['a call without an intent', 'I5', withoutReceipt('queued-1-1'), 'queued-1'],
    ['a call of an attempt without an intent', 'I5', withCall(1, { attempt: 7 }), 'queued-1'],
    ['a call before its intent', 'I5', withReceipt('queued-1-1', { at: 1_100 }), 'queued-1'],
    ['a call that no decision let run', 'I5', withoutReceipt('queued-1-0'), 'queued-1'],
    [
      'a held action that nobody granted',
      'I5',
      { approvals: [{ id: 'approval-paid', action: 'paid-1', status: 'expired', spent: [] }] },
      'paid-1',
    ],
    ['a grant that no person remembers', 'I5', { votes: [] }, 'approval-paid'],
    ['a grant that was not scored again', 'I5', withReceipt('paid-1-2', { at: 1_050 }), 'paid-1'],

    ['a consent in advance that no person remembers', 'I5', { grants: [] }, 'standing-1'],
    [
      'a consent in advance that was refused',
      'I5',
      { grants: [{ reason: 'grant 1', uses: 1, answer: 'refused' }] },
      'standing-1',
    ],
    [
      'a consent in advance spent once more than it was for',
      'I5',
      {
        approvals: [...sound.approvals, { id: 'more', action: 'queued-1', status: 'granted', spent: ['standing-1'] }],
      },
      'standing-1',
    ],
    ['a consent in advance for another tool', 'I5', { standingGrants: [{ ...standing, tool: 'drop' }] }, 'covered-1'],
    ['a consent in advance that no row knows', 'I5', { standingGrants: [] }, 'covered-1'],

    ['a state without its receipt', 'I6', withoutReceipt('queued-1-2'), 'queued-1'],
    ['a step without its receipt', 'I6', withoutReceipt('paid-1-1'), 'paid-1'],
    ['an action without receipts', 'I6', withoutReceipt('dropped-1-0'), 'dropped-1'],
    ['an edge that is not declared', 'I6', withReceipt('queued-1-1', { outcome: 'denied' }), 'queued-1'],
    [
      'an end that ended twice',
      'I6',
      { receipts: [...sound.receipts, receipt('x', { action: 'queued-1', outcome: 'applied', at: 9_000 })] },
      'queued-1',
    ],
    ['attempts without intents', 'I6', withAction('queued-1', { attempts: 2 }), 'queued-1'],
    ['a settlement that no person asked for', 'I6', { settlements: [] }, 'settled-1'],
    [
      'an approval that ended without a receipt',
      'I6',
      { approvals: [...sound.approvals, { id: 'quiet', action: 'queued-1', status: 'cancelled', spent: [] }] },
      'quiet',
    ],
    ['an event without a receipt', 'I6', withoutReceipt('webhook'), event.eventId],

    ['work left behind', 'I7', { drain: { ...sound.drain, left: ['action a-1 is queued'] } }, 'a-1'],
    ['a drain that took too long', 'I7', { drain: { ...sound.drain, tookMs: 60_001 } }, '60001 ms'],

    ['more done in a window than the limit says', 'I8', withCall(11, { startedAt: 11_900 }), 'few-2'],
    [
      'the same in one connector and another',
      'I8',
      withCalls(call(12, { ...named('few-1'), id: 'few-3', connector: 'desk' }, { startedAt: 2_005 })),
      'few-3',
    ],

    ['a secret in a log', 'I9', { secrets: { ...sound.secrets, found: ['log executor-1: key'] } }, 'executor-1'],
    ['a search that sees nothing', 'I9', { secrets: { ...sound.secrets, inHolders: 0 } }, 'no secret'],
  ];

  test.each(broken)('%s (%s)', (_, id, change, names) => {
    const { violations } = verdict(id, change);
    expect(violations.join('\n')).toContain(names);
  });

  test('every invariant at least one way', () => {
    expect([...new Set(broken.map(([, id]) => id))]).toEqual(['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I8', 'I9']);
  });
});

describe('a checker excepts, and counts,', () => {
  test('what a person had run again', () => {
    expect(verdict('I3')).toMatchObject({ excepted: 1, violations: [] });
  });

  test('a key that a person gave up, proposed once more', () => {
    const change = {
      ...withReceipt('settled-1-3', { outcome: 'failed' }),
      calls: [
        ...sound.calls.filter(({ seq }) => seq !== 6),
        call(99, named('twin-1'), { key: 'k6', startedAt: 5_000 }),
      ],
    };
    expect(verdict('I3', change)).toMatchObject({ excepted: 1, violations: [] });
  });

  test('a key that a person had run again in error, which was refused then, proposed once more', () => {
    const calls = [
      ...sound.calls.map((one) => (one.seq === 6 ? { ...one, applied: false } : one)),
      call(99, named('twin-1'), { key: 'k6', startedAt: 5_000 }),
    ];
    const change = { ...withReceipt('settled-1-5', { outcome: 'failed' }), calls };
    expect(verdict('I3', change)).toMatchObject({ excepted: 1, violations: [] });
    // Without the person's word it is what it looks like.
    const receipts = change.receipts.filter(({ id }) => id !== 'settled-1-3');
    expect(verdict('I3', { ...change, receipts }).violations).toHaveLength(1);
  });

  test('what a process did that slept past the question', () => {
    const calls = withCall(7, { applied: true, pid: 7, startedAt: 1_845, endedAt: 1_847 }).calls;
    const found = verdict('I3', { calls, stops: [{ pid: 7, from: 1_795, to: 1_844 }] });
    expect(found).toMatchObject({ excepted: 2, violations: [] });
  });

  test('no sleep of a tool that nobody can ask about', () => {
    const calls = [...sound.calls, call(99, named('queued-1'), { pid: 7, startedAt: 995, endedAt: 999 })];
    expect(verdict('I3', { calls, stops: [{ pid: 7, from: 900, to: 1_001 }] }).violations).toHaveLength(1);
  });

  test('an overlap with a process that was asleep', () => {
    const stops = [{ pid: 7, from: 1_002, to: 1_300 }];
    const change = { calls: withCall(2, { startedAt: 1_250 }).calls, stops };
    change.calls[0] = { ...(change.calls[0] as ObservedCall), pid: 7, endedAt: 1_300 };
    expect(verdict('I4', change)).toMatchObject({ excepted: 1, violations: [] });
  });

  test('what a person said of an action of a limited tool', () => {
    const change = {
      ...withCall(11, { startedAt: 2_100 }),
      receipts: [
        ...sound.receipts,
        receipt('x', { kind: 'settlement', action: 'few-1', actor: 'https://people.test|olga' }),
      ],
    };
    expect(verdict('I8', change)).toMatchObject({ excepted: 1, violations: [] });
  });

  test('no call that changed nothing, nor the same action again', () => {
    const again = call(12, named('few-1'), { startedAt: 5_000, attempt: 2 });
    expect(verdict('I8', withCalls(again)).violations).toEqual([]);
    expect(verdict('I8', withCall(11, { startedAt: 2_100, applied: false })).violations).toEqual([]);
  });

  test('nothing that a tool which may repeat does', () => {
    expect(verdict('I3', withCall(4, { applied: true })).violations).toEqual([]);
  });
});

test('a duplicate of what is still held is told when that is over', () => {
  const change = {
    ...withAction('denied-1', { state: 'held' }),
    outcomes: sound.outcomes.filter(({ action }) => action !== 'denied-1' && action !== 'twin-1'),
  };
  const waits = change.actions.map((one) => (one.id === 'twin-1' ? { ...one, duplicateOf: 'denied-1' } : one));
  expect(verdict('I2', { ...change, actions: waits }).violations).toEqual([]);
});
