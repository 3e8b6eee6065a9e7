import { gitlabTokenSample } from '../providers/gitlab/gitlab-sample.ts';
import { configureProvider, type ProviderId } from '../providers/index.ts';
import type { DeliveryHeaders, Provider, SignedDelivery } from '../providers/provider.ts';
import { twilioJsonSample } from '../providers/twilio/twilio-sample.ts';
import type { ProviderSample } from './provider-sample.ts';
import { SAMPLES } from './sign-delivery.ts';

export const NOW_SECONDS = 1_790_000_000;
export const ENDPOINT = 'https://hooks.example.com/in';
const BODY = '{"id":"evt_1","type":"thing.happened","data":{"amount":12}}';

/** What differs from a plain good delivery. */
export interface Over {
  readonly signing?: string;
  readonly body?: Buffer | string;
  readonly id?: string;
  readonly timestamp?: number;
}

/** A provider, someone who plays it, and an endpoint with the one's secret. */
export interface Played {
  readonly id: ProviderId;
  readonly provider: Provider;
  readonly sample: ProviderSample;
  /** As the endpoint has it. */
  readonly secret: string;
  delivery(over?: Over): SignedDelivery;
  /** `accepted`, or why not. */
  verdict(delivery: SignedDelivery): string;
}

/** What providers have a second way for. */
const OTHER_WAYS = {
  'gitlab by token': { id: 'gitlab', sample: gitlabTokenSample },
  'twilio with JSON': { id: 'twilio', sample: twilioJsonSample },
} as const satisfies Record<string, { id: ProviderId; sample: ProviderSample }>;

export type PlayedName = ProviderId | keyof typeof OTHER_WAYS;

export const PLAYED = [...Object.keys(SAMPLES), ...Object.keys(OTHER_WAYS)] as readonly PlayedName[];

export function playProvider(name: PlayedName): Played {
  const { id, sample } = wayOf(name);
  const provider = configureProvider(id, sample.options) as Provider;
  const keys = sample.keys('current');
  return {
    id,
    provider,
    sample,
    secret: keys.configured,
    delivery({ timestamp = NOW_SECONDS, ...over } = {}) {
      const body = Buffer.from((over.body ?? sample.body?.(timestamp) ?? BODY) as string);
      const toSign = {
        id: 'evt_1',
        type: 'thing.happened',
        signing: keys.signing,
        ...over,
        timestamp,
        body,
        url: ENDPOINT,
      };
      return {
        rawBody: body,
        headers: distinct(sample.headers(toSign)),
        method: 'POST',
        url: ENDPOINT,
        query: sample.query?.(toSign) ?? '',
        secrets: [keys.configured],
        now: NOW_SECONDS * 1000,
        toleranceSeconds: undefined,
      };
    },
    verdict(delivery) {
      const verdict = provider.verify(delivery);
      return verdict.ok ? 'accepted' : verdict.reason;
    },
  };
}

function wayOf(name: PlayedName): { id: ProviderId; sample: ProviderSample } {
  return name in OTHER_WAYS
    ? OTHER_WAYS[name as keyof typeof OTHER_WAYS]
    : { id: name as ProviderId, sample: SAMPLES[name as ProviderId] };
}

/** As Node's `headersDistinct` has them. */
export function distinct(headers: Readonly<Record<string, string>>): DeliveryHeaders {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
}

export function withHeader(delivery: SignedDelivery, name: string, ...values: readonly string[]): SignedDelivery {
  return { ...delivery, headers: { ...delivery.headers, [name]: values.length > 0 ? values : undefined } };
}
