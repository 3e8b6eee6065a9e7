import { createHmac } from 'node:crypto';
import type { ProviderId } from '../providers/index.ts';

/** What a provider would put into one delivery. */
export interface DeliveryToSign {
  readonly secret: string;
  readonly body: Buffer | string;
  /** Where the scheme carries it outside the body. */
  readonly id?: string;
  readonly type?: string;
  /** Seconds since the epoch, where the scheme signs a time. */
  readonly timestamp?: number;
}

/**
 * The headers a provider would send with a delivery: for samples and tests. Written from the providers' documentation and
 * apart from the verifiers, so that a mistake in one is not repeated in the other.
 */
export function signDelivery(provider: ProviderId, delivery: DeliveryToSign): Record<string, string> {
  return SIGNERS[provider]({
    id: 'evt_1',
    type: 'thing.happened',
    timestamp: Math.floor(Date.now() / 1000),
    ...delivery,
    body: typeof delivery.body === 'string' ? Buffer.from(delivery.body) : delivery.body,
  });
}

interface Complete {
  readonly secret: string;
  readonly body: Buffer;
  readonly id: string;
  readonly type: string;
  readonly timestamp: number;
}

const SIGNERS = {
  github: ({ secret, body, id, type }) => ({
    'x-hub-signature-256': `sha256=${hmac(secret, body).toString('hex')}`,
    'x-github-delivery': id,
    'x-github-event': type,
  }),
  shopify: ({ secret, body, id, type }) => ({
    'x-shopify-hmac-sha256': hmac(secret, body).toString('base64'),
    'x-shopify-webhook-id': id,
    'x-shopify-topic': type,
  }),
  fabric: ({ secret, body, id, type }) => ({
    'x-fabric-signature': `sha256=${hmac(secret, body).toString('hex')}`,
    'idempotency-key': id,
    'x-fabric-event': type,
  }),
  stripe: ({ secret, body, timestamp }) => ({
    'stripe-signature': `t=${timestamp},v1=${hmac(secret, prefixed(`${timestamp}.`, body)).toString('hex')}`,
  }),
  'standard-webhooks': (delivery) => standard('webhook', delivery),
  svix: (delivery) => standard('svix', delivery),
} as const satisfies Record<ProviderId, (delivery: Complete) => Record<string, string>>;

function standard(prefix: string, { secret, body, id, timestamp }: Complete): Record<string, string> {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signature = hmac(key, prefixed(`${id}.${timestamp}.`, body)).toString('base64');
  return {
    [`${prefix}-id`]: id,
    [`${prefix}-timestamp`]: String(timestamp),
    [`${prefix}-signature`]: `v1,${signature}`,
  };
}

const hmac = (key: string | Buffer, bytes: Buffer) => createHmac('sha256', key).update(bytes).digest();
const prefixed = (head: string, body: Buffer) => Buffer.concat([Buffer.from(head), body]);
