import { expect, test } from 'vitest';
import { usedUpSeconds } from './allowance.ts';

const NOW = Date.parse('2026-05-04T10:00:00Z');
const usedUp = (headers: Record<string, string>) => usedUpSeconds(new Headers(headers), NOW);

test('an allowance that is used up says for how long: in seconds, or by a time in seconds or milliseconds', () => {
  for (const reset of ['7', '6.2', String(NOW / 1000 + 7), String(NOW + 7000)]) {
    expect(usedUp({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset }), reset).toBe(7);
  }
  expect(usedUp({ 'ratelimit-remaining': '0', 'ratelimit-reset': '7' })).toBe(7);
});

test('the list of the IETF draft is read whatever its allowances are called', () => {
  expect(usedUp({ ratelimit: '"default";r=0;t=7' })).toBe(7);
  expect(usedUp({ ratelimit: '"a,b;r=9";r=0;t=7, "hour";r=12;t=900' })).toBe(7);
  expect(usedUp({ ratelimit: '"burst";r=0;t=7, "hour"; r=0; t=900' })).toBe(900);
  expect(usedUp({ ratelimit: '"default";r=3;t=7' })).toBeUndefined();
});

test('one of which something is left asks for no rest, and neither does one whose time has come', () => {
  expect(usedUp({ 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': '7' })).toBeUndefined();
  expect(usedUp({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '0' })).toBeUndefined();
  expect(usedUp({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 - 7) })).toBeUndefined();
});

test('headers that are absent, half there or no numbers say nothing', () => {
  expect(usedUp({})).toBeUndefined();
  expect(usedUp({ 'x-ratelimit-remaining': '0' })).toBeUndefined();
  expect(usedUp({ 'x-ratelimit-reset': '7' })).toBeUndefined();
  expect(usedUp({ 'x-ratelimit-remaining': '', 'x-ratelimit-reset': '7' })).toBeUndefined();
  expect(usedUp({ 'x-ratelimit-remaining': 'none', 'x-ratelimit-reset': 'soon' })).toBeUndefined();
  expect(usedUp({ ratelimit: '' })).toBeUndefined();
});

test("a vendor's own pair is read where it is named, and no rest is longer than a day", () => {
  const own = [{ remaining: 'x-complexity-remaining', reset: 'x-complexity-reset' }];
  const headers = new Headers({ 'x-complexity-remaining': '0', 'x-complexity-reset': '999999' });
  expect(usedUpSeconds(headers, NOW, own)).toBe(86_400);
  expect(usedUpSeconds(headers, NOW)).toBeUndefined();
});
