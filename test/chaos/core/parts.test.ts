import { describe, expect, test } from 'vitest';
import { longCampaign, SHORT_CAMPAIGN } from './campaign-profile.ts';
import { ChaosUsageError, readChaosOptions } from './chaos-options.ts';
import { answersQuestion, behaviourOf } from './far-end-behaviour.ts';
import { FULL_DECK, nameOfFault, scheduleFaults } from './fault-schedule.ts';
import { openRandom } from './random.ts';
import { readFarEndLog } from './read-far-end-log.ts';
import { reportOn } from './report.ts';
import { soundHistory } from './sound-history.ts';
import { openTraffic } from './traffic.ts';
import { verdictsOn } from './verdicts.ts';

describe('a seed', () => {
  const schedule = (seed: number) => {
    const profile = longCampaign(5);
    return scheduleFaults(openRandom(seed).fork('faults'), { ...profile, untilMs: profile.durationMs });
  };

  test('decides the faults', () => {
    expect(schedule(7)).toEqual(schedule(7));
    expect(schedule(7)).not.toEqual(schedule(8));
  });

  test('decides what is proposed and delivered', () => {
    const steps = (seed: number) => {
      const traffic = openTraffic(openRandom(seed));
      return Array.from({ length: 500 }, () => traffic.next(['github.issues.a']));
    };
    expect(steps(7)).toEqual(steps(7));
    expect(steps(7)).not.toEqual(steps(8));
    const plans = steps(7).filter((step) => step.do === 'propose');
    const keys = plans.flatMap(({ plan }) => plan.actions.flatMap((line) => line.idempotency_key ?? []));
    expect(new Set(keys).size).toBeLessThan(keys.length);
    expect(new Set(plans.map(({ plan }) => plan.plan_id)).size).toBeLessThan(plans.length);
  });

  test('decides how the far end takes each call', () => {
    const moods = (seed: number) => Array.from({ length: 2_000 }, (_, call) => behaviourOf(seed, call, 'seeded'));
    expect(moods(7)).toEqual(moods(7));
    expect(new Set(moods(7).map(({ applies, ends }) => `${applies} ${JSON.stringify(ends)}`)).size).toBe(8);
    expect(moods(7).every((_, call) => behaviourOf(7, call, 'calm').applies)).toBe(true);
  });

  test('decides which questions the far end answers, and a calm one answers all', () => {
    const answered = (mood: 'seeded' | 'calm') => Array.from({ length: 200 }, (_, at) => answersQuestion(7, at, mood));
    expect(answered('seeded')).toEqual(answered('seeded'));
    expect(new Set(answered('seeded'))).toEqual(new Set([true, false]));
    expect(answered('calm').every(Boolean)).toBe(true);
  });

  test('leaves one part alone when another draws more', () => {
    const [one, other] = [openRandom(7), openRandom(7)];
    other.next();
    expect(one.fork('a').next()).toBe(other.fork('a').next());
  });
});

describe('a schedule', () => {
  test('has every kind of fault in a few minutes, in time, and sleeps longer than the lease', () => {
    const { leaseMs, durationMs, ...rest } = longCampaign(3);
    const faults = scheduleFaults(openRandom(1), { ...rest, leaseMs, untilMs: durationMs });
    expect(new Set(faults.map(({ action }) => nameOfFault(action)))).toEqual(new Set(FULL_DECK.map(nameOfFault)));
    expect(faults.every(({ atMs }, at) => atMs <= durationMs && atMs >= (faults[at - 1]?.atMs ?? 0))).toBe(true);
    for (const { action, durationMs: ms } of faults)
      if (action.do.startsWith('stop')) expect(ms).toBeGreaterThan(leaseMs);
  });

  test('cuts single links, of every server, some of them for longer than the lease', () => {
    const { leaseMs, durationMs, ...rest } = longCampaign(5);
    const faults = scheduleFaults(openRandom(1), { ...rest, leaseMs, untilMs: durationMs });
    const cuts = faults.flatMap(({ action, durationMs: ms }) => (action.do === 'cut' ? [{ ...action, ms }] : []));
    expect(new Set(cuts.map(({ server }) => server))).toEqual(new Set(['postgres', 'redis', 'nats']));
    expect(new Set(cuts.map(({ ms }) => ms > leaseMs))).toEqual(new Set([true, false]));
    expect(cuts.every(({ ms }) => ms >= 0.3 * leaseMs && ms <= 2 * leaseMs)).toBe(true);
  });

  test('of the short campaign goes through its whole deck', () => {
    const { deck, durationMs, shuffled } = SHORT_CAMPAIGN;
    const faults = scheduleFaults(openRandom(1), { ...SHORT_CAMPAIGN, untilMs: durationMs }, shuffled);
    expect(faults.slice(0, deck.length).map(({ action }) => action)).toEqual(deck);
  });
});

