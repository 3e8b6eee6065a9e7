import { describe, expect, it } from 'vitest';
import { distinct, NOW_SECONDS, playProvider, withHeader } from '../../testing/play-provider.ts';
import type { SignedDelivery } from '../provider.ts';
import { gitlab } from './gitlab.ts';
import { gitlabSample } from './gitlab-sample.ts';

const TOKEN = 'a secret token';
const SIGNING = gitlabSample.keys('current').configured;
const PUSH = '{"object_kind":"push","project":{"path_with_namespace":"a/b"}}';
const signed = playProvider('gitlab').delivery({ body: PUSH });
const plain = tokenDelivery(TOKEN);

describe('GitLab’s secret token', () => {
  it('is believed and signs nothing, so that no id is the key', () => {
    expect(gitlab.verify(plain)).toEqual({ ok: true, signed: 'none' });
    expect(gitlab.describe(plain, 'none')).toMatchObject({ idSigned: false, typeSigned: false, keyFrom: 'type+body' });
  });

  it('must be there, and the whole of it', () => {
    expect(gitlab.verify(withHeader(plain, 'x-gitlab-token'))).toMatchObject({ reason: 'header_missing' });
    for (const wrong of ['a secret toke', 'a secret tokenx', 'A secret token', ' ']) {
      expect(gitlab.verify(withHeader(plain, 'x-gitlab-token', wrong))).toMatchObject({ reason: 'signature_mismatch' });
    }
  });

  it('may be any text, as its bytes come', () => {
    const came = Buffer.from('tökén').toString('latin1');
    expect(gitlab.verify({ ...tokenDelivery(came), secrets: ['tökén'] }).ok).toBe(true);
  });
});

describe('a source with both kinds of secrets', () => {
  const secrets = [TOKEN, SIGNING];

  it('takes what either hook sends', () => {
    expect(gitlab.verify({ ...plain, secrets })).toEqual({ ok: true, signed: 'none' });
    expect(gitlab.verify({ ...signed, secrets })).toEqual({ ok: true, signed: 'id-time-body' });
    const both = withHeader(signed, 'x-gitlab-token', TOKEN);
    expect(gitlab.verify({ ...both, secrets })).toEqual({ ok: true, signed: 'id-time-body' });
  });

  it('does not fall back to the token where a signature is there and wrong', () => {
    const forged = { ...withHeader(signed, 'x-gitlab-token', TOKEN), rawBody: Buffer.from('{}'), secrets };
    expect(gitlab.verify(forged)).toMatchObject({ reason: 'signature_mismatch' });
  });
});

describe('a source with one kind of secrets', () => {
  it('takes no token for a signature', () => {
    expect(gitlab.verify({ ...plain, secrets: [SIGNING] })).toMatchObject({ reason: 'header_missing' });
    expect(gitlab.verify({ ...tokenDelivery(SIGNING), secrets: [SIGNING] }).ok).toBe(false);
  });

  it('takes nothing for signed that it could not check', () => {
    const both = { ...withHeader(signed, 'x-gitlab-token', TOKEN), secrets: [TOKEN] };
    expect(gitlab.verify(both)).toEqual({ ok: true, signed: 'none' });
    expect(gitlab.describe(both, 'none')).toMatchObject({ idSigned: false, deliveryId: 'evt_1', keyFrom: 'type+body' });
  });
});

describe('GitLab’s type, which no signature covers', () => {
  const typed = (type: string) => withHeader(signed, 'x-gitlab-event', type);

  it('counts as signed where the signed body can be of no other', () => {
    expect(gitlab.describe(typed('Push Hook'), 'id-time-body').typeSigned).toBe(true);
    expect(gitlab.describe(typed('Push Hook'), 'none').typeSigned).toBe(false);
    const issue = { ...typed('Issue Hook'), rawBody: Buffer.from('{"object_kind":"issue"}') };
    expect(gitlab.describe(issue, 'id-time-body').typeSigned).toBe(false);
  });

  it('is refused where the body is of another, and let be where nobody knows', () => {
    expect(gitlab.verify(typed('Merge Request Hook'))).toEqual({ ok: false, reason: 'type_mismatch' });
    for (const type of ['Push Hook', 'Emoji Hook', 'constructor'])
      expect(gitlab.verify(typed(type)).ok, type).toBe(true);
  });
});

function tokenDelivery(token: string): SignedDelivery {
  return {
    ...playProvider('gitlab').delivery({ body: PUSH }),
    headers: distinct({ 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': token, 'idempotency-key': 'i-1' }),
    secrets: [TOKEN],
    now: NOW_SECONDS * 1000,
  };
}
