import { expect, test } from 'vitest';
import { limitsSchema } from './connector-limits.ts';

test('limits are taken within their bounds and nowhere else', () => {
  const whole = {
    concurrency: 10,
    rate: { perSecond: 0.5, burst: 3 },
    breaker: { errorShare: 0.5, minimumCalls: 20, windowSeconds: 30, openSeconds: 5, probes: 1 },
  };
  for (const good of [{}, whole, { breaker: false }, { breaker: {} }, { rate: { perSecond: 1 } }]) {
    expect(limitsSchema.parse(good)).toEqual(good);
  }
  for (const bad of [
    { concurrency: 0 },
    { concurrency: 501 },
    { concurrency: 1.5 },
    { rate: {} },
    { rate: { perSecond: 0 } },
    { rate: { perSecond: 1, burst: 0 } },
    { rate: { perSecond: Number.POSITIVE_INFINITY } },
    { breaker: true },
    { breaker: { errorShare: 0 } },
    { breaker: { errorShare: 1.1 } },
    { breaker: { openSeconds: 3601 } },
    { breaker: { probes: 101 } },
    { breaker: { threshold: 1 } },
    { limit: 1 },
  ]) {
    expect(limitsSchema.safeParse(bad).success, JSON.stringify(bad)).toBe(false);
  }
});
