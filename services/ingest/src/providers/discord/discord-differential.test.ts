import { verifyKey } from 'discord-interactions';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NOW_SECONDS, playProvider, withHeader } from '../../testing/play-provider.ts';
import type { SignedDelivery } from '../provider.ts';
import { discord } from './discord.ts';

const { delivery, sample, secret } = playProvider('discord');
const SIGNATURE = 'x-signature-ed25519';

describe('what Discord’s own library says of a delivery', () => {
  it('is said here too: under any key, of any bytes, tampered with or not', async () => {
    const bodies = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    await fc.assert(
      fc.asyncProperty(bodies, bodies, fc.string(), async (body, other, name) => {
        const keys = sample.keys(name);
        const sent = { ...delivery({ body, signing: keys.signing }), secrets: [keys.configured] };
        for (const came of [
          sent,
          { ...sent, rawBody: other },
          { ...sent, secrets: [secret] },
          withHeader(sent, 'x-signature-timestamp', String(NOW_SECONDS + 1)),
          withHeader(sent, SIGNATURE, '00'.repeat(64)),
        ]) {
          expect(discord.verify(came).ok).toBe(await theirs(came));
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('where Discord’s own library believes more', () => {
  it('a signature of any age: it looks at no clock', async () => {
    const old = delivery({ timestamp: 1_000_000_000 });
    expect([discord.verify(old).ok, await theirs(old)]).toEqual([false, true]);
  });

  it('a signature in capitals: here it has one spelling', async () => {
    const sent = delivery();
    const loud = withHeader(sent, SIGNATURE, sent.headers[SIGNATURE]?.[0]?.toUpperCase() ?? '');
    expect([discord.verify(loud).ok, await theirs(loud)]).toEqual([false, true]);
  });
});

const theirs = ({ rawBody, headers, secrets }: SignedDelivery): Promise<boolean> =>
  verifyKey(
    new Uint8Array(rawBody),
    headers[SIGNATURE]?.[0] ?? '',
    headers['x-signature-timestamp']?.[0] ?? '',
    secrets[0] ?? '',
  );
