import { visibleText } from '@holdpoint/shared/domain/visible-text';
import { describe, expect, test } from 'vitest';
import { durationText } from './duration.ts';
import { shownArgs } from './shown-args.ts';

describe('arguments', () => {
  test('are shown leaf by leaf, in their order', () => {
    expect(shownArgs({ b: { c: 1, d: [] }, a: ['x', { 'k.l': null }], e: {} }).rows).toEqual([
      { path: 'b.c', value: '1' },
      { path: 'b.d', value: '[]' },
      { path: 'a[0]', value: 'x' },
      { path: 'a[1]."k.l"', value: 'null' },
      { path: 'e', value: '{}' },
    ]);
    expect(shownArgs({}).rows).toEqual([]);
  });

  test('that are too many or too long are said to be left out', () => {
    const { rows, leftOut } = shownArgs(
      Object.fromEntries(Array.from({ length: 205 }, (_, index) => [`k${index}`, 1])),
    );
    expect([rows.length, leftOut]).toEqual([200, 5]);
    expect(shownArgs({ long: 'x'.repeat(4_010) }).rows[0]?.value).toMatch(/x … \(10 more characters/);
  });
});

test('text shows what would be invisible, and keeps lines', () => {
  expect(visibleText('a\u202Eb\u0007\n\tc\u200B')).toBe('a⟨U+202E⟩b⟨U+0007⟩\n\tc⟨U+200B⟩');
});

test('a duration is told in its two largest units, whole ones', () => {
  expect([0, 59_999, 60_000, 3_661_000, 90_000_000, -5].map((ms) => durationText(ms))).toEqual([
    '0 s',
    '59 s',
    '1 min',
    '1 h 1 min',
    '1 d 1 h',
    '0 s',
  ]);
  expect(durationText(3_661_000, 1)).toBe('1 h');
});
