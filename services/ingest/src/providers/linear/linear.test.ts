import { describe, expect, it } from 'vitest';
import { NOW_SECONDS, playProvider } from '../../testing/play-provider.ts';
import { linear } from './linear.ts';

const { delivery, verdict } = playProvider('linear');

describe('Linear', () => {
  it('sends a retry at another time: it is the same event', () => {
    const [first, retry] = [delivery(), delivery({ timestamp: NOW_SECONDS + 59 })];
    expect(retry.rawBody).not.toEqual(first.rawBody);
    expect(linear.describe(retry).keyBody).toEqual(linear.describe(first).keyBody);
    const other = delivery({ body: first.rawBody.toString().replace('i-1', 'i-2') });
    expect(linear.describe(other).keyBody).not.toEqual(linear.describe(first).keyBody);
  });

  it('is refused without a time in its signed body', () => {
    for (const time of ['"1790000000000"', 'null', '1e999', '{}']) {
      expect(verdict(delivery({ body: `{"type":"Issue","webhookTimestamp":${time}}` })), time).toBe('body_malformed');
    }
    expect(verdict(delivery({ body: '{"type":"Issue"}' }))).toBe('body_malformed');
    expect(verdict(delivery({ body: 'null' }))).toBe('body_malformed');
  });
});