test('a far end’s log: a call ends when its answer leaves, not when its connection is reused or closed', () => {
  const start = {
    line: 'start',
    seq: 1,
    at: 5,
    action: 'a',
    attempt: 1,
    connector: 'shop',
    tool: 'blind',
    entity: 'e',
    key: 'k',
    pid: 9,
  };
  const question = { at: 8, connector: 'shop', key: 'k', answer: 'applied' };
  const asked = { line: 'question', ...question };
  const lines = [start, { line: 'applied', seq: 1, at: 6 }, { line: 'end', seq: 1, at: 7, how: 'answers' }, asked];
  const text = [...lines, { line: 'end', seq: 1, at: 9, how: 'closed' }, { ...start, seq: 2 }].map((line) =>
    JSON.stringify(line),
  );
  const { calls, questions } = readFarEndLog(`${text.join('\n')}\n`);
  expect(questions).toEqual([question]);
  expect(calls).toMatchObject([
    { seq: 1, startedAt: 5, endedAt: 7, applied: true },
    { seq: 2, endedAt: undefined, applied: false },
  ]);
});

describe('the command line', () => {
  test('takes minutes and a seed, and has defaults', () => {
    expect(readChaosOptions(['--minutes', '0.5', '--seed', '12'], 99)).toEqual({
      minutes: 0.5,
      seed: 12,
      soak: false,
    });
    expect(readChaosOptions([], 99)).toEqual({ minutes: 3, seed: 99, soak: false });
    expect(readChaosOptions(['--soak'], 99)).toEqual({ minutes: 30, seed: 99, soak: true });
    expect(readChaosOptions(['--help'], 99)).toBe('help');
  });

  test.each([['--minutes', '0'], ['--minutes', 'x'], ['--seed', '-1'], ['--seed', '1.5'], ['--sed', '1'], ['3']])(
    'refuses %s %s',
    (...args) => {
      expect(() => readChaosOptions(args, 99)).toThrow(ChaosUsageError);
    },
  );
});

test('the report tells seed, faults by kind, a verdict for each invariant, and the ids that offend', () => {
  const history = soundHistory();
  const faults = { injected: new Map([['kill executor', 3]]), missed: new Map([['empty redis', 1]]) };
  const traffic = {
    proposals: 1,
    proposalsUnanswered: 0,
    deliveries: 1,
    deliveriesUnanswered: 0,
    deliveriesRefused: 0,
  };
  const rest = { seed: 7, faults, history, traffic, ownDeaths: [], kept: undefined };
  const good = reportOn({ ...rest, verdicts: verdictsOn(history) });
  for (const part of ['seed 7', '3  kill executor', 'found nothing', 'I1 holds', 'I7 holds', 'all invariants hold']) {
    expect(good).toContain(part);
  }
  const bad = reportOn({ ...rest, verdicts: verdictsOn({ ...history, events: [] }) });
  expect(bad).toMatch(/I1 VIOLATED[\s\S]*github\.issues\.a[\s\S]*VIOLATED; .*--seed 7/);
});
