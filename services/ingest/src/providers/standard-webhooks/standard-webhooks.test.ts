import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signDelivery } from '../../testing/sign-delivery.ts';
import type { SignedDelivery } from '../provider.ts';
import { standardWebhooks } from './standard-webhooks.ts';

const NOW_SECONDS = 1_790_000_000;
const BODY = Buffer.from('{"type":"thing.happened"}');

describe('standard-webhooks', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const whpk = `whpk_${raw.toString('base64')}`;
  const whsec = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
  const ed25519 = (body: Buffer) => {
    const signed = Buffer.concat([Buffer.from(`msg_1.${NOW_SECONDS}.`), body]);
    return `v1a,${sign(null, signed, privateKey).toString('base64')}`;
  };

  it('verifies an Ed25519 signature under a public key, and only over the same bytes', () => {
    expect(standardWebhooks.verify(delivery(ed25519(BODY), [whpk]))).toEqual({ ok: true, signed: 'id-time-body' });
    expect(standardWebhooks.verify(delivery(ed25519(Buffer.from('{}')), [whpk])).ok).toBe(false);
    expect(standardWebhooks.verify(delivery(ed25519(BODY).replace('v1a,', 'v1,'), [whpk])).ok).toBe(false);
    expect(standardWebhooks.verify(delivery('v1a,AAAA', [whpk])).ok).toBe(false);
  });

  it('takes either kind of key out of a mixed list while a sender moves from one to the other', () => {
    const { 'webhook-signature': hmac = '' } = signDelivery('standard-webhooks', {
      secret: whsec,
      body: BODY,
      id: 'msg_1',
      timestamp: NOW_SECONDS,
    });
    const both = `v1,bm9uZQ== ${hmac} ${ed25519(BODY)}`;
    expect(standardWebhooks.verify(delivery(both, [whpk])).ok).toBe(true);
    expect(standardWebhooks.verify(delivery(both, [whsec])).ok).toBe(true);
    expect(standardWebhooks.verify(delivery(hmac, [whpk, whsec])).ok).toBe(true);
    expect(standardWebhooks.verify(delivery(hmac, [whpk])).ok).toBe(false);
  });

  it('refuses an id with a full stop: its signature would fit a shorter id with another time and body', () => {
    const id = `msg.${NOW_SECONDS}`;
    const headers = signDelivery('standard-webhooks', { secret: whsec, body: '{}', id, timestamp: NOW_SECONDS });
    const shifted = delivery(headers['webhook-signature'] ?? '', [whsec], 'msg', Buffer.from(`${NOW_SECONDS}.{}`));
    const sent = delivery(headers['webhook-signature'] ?? '', [whsec], id, Buffer.from('{}'));
    // The two are one signed text, so only refusing the dotted one at its birth keeps them apart.
    expect(standardWebhooks.verify(shifted).ok).toBe(true);
    expect(standardWebhooks.verify(sent)).toEqual({ ok: false, reason: 'header_malformed' });
  });

  it('signs an id beyond ASCII as the bytes that came', () => {
    const body = '{}';
    const headers = signDelivery('standard-webhooks', { secret: whsec, body, id: 'köln', timestamp: NOW_SECONDS });
    const asNodeReadsIt = Buffer.from('köln').toString('latin1');
    const came = delivery(headers['webhook-signature'] ?? '', [whsec], asNodeReadsIt, Buffer.from(body));
    expect(standardWebhooks.verify(came).ok).toBe(true);
  });

  it('names what is wrong with a key', () => {
    expect(standardWebhooks.secretFault('whsec_')).toBe('is empty');
    expect(standardWebhooks.secretFault('whsec_not base64!')).toContain('is not base64');
    expect(standardWebhooks.secretFault('whsk_AAAA')).toContain('private key');
    expect(standardWebhooks.secretFault(`whpk_${Buffer.alloc(31).toString('base64')}`)).toContain('32 bytes');
    expect(standardWebhooks.secretFault(whpk)).toBeUndefined();
  });
});

function delivery(signature: string, secrets: string[], id = 'msg_1', rawBody = BODY): SignedDelivery {
  return {
    rawBody,
    headers: { 'webhook-id': [id], 'webhook-timestamp': [String(NOW_SECONDS)], 'webhook-signature': [signature] },
    method: 'POST',
    url: '/',
    query: '',
    secrets,
    now: NOW_SECONDS * 1000,
    toleranceSeconds: undefined,
  };
}
