import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { distinct } from '../testing/play-provider.ts';
import type { ProviderSample } from '../testing/provider-sample.ts';
import { SAMPLES } from '../testing/sign-delivery.ts';
import { configureProvider, PROVIDERS, type ProviderId } from './index.ts';
import type { Description, Provider, SignedDelivery } from './provider.ts';

/** A delivery as a provider's documentation shows it. */
interface Fixture {
  /** The page it is from. */
  readonly about: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** With a signature among the headers: the published one, verified as it is. Without, the sample signs. */
  readonly secret?: string;
  readonly nowSeconds?: number;
  readonly url?: string;
  readonly query?: string;
  readonly expect: Expected;
}

interface Expected extends ExpectedEvent {
  readonly signed?: string;
  readonly items?: readonly (ExpectedEvent | { readonly fault: string })[];
  readonly handshake?: { readonly status: number; readonly body: string };
}

/** What is left out is not there. */
type ExpectedEvent = Partial<Pick<Description, 'type' | 'typeSigned' | 'deliveryId' | 'subject' | 'time'>>;

const HERE = import.meta.dirname;
const FILES = globSync('*/fixtures/*.json', { cwd: HERE }).sort();

describe.each(FILES)('%s', (file) => {
  const fixture = JSON.parse(readFileSync(join(HERE, file), 'utf8')) as Fixture;
  const id = dirname(dirname(file)) as ProviderId;
  const sample: ProviderSample | undefined = SAMPLES[id];
  if (!sample) throw new Error(`nobody plays ${id}`);
  const provider = configureProvider(id, sample.options) as Provider;
  const delivery = sent(sample, fixture);

  it('is believed, and not with another byte at its end', () => {
    const verdict = provider.verify(delivery);
    expect(verdict).toMatchObject({ ok: true, ...(fixture.expect.signed && { signed: fixture.expect.signed }) });
    if (!verdict.ok || verdict.signed === 'none') return;
    expect(provider.verify({ ...delivery, rawBody: Buffer.concat([delivery.rawBody, Buffer.from(' ')]) }).ok).toBe(
      false,
    );
  });

  it('is what its provider says it is', () => {
    const verdict = provider.verify(delivery);
    const { handshake, items, signed: _, ...event } = fixture.expect;
    const reply = provider.handshake?.(delivery);
    expect(reply && { status: reply.status, body: reply.body }).toEqual(handshake);
    if (handshake) return;
    const found = provider.items?.(delivery);
    expect(found?.map((item) => ('fault' in item ? { fault: item.fault } : said(item.description)))).toEqual(
      items?.map((item) => ('fault' in item ? item : saying(item))),
    );
    if (items) return;
    expect(said(provider.describe(delivery, verdict.ok ? verdict.signed : undefined))).toEqual(saying(event));
  });
});

it('every provider has one but the generic one, which nobody documents', () => {
  const without = (Object.keys(PROVIDERS) as ProviderId[]).filter(
    (id) => !FILES.some((file) => basename(dirname(dirname(file))) === id),
  );
  expect(without).toEqual(['generic']);
});

function sent(sample: ProviderSample, fixture: Fixture): SignedDelivery {
  const { headers, body, nowSeconds = 1_790_000_000, url = 'https://hooks.example.com/in', query = '' } = fixture;
  const { configured, signing } = fixture.secret
    ? { configured: fixture.secret, signing: fixture.secret }
    : sample.keys('fixture');
  const said = {
    ...{ signing, body: Buffer.from(body), timestamp: nowSeconds, url: query ? `${url}?${query}` : url },
    ...{ id: fixture.expect.deliveryId ?? 'delivery-1', type: fixture.expect.type ?? '' },
  };
  const signed = headers[sample.signature] === undefined ? signatureOf(sample, sample.headers(said)) : {};
  return {
    rawBody: Buffer.from(body),
    headers: distinct({ ...signed, ...headers }),
    method: 'POST',
    url,
    query,
    secrets: [configured],
    now: nowSeconds * 1000,
    toleranceSeconds: undefined,
  };
}

/** Only what the provider signs, and with: the rest is as its documentation has it. */
function signatureOf(sample: ProviderSample, headers: Record<string, string>): Record<string, string> {
  const needed = [sample.signature, ...sample.signedHeaders];
  return Object.fromEntries(Object.entries(headers).filter(([name]) => needed.includes(name)));
}

const said = ({ type, typeSigned, deliveryId, subject, time }: Description) =>
  saying({ type, typeSigned, deliveryId, subject, time });

const saying = ({ type, typeSigned, deliveryId, subject, time }: ExpectedEvent) => ({
  ...{ type, typeSigned: typeSigned ?? false, deliveryId, subject, time },
});
