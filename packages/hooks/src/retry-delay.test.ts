import { expect, it } from 'vitest';
import { retryDelayMs } from './retry-delay.ts';

it('pauses double from the first to the longest', () => {
  const pauses = [1, 2, 3, 4, 5, 400].map((attempt) => retryDelayMs({ delayMs: 1_000, maxDelayMs: 6_000 }, attempt));
  expect(pauses).toEqual([1_000, 2_000, 4_000, 6_000, 6_000, 6_000]);
});
