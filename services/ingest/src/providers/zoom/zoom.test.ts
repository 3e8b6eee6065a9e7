import { describe, expect, it } from 'vitest';
import { playProvider } from '../../testing/play-provider.ts';
import { hmac } from '../../testing/provider-sample.ts';
import { zoom } from './zoom.ts';

const { delivery, sample, secret } = playProvider('zoom');
const body = '{"event":"endpoint.url_validation","payload":{"plainToken":"token"},"event_ts":1}';

describe('Zoom’s validation of an endpoint', () => {
  it('is answered under the secret that asked, wherever it stands among several', () => {
    const next = sample.keys('next');
    const asked = delivery({ body, signing: next.signing });
    for (const secrets of [
      [secret, next.configured],
      [next.configured, secret],
    ]) {
      const reply = zoom.handshake({ ...asked, secrets });
      expect(JSON.parse(reply?.body ?? '')).toEqual({
        plainToken: 'token',
        encryptedToken: hmac(next.signing, 'token').toString('hex'),
      });
    }
  });

  it('is nothing else, and needs a token', () => {
    expect(zoom.handshake(delivery({ body: body.replace('endpoint.', '') }))).toBeUndefined();
    expect(zoom.handshake(delivery({ body: body.replace('"token"', '7') }))).toBeUndefined();
  });
});
