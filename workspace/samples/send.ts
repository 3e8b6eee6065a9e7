import { readFile } from 'node:fs/promises';
import { isProvider, signedHeaders } from './sign.ts';

/** A source to send to, as `run.json` lists it. */
export interface SampleSource {
  readonly tenant: string;
  readonly id: string;
  readonly provider: string;
  /** Where its webhooks go; made from `ingestUrl` where it is not said. */
  readonly url?: string | undefined;
  readonly secret: string;
}

export interface SentSample {
  readonly title: string;
  readonly status: number;
  readonly event_id?: string;
}

interface Sample {
  readonly title: string;
  readonly source: string;
  readonly type: string;
  readonly deliveryId: string;
  readonly file: string;
  readonly forged?: boolean;
}

/**
 * Payloads in the shape that the providers document; GitHub’s was recorded (`@octokit/webhooks-examples`). They do not change
 * from one run to the next: sent again over the same data, they are duplicates.
 */
const SAMPLES: readonly Sample[] = [
  {
    title: 'Shopify: an order of 408 USD',
    source: 'shopify',
    type: 'orders/create',
    deliveryId: 'b54557e4-bdd9-4b37-8a5f-bf7d70bcd043',
    file: 'shopify-order-create',
  },
  {
    title: 'Shopify: the same delivery once more',
    source: 'shopify',
    type: 'orders/create',
    deliveryId: 'b54557e4-bdd9-4b37-8a5f-bf7d70bcd043',
    file: 'shopify-order-create',
  },
  {
    title: 'Shopify: an order of 806 USD',
    source: 'shopify',
    type: 'orders/create',
    deliveryId: '5c1a0e6f-1f0f-49a5-9f57-6a8f6b3a7c11',
    file: 'shopify-order-create-large',
  },
  {
    title: 'Stripe: a risky charge of 1,299 USD',
    source: 'stripe',
    type: 'charge.succeeded',
    deliveryId: 'evt_1Nz4ElevatedRisk00000001',
    file: 'stripe-charge-succeeded',
  },
  {
    title: 'Stripe: a dispute over 10 USD',
    source: 'stripe',
    type: 'charge.dispute.created',
    deliveryId: 'evt_1Nz4Dispute0000000000001',
    file: 'stripe-dispute-created',
  },
  {
    title: 'Stripe: a refunded charge',
    source: 'stripe',
    type: 'charge.refunded',
    deliveryId: 'evt_1Nz4Refunded000000000001',
    file: 'stripe-charge-refunded',
  },
  {
    title: 'GitHub: an issue was opened',
    source: 'github',
    type: 'issues',
    deliveryId: '72d3162e-cc78-11e3-81ab-4c9367dc0958',
    file: 'github-issues-opened',
  },
  {
    title: 'GitHub: with a wrong signature',
    source: 'github',
    type: 'issues',
    deliveryId: '72d3162e-cc78-11e3-81ab-4c9367dc0959',
    file: 'github-issues-opened',
    forged: true,
  },
  {
    title: 'Standard Webhooks: an order was paid',
    source: 'events',
    type: 'order.paid',
    deliveryId: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    file: 'events-order-paid',
  },
  {
    title: 'Standard Webhooks: a claim was opened',
    source: 'events',
    type: 'claim.opened',
    deliveryId: 'msg_2bXlQm0vHc9yT4aRk8sWnZ1d',
    file: 'events-claim-opened',
  },
  {
    title: 'Fabric: a record was created',
    source: 'records',
    type: 'record.created',
    deliveryId: 'record-450789472-created',
    file: 'records-record-created',
  },
];

export interface SendSamplesOptions {
  readonly ingestUrl: string;
  readonly sources: readonly SampleSource[];
  /** Told of each sample once it was answered. */
  readonly log?: (sent: SentSample) => void;
}

/** Sends the samples of every source there is, one after another, and tells what ingest answered. */
export async function sendSamples({ ingestUrl, sources, log }: SendSamplesOptions): Promise<SentSample[]> {
  const sent: SentSample[] = [];
  for (const sample of SAMPLES) {
    const source = sources.find(({ id }) => id === sample.source);
    if (!source) continue;
    const result = await sendSample(ingestUrl, source, sample);
    sent.push(result);
    log?.(result);
  }
  return sent;
}

async function sendSample(ingestUrl: string, source: SampleSource, sample: Sample): Promise<SentSample> {
  if (!isProvider(source.provider)) throw new Error(`no sample can be signed for ${source.provider}`);
  const body = await readFile(new URL(`payloads/${sample.file}.json`, import.meta.url), 'utf8');
  const secret = sample.forged ? 'another secret altogether' : source.secret;
  const delivery = { id: sample.deliveryId, type: sample.type, body };
  const response = await fetch(source.url ?? new URL(`/hooks/${source.tenant}/${source.id}`, ingestUrl), {
    method: 'POST',
    headers: await signedHeaders(source.provider, delivery, secret),
    body,
  });
  const answer = (await response.json().catch(() => ({}))) as { event_id?: string };
  return { title: sample.title, status: response.status, ...(answer.event_id && { event_id: answer.event_id }) };
}
