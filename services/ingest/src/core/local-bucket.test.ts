import { expect, test } from 'vitest';
import { fullBucket, spend, waitMs } from './local-bucket.ts';

const rate = { perSecond: 10, burst: 3 };

test('a bucket gives its burst at once, then one token a tenth of a second', () => {
  let bucket = fullBucket(rate, 0);
  for (let taken = 0; taken < 3; taken += 1) {
    expect(waitMs(bucket, rate, 0)).toBe(0);
    bucket = spend(bucket, rate, 0, 1);
  }
  expect(waitMs(bucket, rate, 0)).toBe(100);
  expect(waitMs(bucket, rate, 40)).toBe(60);
  expect(waitMs(bucket, rate, 100)).toBe(0);
});

test('a bucket never holds more than its burst, however long it rests or much it is given', () => {
  const bucket = spend(fullBucket(rate, 0), rate, 60_000, -5);
  expect(bucket.tokens).toBe(3);
});

test('what was spent beyond it is not owed, and a clock that steps back gives nothing', () => {
  const bucket = spend(fullBucket(rate, 1_000), rate, 1_000, 50);
  expect(waitMs(bucket, rate, 500)).toBe(100);
});
