import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createStuckHistory,
  EVERYTHING,
  FORGET_MS,
  SILENCE_FIRST_MS,
  SILENCE_MAX_MS,
  SUBJECT_MAX_STUCK,
  TENANT_MAX_STUCK,
  WINDOW_MS,
} from './stuck-history.ts';

const times = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('code that gets stuck', () => {
  test('is asked until it did so several times within the window, then no more for a while', () => {
    const history = createStuckHistory();
    for (const at of times(SUBJECT_MAX_STUCK - 1)) history.note('acme', 'p', at);
    expect(history.silentOf('acme', 10)).toEqual([]);
    history.note('acme', 'p', 10);
    expect(history.silentOf('acme', 11)).toEqual(['p']);
    expect(history.silentOf('acme', 10 + SILENCE_FIRST_MS)).toEqual([]);
    expect(history.silentOf('other', 11)).toEqual([]);
  });

  test('is not held against what gets stuck now and then', () => {
    const history = createStuckHistory();
    for (const at of times(50)) history.note('acme', 'p', at * WINDOW_MS);
    expect(history.silentOf('acme', 50 * WINDOW_MS)).toEqual([]);
  });

  test('is asked once after each silence, and stays silent for twice as long where it gets stuck again', () => {
    const history = createStuckHistory();
    for (const _ of times(SUBJECT_MAX_STUCK)) history.note('acme', 'p', 0);
    let [at, silence] = [0, SILENCE_FIRST_MS];
    for (const _ of times(8)) {
      at += silence;
      expect(history.silentOf('acme', at)).toEqual([]);
      history.note('acme', 'p', at);
      silence = Math.min(silence * 2, SILENCE_MAX_MS);
      expect(history.silentOf('acme', at + silence - 1)).toContain('p');
    }
    expect(silence).toBe(SILENCE_MAX_MS);
  });

  test('in many places silences all of a tenant', () => {
    const history = createStuckHistory();
    for (const at of times(TENANT_MAX_STUCK)) history.note('acme', `p${at}`, at);
    expect(history.silentOf('acme', TENANT_MAX_STUCK)).toEqual([EVERYTHING]);
  });

  test('makes its tenant suspect until nothing got stuck for long', () => {
    const history = createStuckHistory();
    history.note('acme', EVERYTHING, 0);
    expect([history.isSuspect('acme', FORGET_MS), history.isSuspect('other', 0)]).toEqual([true, false]);
    expect(history.isSuspect('acme', FORGET_MS + 1)).toBe(false);
  });

  test('is asked again at once where the code has changed; its tenant stays suspect', () => {
    const history = createStuckHistory();
    for (const at of times(TENANT_MAX_STUCK)) history.note('acme', 'p', at);
    expect(history.silentOf('acme', 100)).toEqual([EVERYTHING, 'p']);
    history.forgive();
    expect([history.silentOf('acme', 100), history.isSuspect('acme', 100)]).toEqual([[], true]);
    history.note('acme', 'p', 101);
    expect(history.silentOf('acme', 102)).toEqual([]);
  });
});

test('however often code would get stuck, it keeps a thread about once a minute at most, over an hour', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 200, max: 5_000 }), (subjects, everyMs) => {
      const history = createStuckHistory();
      const hour = 3_600_000;
      let kept = 0;
      for (let now = 0; now < hour; now += everyMs) {
        const silent = history.silentOf('acme', now);
        const subject = `p${(now / everyMs) % subjects}`;
        if (silent.includes(EVERYTHING) || silent.includes(subject)) continue;
        kept += 1;
        history.note('acme', subject, now);
      }
      expect(kept).toBeLessThanOrEqual(60);
    }),
    { numRuns: 300 },
  );
});
