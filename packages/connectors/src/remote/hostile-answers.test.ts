import { mutated, mutatedText, NASTY } from '@holdpoint/shared/testing/hostile';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { errorText } from '../magento/core/error-text.ts';
import { orderFromWebhook } from '../shopify/core/order-entity.ts';
import { actionTimeMs } from './action-time.ts';
import { usedUpSeconds } from './allowance.ts';
import { exactly, inDecimals } from './money.ts';
import { RETRY_AFTER_MAX_SECONDS, retryAfterSeconds } from './retry-after.ts';
import { vendorWords } from './vendor-words.ts';

const NOW = Date.parse('2026-11-22T06:00:00Z');
/** As undici gives them: Latin-1, on one line. */
const header = (text: string): string => text.replace(/[^\x20-\x7e\x80-\xff]/g, '').trim();
const said = (...good: string[]) =>
  fc.oneof(...good.map(mutatedText), fc.constantFrom(...NASTY.map(String))).map(header);

test('whatever a vendor says of when to come again, the rest is a bounded number of whole seconds, or none', () => {
  fc.assert(
    fc.property(
      said('120', '1.5', 'Sun, 22 Nov 2026 06:10:00 GMT'),
      said('0', '-1'),
      said('1795327200', '1795327200000', '30'),
      said('"a\\";b";r=0;t=60, "c";r=5;t=9'),
      (after, remaining, reset, list) => {
        const headers = new Headers({ 'retry-after': after, ratelimit: list });
        headers.set('x-ratelimit-remaining', remaining);
        headers.set('x-ratelimit-reset', reset);
        for (const seconds of [retryAfterSeconds(headers, NOW), usedUpSeconds(headers, NOW)]) {
          if (seconds === undefined) continue;
          expect(Number.isInteger(seconds) && seconds >= 0 && seconds <= RETRY_AFTER_MAX_SECONDS, `${seconds}`).toBe(
            true,
          );
        }
      },
    ),
    { numRuns: 1500 },
  );
});

test('headers as long as they may be are read at once', { timeout: 5_000 }, () => {
  for (const list of [
    '"\\'.repeat(16_000),
    '"'.repeat(32_001),
    `"${'\\"'.repeat(16_000)}`,
    '; '.repeat(16_000),
    ';r=0'.repeat(8_000),
  ]) {
    usedUpSeconds(new Headers({ ratelimit: list }), NOW);
  }
  retryAfterSeconds(new Headers({ 'retry-after': `Mon, ${'1'.repeat(32_000)}` }), NOW);
});

test('money is what it was written as, or it is none', () => {
  fc.assert(
    fc.property(fc.oneof(mutatedText('95.5'), fc.double(), fc.constantFrom(...NASTY.map(String))), (amount) => {
      const exact = exactly(amount);
      if (exact === undefined) return;
      expect(exactly(inDecimals(exact))).toBe(exact);
      expect(Number(inDecimals(exact))).toBeCloseTo(Number(amount), 3);
    }),
    { numRuns: 1500 },
  );
});

test('a vendor’s words are one line, bounded, and hide what was sent', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), fc.string({ minLength: 4 }), (words, proof) => {
      const told = vendorWords(`${words}${proof}${words}`, [proof]);
      expect([...told].length).toBeLessThanOrEqual(200);
      expect(told).not.toMatch(/[\r\n\0]/);
      expect(told.isWellFormed()).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test('an action’s time is a time, whatever its id', () => {
  fc.assert(
    fc.property(mutatedText('019a0000-0000-7000-8000-000000000001'), (id) => {
      const at = actionTimeMs(id);
      if (at !== undefined) expect(Number.isSafeInteger(at) && at >= 0).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('a payload of an order’s webhook is an order with a price, or none', () => {
  const ORDER = {
    admin_graphql_api_id: 'gid://shopify/Order/450789469',
    name: '#1',
    customer: { admin_graphql_api_id: 'gid://shopify/Customer/1' },
    current_total_price: '9.95',
    currency: 'EUR',
    tags: 'a, b',
    created_at: '2026-11-22T06:00:00+01:00',
    updated_at: '2026-11-22T06:00:00Z',
  };
  let read = 0;
  fc.assert(
    fc.property(mutated(ORDER), (payload) => {
      const order = orderFromWebhook(payload);
      if (!order) return;
      read += 1;
      expect(order.id).toMatch(/^\d+$/);
      expect(Number.isFinite(order.totalPrice), `${JSON.stringify(payload)}`).toBe(true);
    }),
    { numRuns: 1500 },
  );
  expect(read).toBeGreaterThan(20);
});

test('a refusal’s words have its placeholders filled by what it gives, and by nothing else', () => {
  const BODY = {
    message: 'The %1 of %fieldName is %__proto__',
    parameters: ['a', 1],
    errors: [{ message: '%constructor', parameters: {} }],
  };
  fc.assert(
    fc.property(mutated(BODY), (body) => {
      const text = errorText(body);
      if (text !== undefined) expect(text).not.toMatch(/\[object|native code|function/);
    }),
    { numRuns: 1000 },
  );
});
