import { Paddle } from '@paddle/paddle-node-sdk';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NOW_SECONDS, playProvider } from '../../testing/play-provider.ts';
import { paddle } from './paddle.ts';

const HEADER = 'paddle-signature';
const { webhooks } = new Paddle('unused');
const { delivery, sample } = playProvider('paddle');

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: NOW_SECONDS * 1000 }));
afterEach(() => void vi.useRealTimers());

describe('what Paddle’s own library says of a delivery', () => {
  it('is said here too: of any text under any secret, up to five seconds old', async () => {
    const texts = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 });
    const secrets = fc.string({ minLength: 1, maxLength: 60 }).filter((secret) => secret.trim() !== '');
    await fc.assert(
      fc.asyncProperty(texts, texts, secrets, fc.nat(10), async (body, other, secret, ageSeconds) => {
        const header = signed(body, secret, NOW_SECONDS - ageSeconds);
        for (const came of [body, other]) expect(ours(came, header, secret)).toBe(await theirs(came, header, secret));
        expect(ours(body, header, `${secret}x`)).toBe(await theirs(body, header, `${secret}x`));
      }),
      { numRuns: 60 },
    );
  });
});

describe('where Paddle’s own library says something else', () => {
  const good = signed('{}', 'secret', NOW_SECONDS);
  const [time = '', h1 = ''] = good.split(';');

  it('it believes a time ahead of its clock, however far', async () => {
    const ahead = signed('{}', 'secret', NOW_SECONDS + 3600);
    expect([ours('{}', ahead, 'secret'), await theirs('{}', ahead, 'secret')]).toEqual([false, true]);
  });

  it('of several signatures it looks at the last one: during a rotation ours may stand first', async () => {
    const both = `${time};${h1};h1=${'0'.repeat(64)}`;
    expect([ours('{}', both, 'secret'), await theirs('{}', both, 'secret')]).toEqual([true, false]);
  });

  it('it reads the beginning of a time: here that has one spelling', async () => {
    const odd = `${time}.5;${h1}`;
    expect([ours('{}', odd, 'secret'), await theirs('{}', odd, 'secret')]).toEqual([false, true]);
  });

  it('it takes an empty secret for one', async () => {
    const byEmpty = signed('{}', '', NOW_SECONDS);
    expect([ours('{}', byEmpty, ''), await theirs('{}', byEmpty, '')]).toEqual([false, true]);
  });
});

function signed(body: string, signing: string, timestamp: number): string {
  const said = { signing, body: Buffer.from(body), timestamp, id: '', type: '', url: '' };
  return sample.headers(said)[HEADER] ?? '';
}

const ours = (body: string, header: string, secret: string): boolean =>
  paddle.verify({ ...delivery(), rawBody: Buffer.from(body), headers: { [HEADER]: [header] }, secrets: [secret] }).ok;

const theirs = (body: string, header: string, secret: string): Promise<boolean> =>
  webhooks.isSignatureValid(body, secret, header).catch(() => false);
