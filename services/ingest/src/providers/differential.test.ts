import { sign as signGithub, verify as verifyGithub } from '@octokit/webhooks-methods';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { configureProvider, type ProviderId } from './index.ts';
import type { DeliveryHeaders, Provider } from './provider.ts';

const NOW_SECONDS = 1_790_000_000;
const bodies = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 });
const secrets = fc.string({ minLength: 1, maxLength: 40 }).filter((secret) => secret.trim() !== '');
const base64Secrets = fc
  .uint8Array({ minLength: 24, maxLength: 64 })
  .map((bytes) => `whsec_${Buffer.from(bytes).toString('base64')}`);

describe('what the providers’ own libraries sign is accepted, and what they refuse is refused', () => {
  it('GitHub’s published example', () => {
    const headers = {
      'x-hub-signature-256': ['sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17'],
    };
    expect(verify('github', 'Hello, World!', headers, "It's a Secret to Everybody")).toBe(true);
    expect(verify('github', 'Hello, World?', headers, "It's a Secret to Everybody")).toBe(false);
  });

  it('Standard Webhooks’ published example', () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const signed = {
      'svix-id': ['msg_p5jXN8AQM9LWM0D4loKWxJek'],
      'svix-timestamp': ['1614265330'],
      'svix-signature': ['v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='],
    };
    expect(verify('svix', '{"test": 2432232314}', signed, secret, 1614265330)).toBe(true);
    expect(verify('svix', '{"test": 2432232315}', signed, secret, 1614265330)).toBe(false);
  });

  it('@octokit/webhooks-methods', async () => {
    await fc.assert(
      fc.asyncProperty(bodies, secrets, bodies, async (body, secret, other) => {
        const signature = await signGithub(secret, body);
        const headers = { 'x-hub-signature-256': [signature] };
        expect(verify('github', body, headers, secret)).toBe(true);
        expect(verify('github', other, headers, secret)).toBe(await verifyGithub(secret, other, signature));
      }),
      { numRuns: 60 },
    );
  });

  it('stripe', () => {
    const { webhooks } = new Stripe('sk_test_unused');
    fc.assert(
      fc.property(bodies, secrets, fc.integer({ min: -400, max: 300 }), (body, secret, ageSeconds) => {
        const timestamp = NOW_SECONDS - ageSeconds;
        const header = webhooks.generateTestHeaderString({ payload: body, secret, timestamp });
        const theirs = accepts(() =>
          webhooks.signature?.verifyHeader(body, header, secret, 300, undefined, NOW_SECONDS * 1000),
        );
        // Stripe's library checks the tolerance only towards the past.
        const expected = theirs && ageSeconds >= -300;
        expect(verify('stripe', body, { 'stripe-signature': [header] }, secret)).toBe(expected);
        expect(verify('stripe', `${body}.`, { 'stripe-signature': [header] }, secret)).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  it('standardwebhooks, under both header prefixes', () => {
    const ids = fc
      .string({ minLength: 1, maxLength: 40 })
      .filter((id) => /^[\x21-\x7e]+$/.test(id) && !id.includes('.'));
    fc.assert(
      fc.property(bodies, base64Secrets, ids, (body, secret, id) => {
        const signature = new Webhook(secret).sign(id, new Date(NOW_SECONDS * 1000), body);
        for (const [provider, prefix] of [
          ['standard-webhooks', 'webhook'],
          ['svix', 'svix'],
        ] as const) {
          const headers = {
            [`${prefix}-id`]: [id],
            [`${prefix}-timestamp`]: [String(NOW_SECONDS)],
            [`${prefix}-signature`]: [`v1,bm9uZQ== ${signature}`],
          };
          expect(verify(provider, body, headers, secret)).toBe(true);
          expect(verify(provider, `${body} `, headers, secret)).toBe(false);
        }
      }),
      { numRuns: 60 },
    );
  });
});

function verify(
  id: ProviderId,
  body: string,
  headers: DeliveryHeaders,
  secret: string,
  nowSeconds = NOW_SECONDS,
): boolean {
  const delivery = { rawBody: Buffer.from(body), headers, method: 'POST', url: '/', query: '', secrets: [secret] };
  const scheme = configureProvider(id, undefined) as Provider;
  return scheme.verify({ ...delivery, now: nowSeconds * 1000, toleranceSeconds: undefined }).ok;
}

function accepts(check: () => unknown): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}
