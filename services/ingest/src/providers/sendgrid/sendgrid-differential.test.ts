import { sign } from 'node:crypto';
import { EventWebhook } from '@sendgrid/eventwebhook';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ecKeyPair } from '../../testing/key-pairs.ts';
import { NOW_SECONDS } from '../../testing/play-provider.ts';
import { sendgrid } from './sendgrid.ts';

const { publicKey, privateKey } = ecKeyPair('sendgrid');
const der = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
const signed = (body: Buffer, timestamp: string): string =>
  sign('sha256', Buffer.concat([Buffer.from(timestamp), body]), privateKey).toString('base64');

describe('@sendgrid/eventwebhook', () => {
  it('accepts what we accept, under a key in either form, and refuses what we refuse', () => {
    const bodies = fc.string({ unit: 'grapheme', maxLength: 120 });
    fc.assert(
      fc.property(bodies, bodies, fc.constantFrom(der, pem), (body, other, key) => {
        const signature = signed(Buffer.from(body), String(NOW_SECONDS));
        expect([theirs(body, signature, key), ours(body, signature, key)]).toEqual([true, true]);
        const same = body === other;
        expect([theirs(other, signature, key), ours(other, signature, key)]).toEqual([same, same]);
      }),
      { numRuns: 25 },
    );
  });

  it('refuses other keys, other times and other signatures as we do', () => {
    const signature = signed(Buffer.from('[]'), String(NOW_SECONDS));
    const stranger = ecKeyPair('stranger').publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    const later = String(NOW_SECONDS + 1);
    const mangled = `${signature.slice(0, 20)}${signature[20] === 'A' ? 'B' : 'A'}${signature.slice(21)}`;
    expect([theirs('[]', signature, stranger), ours('[]', signature, stranger)]).toEqual([false, false]);
    expect([theirs('[]', signature, der, later), ours('[]', signature, der, later)]).toEqual([false, false]);
    expect([theirs('[]', mangled), ours('[]', mangled)]).toEqual([false, false]);
  });

  it('takes a delivery of any age for good; we hold it to 300 seconds', () => {
    const old = String(NOW_SECONDS - 301);
    const signature = signed(Buffer.from('[]'), old);
    expect([theirs('[]', signature, der, old), ours('[]', signature, der, old)]).toEqual([true, false]);
  });

  it('reads a signature in sloppy base64; we take one spelling', () => {
    const signature = signed(Buffer.from('[]'), String(NOW_SECONDS));
    const sloppy = `${signature.slice(0, 8)}\n${signature.slice(8)}`;
    expect([theirs('[]', sloppy), ours('[]', sloppy)]).toEqual([true, false]);
  });

  it('reads bytes as UTF-8 before it verifies them, so that it refuses what was signed as it stands; we do not', () => {
    const bytes = Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]);
    const signature = signed(bytes, String(NOW_SECONDS));
    expect([theirs(bytes, signature), ours(bytes, signature)]).toEqual([false, true]);
  });
});

function theirs(body: string | Buffer, signature: string, key = der, timestamp = String(NOW_SECONDS)): boolean {
  const webhook = new EventWebhook();
  try {
    return webhook.verifySignature(webhook.convertPublicKeyToECDSA(key), body, signature, timestamp);
  } catch {
    return false;
  }
}

function ours(body: string | Buffer, signature: string, key = der, timestamp = String(NOW_SECONDS)): boolean {
  const headers = {
    'x-twilio-email-event-webhook-signature': [signature],
    'x-twilio-email-event-webhook-timestamp': [timestamp],
  };
  const delivery = { rawBody: Buffer.from(body as string), headers, method: 'POST', url: '/', query: '' };
  return sendgrid.verify({ ...delivery, secrets: [key], now: NOW_SECONDS * 1000, toleranceSeconds: undefined }).ok;
}
