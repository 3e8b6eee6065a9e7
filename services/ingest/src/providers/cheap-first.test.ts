import type * as Crypto from 'node:crypto';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { NOW_SECONDS, PLAYED, playProvider } from '../testing/play-provider.ts';
import type { DeliveryHeaders } from './provider.ts';

/** Every computation of or over a key, by any scheme. */
const counted = vi.hoisted(() => ({ verifications: 0, keysRead: 0 }));

vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof Crypto>();
  return {
    ...crypto,
    createPublicKey: (...args: Parameters<typeof Crypto.createPublicKey>) => {
      counted.keysRead += 1;
      return crypto.createPublicKey(...args);
    },
    createVerify: (...args: Parameters<typeof Crypto.createVerify>) => {
      counted.verifications += 1;
      return crypto.createVerify(...args);
    },
    verify: (...args: Parameters<typeof Crypto.verify>) => {
      counted.verifications += 1;
      return (crypto.verify as (...all: unknown[]) => boolean)(...args);
    },
  };
});

const played = PLAYED.map((name) => playProvider(name));
const dear = played.filter(({ verdict, delivery }) => {
  const before = counted.verifications;
  verdict(delivery());
  return counted.verifications > before;
});

beforeEach(() => {
  counted.verifications = 0;
  counted.keysRead = 0;
});

test('the schemes with public keys are seen here', () => {
  expect(dear.map(({ id }) => id)).toEqual(expect.arrayContaining(['adobe-commerce', 'discord', 'sendgrid']));
});

describe.each(dear)('$id computes nothing over a key', ({ sample, delivery, provider, verdict }) => {
  const withHeaders = (headers: DeliveryHeaders) => {
    const good = delivery();
    return { ...good, headers: { ...good.headers, ...headers } };
  };

  test('for a good delivery but once, under a key that was read before', () => {
    expect(verdict(delivery())).toBe('accepted');
    expect(counted).toEqual({ verifications: 1, keysRead: 0 });
  });

  test.each([
    ['missing', () => withHeaders({ [sample.signature]: undefined })],
    ['doubled', () => withHeaders({ [sample.signature]: ['a', 'b'] })],
    ['not spelled as signatures are', () => withHeaders({ [sample.signature]: ['§'] })],
  ])('where the signature is %s', (_, forged) => {
    expect(provider.verify(forged()).ok).toBe(false);
    expect(counted.verifications).toBe(0);
  });

  test.runIf(sample.toleranceSeconds !== undefined)(
    'where the time in a header is out of tolerance, either way',
    () => {
      for (const seconds of [-100_000, 100_000]) {
        expect(verdict(delivery({ timestamp: NOW_SECONDS + seconds }))).toMatch(/^timestamp_/);
      }
      expect(counted.verifications).toBe(0);
    },
  );
});
