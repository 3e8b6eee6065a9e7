import { LinearWebhookClient } from '@linear/sdk/webhooks';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hmac } from '../../testing/provider-sample.ts';
import { linear } from './linear.ts';

const NOW_MS = 1_790_000_000_000;
const SECRET = 'lin_wh_secret';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: NOW_MS }));
afterEach(() => void vi.useRealTimers());

describe('what Linear’s own library says of a delivery', () => {
  it('is said here too: whatever the body holds, at any age in whole seconds', () => {
    const times = fc.oneof(
      fc.integer({ min: -90, max: 90 }).map((ageSeconds) => NOW_MS - ageSeconds * 1000),
      fc.constantFrom(undefined, null, '1790000000000', -1, 0, {}),
    );
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        times,
        fc.boolean(),
        (members, webhookTimestamp, tampered) => {
          const body = JSON.stringify({ ...members, webhookTimestamp });
          const signature = sign(body);
          const came = tampered ? `${body} ` : body;
          expect(ours(came, signature)).toBe(theirs(came, signature));
        },
      ),
    );
  });

  it('is said here too: of signatures in another spelling', () => {
    const body = JSON.stringify({ webhookTimestamp: NOW_MS });
    const good = sign(body);
    for (const signature of [good, good.toUpperCase(), `${good} `, good.slice(1), `sha256=${good}`, 'x']) {
      expect(ours(body, signature), signature).toBe(theirs(body, signature));
    }
  });
});

describe('where Linear’s own library says something else', () => {
  it('an age is whole seconds here: within a second of the edge it is younger', () => {
    const body = JSON.stringify({ webhookTimestamp: NOW_MS + 60_400 });
    expect([ours(body, sign(body)), theirs(body, sign(body))]).toEqual([true, false]);
  });

  it('a body too large to be parsed is refused here: its time cannot be read', () => {
    const body = JSON.stringify({ webhookTimestamp: NOW_MS, pad: 'x'.repeat(2 * 1024 * 1024) });
    expect([ours(body, sign(body)), theirs(body, sign(body))]).toEqual([false, true]);
  });
});

const sign = (body: string): string => hmac(SECRET, body).toString('hex');

function ours(body: string, signature: string): boolean {
  const headers = { 'linear-signature': [signature] };
  const delivery = { rawBody: Buffer.from(body), headers, method: 'POST', url: '/', query: '', secrets: [SECRET] };
  return linear.verify({ ...delivery, now: NOW_MS, toleranceSeconds: undefined }).ok;
}

function theirs(body: string, signature: string): boolean {
  try {
    return new LinearWebhookClient(SECRET).verify(Buffer.from(body), signature);
  } catch {
    return false;
  }
}
