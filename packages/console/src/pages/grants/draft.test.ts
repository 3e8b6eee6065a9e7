import { describe, expect, test } from 'vitest';
import { classOf, draftFrom, rulesFor } from './draft.ts';

const NOW = Date.parse('2026-11-21T10:00:00Z');
const asked = {
  args: { order: 'o-1', amount: 40, rush: false, note: null, to: { iban: '•••', name: 'Ann' }, lines: [1], 'a.b': 1 },
  value: 40,
};

describe('a grant begun from a request', () => {
  const draft = draftFrom(asked, NOW);

  test('pins everything that can be pinned to what was asked', () => {
    expect(classOf(draft)).toEqual({
      args: [
        { path: 'order', equals: 'o-1' },
        { path: 'amount', equals: 40 },
        { path: 'rush', equals: false },
        { path: 'note', equals: null },
        { path: 'to.name', equals: 'Ann' },
      ],
      max_value: 40,
    });
  });

  test('is loosened argument by argument, and bounds only numbers', () => {
    const [order, amount] = draft.pins;
    if (!order || !amount) throw new Error('no pins');
    expect(rulesFor(order)).toEqual(['equals', 'any']);
    expect(rulesFor(amount)).toContain('max');
    const pins = [
      { ...order, rule: 'any' as const },
      { ...amount, rule: 'max' as const, bound: '50.5' },
    ];
    expect(classOf({ ...draft, pins, maxValue: '' })).toEqual({
      args: [{ path: 'amount', max: 50.5 }],
      max_value: null,
    });
  });

  test('ends a week from now, by the clock of the place', () => {
    expect(new Date(draft.until).getTime() - NOW).toBe(7 * 24 * 3600 * 1000);
  });
});
