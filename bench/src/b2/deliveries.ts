import { createHmac } from 'node:crypto';
import { SOURCE_SECRET } from '../workspace.ts';

const BODY_BYTES = 1_024;

/** One request, ready to be written to a socket. */
export type Delivery = Buffer;

/**
 * Deliveries as Stripe sends them, 1 KB each, signed beforehand. Of `duplicateShare` of them the same event was delivered
 * before, at some distance: a retry.
 */
export function signedDeliveries(count: number, options: { readonly path: string; readonly duplicateShare: number }) {
  const timestamp = Math.floor(Date.now() / 1000);
  const run = `${timestamp.toString(36)}${Math.random().toString(36).slice(2, 8)}`;
  const every = options.duplicateShare > 0 ? Math.round(1 / options.duplicateShare) : Number.POSITIVE_INFINITY;
  const made: Delivery[] = [];
  for (let index = 0; made.length < count; index += 1) {
    const isRepeat = index % every === every - 1 && made.length >= REPEAT_DISTANCE;
    made.push(
      isRepeat
        ? (made[made.length - REPEAT_DISTANCE] as Delivery)
        : request(options.path, `${run}_${index}`, timestamp),
    );
  }
  return made;
}

/** Odd, so that a repeat is of one that was new, with two kinds taking turns. */
const REPEAT_DISTANCE = 501;

function request(path: string, id: string, timestamp: number): Delivery {
  const body = bodyOf(id, timestamp);
  const signature = createHmac('sha256', SOURCE_SECRET).update(`${timestamp}.${body}`).digest('hex');
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `user-agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\naccept: */*\r\n` +
      `stripe-signature: t=${timestamp},v1=${signature}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function bodyOf(id: string, created: number): string {
  const event = {
    id: `evt_${id}`,
    object: 'event',
    type: 'charge.succeeded',
    created,
    data: { object: { id: `ch_${id}`, amount: 1200, currency: 'usd', description: '' } },
  };
  const missing = BODY_BYTES - JSON.stringify(event).length;
  event.data.object.description = 'x'.repeat(Math.max(0, missing));
  return JSON.stringify(event);
}
