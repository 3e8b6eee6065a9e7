import { hmac, type ProviderSample, sharedKeys } from '../../testing/provider-sample.ts';

/** Of a hook with a signing token, or, where what it is given is none, with a secret token. */
export const gitlabSample: ProviderSample = {
  signed: 'id-time-body',
  signature: 'webhook-signature',
  signedHeaders: ['webhook-id', 'webhook-timestamp'],
  toleranceSeconds: 300,
  alsoReads: ['x-gitlab-token', 'x-gitlab-webhook-uuid'],
  listSeparator: ' ',
  keys: sharedKeys,
  headers({ signing, body, id, type, timestamp }) {
    const said = { 'x-gitlab-event': type, 'idempotency-key': id };
    if (!signing.startsWith('whsec_')) return { ...said, 'x-gitlab-token': signing };
    const key = Buffer.from(signing.slice('whsec_'.length), 'base64');
    return {
      ...said,
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': `v1,${hmac(key, `${id}.${timestamp}.`, body).toString('base64')}`,
    };
  },
};

/** Of a hook with a secret token, which comes as it is. */
export const gitlabTokenSample: ProviderSample = {
  ...gitlabSample,
  signed: 'none',
  signature: 'x-gitlab-token',
  signedHeaders: [],
  toleranceSeconds: undefined,
  alsoReads: ['webhook-id', 'x-gitlab-webhook-uuid'],
  listSeparator: '',
  keys: (name) => ({ configured: `token ${name}`, signing: `token ${name}` }),
};
