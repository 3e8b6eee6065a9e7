import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ecKeyPair, rsaKeyPair } from '../testing/key-pairs.ts';
import { publicKeyFault } from './public-key.ts';

const pem = { format: 'pem', type: 'spki' } as const;
const der = { format: 'der', type: 'spki' } as const;

describe('a configured public key', () => {
  it('may be PEM, or the base64 of its DER form', () => {
    for (const [kind, { publicKey }] of [
      ['ecdsa-p256', ecKeyPair('one')],
      ['rsa', rsaKeyPair('one')],
    ] as const) {
      expect(publicKeyFault(publicKey.export(pem).toString(), kind)).toBeUndefined();
      expect(publicKeyFault(publicKey.export(pem).toString().trim(), kind)).toBeUndefined();
      expect(publicKeyFault(publicKey.export(der).toString('base64'), kind)).toBeUndefined();
    }
  });

  it('is of the scheme’s own kind, and strong enough', () => {
    const curve = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export(pem).toString();
    expect(publicKeyFault(curve, 'ecdsa-p256')).toBe('is no ECDSA key on P-256');
    expect(publicKeyFault(rsaKeyPair('one').publicKey.export(pem).toString(), 'ecdsa-p256')).toContain('no ECDSA key');
    expect(publicKeyFault(ecKeyPair('one').publicKey.export(pem).toString(), 'rsa')).toBe('is no RSA key');
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export(pem).toString();
    expect(publicKeyFault(weak, 'rsa')).toBe('is an RSA key of fewer than 2048 bits');
  });

  it('is not the private one, which would verify just as well', () => {
    for (const type of ['pkcs8', 'sec1'] as const) {
      const secret = ecKeyPair('one').privateKey.export({ format: 'pem', type }).toString();
      expect(publicKeyFault(secret, 'ecdsa-p256')).toBe('is a private key; the public one verifies');
    }
    const bare = ecKeyPair('one').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
    expect(publicKeyFault(bare, 'ecdsa-p256')).toContain('is no public key');
  });

  it('that is none is a fault', () => {
    for (const text of ['whsec_AAAA', 'AAAA', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----']) {
      expect(publicKeyFault(text, 'rsa'), text).toContain('is no public key');
    }
    expect(publicKeyFault(' \n', 'rsa')).toBe('is empty');
  });
});
