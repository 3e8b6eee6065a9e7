import { expect, test } from 'vitest';
import { answeredAtMs, retryAfterSeconds } from './retry-after.ts';

const NOW = Date.parse('2026-05-04T10:00:00Z');
const asked = (value: string) => retryAfterSeconds(new Headers({ 'retry-after': value }), NOW);

test('seconds are taken as they are, and fractions of one rounded up', () => {
  expect(asked('7')).toBe(7);
  expect(asked(' 0 ')).toBe(0);
  expect(asked('0.3')).toBe(1);
});

test('a date counts from now, and one that has passed asks for nothing', () => {
  expect(asked('Mon, 04 May 2026 10:00:07 GMT')).toBe(7);
  expect(asked('Monday, 04-May-26 10:00:07 GMT')).toBe(7);
  expect(asked('Mon, 04 May 2026 09:00:00 GMT')).toBe(0);
});

test('nobody is made to wait longer than a day', () => {
  expect(asked('999999999')).toBe(86_400);
  expect(asked('Tue, 04 May 2027 10:00:00 GMT')).toBe(86_400);
});

test('what is neither says nothing', () => {
  for (const value of ['', 'soon', '-3', '1e3', 'May', '2026-05-04T10:00:07Z', 'NaN', 'Infinity']) {
    expect(asked(value), value).toBeUndefined();
  }
  expect(retryAfterSeconds(new Headers(), NOW)).toBeUndefined();
});

test('a date is meant by the clock of whoever sent it, not by ours', () => {
  const headers = new Headers({
    date: 'Mon, 04 May 2026 10:00:00 GMT',
    'retry-after': 'Mon, 04 May 2026 10:00:07 GMT',
  });
  expect(retryAfterSeconds(headers, answeredAtMs(headers))).toBe(7);
  for (const date of ['', 'yesterday', '2']) {
    expect(Math.abs(answeredAtMs(new Headers({ date })) - Date.now()), date).toBeLessThan(60_000);
  }
});
