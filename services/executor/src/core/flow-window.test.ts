import { expect, test } from 'vitest';
import { createFlowWindow } from './flow-window.ts';

const T = 1_000_000;
const passed = (second: number, count = 1, tenant = 'acme') => ({ tenant, second, step: 'allow' as const, count });

test('the first look knows the newest, and what it says tells how much it knows', () => {
  const window = createFlowWindow();
  expect(window.wantsNewer(T)).toEqual({ from: T - 900, until: T });
  // Too much to read: only the last 40 seconds are whole.
  window.addNewer(T, { from: T - 40, passed: [passed(T - 41, 7), passed(T - 40, 2), passed(T - 1, 3)] });
  expect(window.show('acme')).toEqual([
    { window_seconds: 60, seconds: 40, counts: { allow: 5 } },
    { window_seconds: 300, seconds: 40, counts: { allow: 5 } },
    { window_seconds: 900, seconds: 40, counts: { allow: 5 } },
  ]);
  expect(window.show('zeta')[0]?.counts).toEqual({});
});

test('later looks reach further back, and count no second twice', () => {
  const window = createFlowWindow();
  window.addNewer(T, { from: T - 40, passed: [passed(T - 40, 2)] });
  expect(window.wantsOlder()).toEqual({ from: T - 900, until: T - 40 });
  window.addOlder({ from: T - 400, passed: [passed(T - 41, 7), passed(T - 400, 1), passed(T - 401, 100)] });
  window.addOlder({ from: T - 900, passed: [passed(T - 401, 100)] });
  expect(window.wantsOlder()).toBeUndefined();
  expect(window.show('acme').map(({ seconds, counts }) => [seconds, counts.allow])).toEqual([
    [60, 9],
    [300, 9],
    [900, 110],
  ]);
});

test('as time goes on the old is forgotten', () => {
  const window = createFlowWindow();
  window.addNewer(T, { from: T - 900, passed: [passed(T - 900, 1), passed(T - 1, 2)] });
  expect(window.wantsNewer(T)).toBeUndefined();
  expect(window.wantsNewer(T + 5)).toEqual({ from: T, until: T + 5 });
  window.addNewer(T + 5, { from: T, passed: [passed(T + 4, 4)] });
  expect(window.from).toBe(T - 895);
  expect(window.show('acme').map(({ counts }) => counts.allow)).toEqual([6, 6, 6]);
  window.addNewer(T + 70, { from: T + 5, passed: [] });
  expect(window.show('acme').map(({ counts }) => counts.allow ?? 0)).toEqual([0, 6, 6]);
});

test('a stretch that does not join what is known begins anew, so that nothing is rated over a gap', () => {
  const window = createFlowWindow();
  window.addNewer(T, { from: T - 900, passed: [passed(T - 1, 2)] });
  window.addNewer(T + 60, { from: T + 30, passed: [passed(T + 30, 1)] });
  expect(window.show('acme')[2]).toEqual({ window_seconds: 900, seconds: 30, counts: { allow: 1 } });
  expect(window.wantsOlder()).toEqual({ from: T - 840, until: T + 30 });
});
