import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import type { ProviderSample } from '../../testing/provider-sample.ts';

/** What stands before the 32 bytes of an Ed25519 private key in PKCS #8. */
const PKCS8_HEAD = '302e020100300506032b657004220420';

/** The provider's key is the private one, as hex; the endpoint has the public one. */
export const discordSample: ProviderSample = {
  signed: 'time-body',
  signature: 'x-signature-ed25519',
  signedHeaders: ['x-signature-timestamp'],
  toleranceSeconds: 300,
  keys(name) {
    const signing = createHash('sha256').update(name).digest('hex');
    const publicKey = createPublicKey(privateKey(signing)).export({ format: 'jwk' }).x ?? '';
    return { configured: Buffer.from(publicKey, 'base64url').toString('hex'), signing };
  },
  headers: ({ signing, body, timestamp }) => ({
    'x-signature-timestamp': String(timestamp),
    'x-signature-ed25519': sign(
      null,
      Buffer.concat([Buffer.from(String(timestamp)), body]),
      privateKey(signing),
    ).toString('hex'),
  }),
};

const privateKey = (hex: string) =>
  createPrivateKey({ key: Buffer.from(PKCS8_HEAD + hex, 'hex'), format: 'der', type: 'pkcs8' });
