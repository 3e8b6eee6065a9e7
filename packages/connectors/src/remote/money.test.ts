import { describe, expect, it } from 'vitest';
import { exactly, inDecimals } from './money.ts';

describe('money', () => {
  it('reads decimals exactly, where a float would not', () => {
    expect(exactly('0.1')).toBe(1000n);
    expect((exactly(0.1) ?? 0n) + (exactly(0.2) ?? 0n)).toBe(exactly('0.3'));
    expect(exactly('-4.5000')).toBe(-45000n);
    expect(exactly('120.0000000')).toBe(1200000n);
  });

  it('takes nothing for an amount that is none, or finer than it can hold', () => {
    for (const text of ['', '1e3', '1,50', '.5', '5.', 'NaN', '0.00001', ' 1'])
      expect(exactly(text), text).toBeUndefined();
  });

  it('writes two places, and more where there are more', () => {
    expect(['0', '95.5', '1.005', '-0.01', '3.0001'].map((text) => inDecimals(exactly(text) ?? 0n))).toEqual([
      '0.00',
      '95.50',
      '1.005',
      '-0.01',
      '3.0001',
    ]);
  });
});
