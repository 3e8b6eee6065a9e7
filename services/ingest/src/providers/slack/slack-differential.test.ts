import { createHmac, timingSafeEqual } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NOW_SECONDS, playProvider } from '../../testing/play-provider.ts';
import { slack } from './slack.ts';

const { delivery } = playProvider('slack');
const secrets = fc.string({ minLength: 1, maxLength: 40 }).filter((secret) => secret.trim() !== '');
const bodies = fc.string({ unit: 'grapheme', maxLength: 200 });

describe('what Bolt, Slack’s own framework, says of a delivery', () => {
  it('is said here too: of any text under any secret, up to five minutes old', () => {
    fc.assert(
      fc.property(bodies, bodies, secrets, fc.nat(400), (body, other, secret, ageSeconds) => {
        const sent = { timestamp: String(NOW_SECONDS - ageSeconds), secret };
        const signature = sign(secret, sent.timestamp, body);
        for (const came of [
          { ...sent, body, signature },
          { ...sent, body: other, signature },
          { ...sent, body, signature: signature.replace('v0', 'v1') },
          { ...sent, body, signature: signature.toUpperCase() },
          { ...sent, body, signature, secret: `${secret}x` },
          { ...sent, body, signature, timestamp: String(NOW_SECONDS + 1) },
        ]) {
          expect(ours(came)).toBe(bolt(came));
        }
      }),
    );
  });
});

describe('where Bolt believes more', () => {
  const signed = (timestamp: string) => ({ timestamp, secret: 's', body: '{}', signature: sign('s', timestamp, '{}') });

  it('a time ahead of its clock, however far', () => {
    const ahead = signed(String(NOW_SECONDS + 3600));
    expect([ours(ahead), bolt(ahead)]).toEqual([false, true]);
  });

  it('a time that is no number: it is not older than five minutes', () => {
    for (const odd of ['soon', `${NOW_SECONDS}.0`, '0x6ab13b80']) {
      expect([ours(signed(odd)), bolt(signed(odd))], odd).toEqual([false, true]);
    }
  });

  it('a signature with something behind another equals sign', () => {
    const good = signed(String(NOW_SECONDS));
    const longer = { ...good, signature: `${good.signature}=x` };
    expect([ours(longer), bolt(longer)]).toEqual([false, true]);
  });
});

interface Came {
  readonly timestamp: string;
  readonly signature: string;
  readonly body: string;
  readonly secret: string;
}

function ours({ timestamp, signature, body, secret }: Came): boolean {
  const headers = { 'x-slack-request-timestamp': [timestamp], 'x-slack-signature': [signature] };
  return slack.verify({ ...delivery(), rawBody: Buffer.from(body), headers, secrets: [secret] }).ok;
}

/**
 * The check of @slack/bolt 5.1.0, in its order and with its leniencies, written down by hand: the package brings express and
 * two hundred others along.
 */
function bolt({ timestamp, signature, body, secret }: Came): boolean {
  if ((timestamp as unknown as number) < NOW_SECONDS - 300) return false;
  const [version, hash] = signature.split('=');
  if (version !== 'v0' || !hash) return false;
  const expected = Buffer.from(createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex'));
  const given = Buffer.from(hash);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

const sign = (secret: string, timestamp: string, body: string): string =>
  `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
