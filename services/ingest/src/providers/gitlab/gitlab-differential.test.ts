import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { distinct, NOW_SECONDS, playProvider } from '../../testing/play-provider.ts';
import { gitlab } from './gitlab.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: NOW_SECONDS * 1000 }));
afterEach(() => void vi.useRealTimers());

/** GitLab's documentation names this library for its signing tokens; its ids are UUIDs. */
it('what standardwebhooks says of a GitLab delivery is said here too, whatever its age', () => {
  const tokens = fc
    .uint8Array({ minLength: 24, maxLength: 64 })
    .map((key) => `whsec_${Buffer.from(key).toString('base64')}`);
  const texts = fc.string({ unit: 'grapheme', maxLength: 200 });
  fc.assert(
    fc.property(texts, texts, tokens, fc.uuid(), fc.integer({ min: -400, max: 400 }), (body, other, token, id, age) => {
      const sentAt = new Date((NOW_SECONDS - age) * 1000);
      const headers = {
        'webhook-id': id,
        'webhook-timestamp': String(NOW_SECONDS - age),
        'webhook-signature': new Webhook(token).sign(id, sentAt, body),
      };
      for (const came of [body, other]) {
        const sent = {
          ...playProvider('gitlab').delivery({ body: came }),
          headers: distinct(headers),
          secrets: [token],
        };
        expect(gitlab.verify(sent).ok).toBe(
          believed(() => new Webhook(token).verify(came, headers, { jsonParse: false })),
        );
      }
    }),
    { numRuns: 80 },
  );
});

function believed(check: () => unknown): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}
