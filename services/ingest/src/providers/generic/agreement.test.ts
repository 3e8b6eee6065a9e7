import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { NOW_SECONDS, playProvider, withHeader } from '../../testing/play-provider.ts';
import { PROVIDERS, type ProviderId } from '../index.ts';
import type { Provider, SignedDelivery } from '../provider.ts';
import { generic } from './generic.ts';

// RSA takes its time, more so beside other tests.
vi.setConfig({ testTimeout: 30_000 });

const hubSignature = (header: string) => ({ algorithm: 'hmac-sha256', encoding: 'hex', header, prefix: 'sha256=' });
const standardWebhooks = (prefix: string) => ({
  algorithm: 'hmac-sha256',
  encoding: 'base64',
  header: `${prefix}-signature`,
  prefix: 'v1,',
  separator: ' ',
  sign: '{id}.{timestamp}.{body}',
  id: { header: `${prefix}-id` },
  timestamp: { header: `${prefix}-timestamp` },
  secretEncoding: 'base64',
  secretPrefix: 'whsec_',
});

/** Every scheme that a source could have described for itself; that of the house's own provider, and all but Twilio's. */
const DESCRIBED = {
  'adobe-commerce': {
    algorithm: 'rsa-sha256',
    encoding: 'base64',
    header: 'x-adobe-commerce-webhook-signature',
    sign: '{body.base64}',
  },
  bitbucket: { ...hubSignature('X-Hub-Signature'), id: { header: 'x-request-uuid' }, type: { header: 'x-event-key' } },
  discord: {
    algorithm: 'ed25519',
    encoding: 'hex',
    header: 'X-Signature-Ed25519',
    sign: '{timestamp}{body}',
    timestamp: { header: 'X-Signature-Timestamp' },
  },
  fabric: {
    ...hubSignature('X-Fabric-Signature'),
    id: { header: 'Idempotency-Key' },
    type: { header: 'X-Fabric-Event' },
  },
  github: {
    ...hubSignature('X-Hub-Signature-256'),
    id: { header: 'X-GitHub-Delivery' },
    type: { header: 'X-GitHub-Event' },
  },
  gitlab: {
    ...standardWebhooks('webhook'),
    subject: { header: 'idempotency-key' },
    type: { header: 'x-gitlab-event' },
  },
  hubspot: {
    algorithm: 'hmac-sha256',
    encoding: 'base64',
    header: 'X-HubSpot-Signature-v3',
    sign: '{method}{url}{body}{timestamp}',
    timestamp: { header: 'X-HubSpot-Request-Timestamp', unit: 'ms' },
  },
  jira: { ...hubSignature('X-Hub-Signature'), id: { header: 'x-atlassian-webhook-identifier' } },
  linear: {
    algorithm: 'hmac-sha256',
    encoding: 'hex',
    header: 'Linear-Signature',
    timestamp: { body: 'webhookTimestamp', unit: 'ms', toleranceSeconds: 60 },
    id: { header: 'linear-delivery' },
  },
  meta: hubSignature('X-Hub-Signature-256'),
  paddle: {
    algorithm: 'hmac-sha256',
    encoding: 'hex',
    header: 'Paddle-Signature',
    separator: ';',
    field: 'h1',
    sign: '{timestamp}:{body}',
    timestamp: { field: 'ts', toleranceSeconds: 5 },
  },
  pagerduty: {
    algorithm: 'hmac-sha256',
    encoding: 'hex',
    header: 'X-PagerDuty-Signature',
    prefix: 'v1=',
    separator: ',',
  },
  sendgrid: {
    algorithm: 'ecdsa-p256',
    encoding: 'base64',
    header: 'X-Twilio-Email-Event-Webhook-Signature',
    sign: '{timestamp}{body}',
    timestamp: { header: 'X-Twilio-Email-Event-Webhook-Timestamp' },
  },
  shopify: {
    algorithm: 'hmac-sha256',
    encoding: 'base64',
    header: 'X-Shopify-Hmac-Sha256',
    id: { header: 'X-Shopify-Webhook-Id' },
    type: { header: 'X-Shopify-Topic' },
  },
  slack: {
    algorithm: 'hmac-sha256',
    encoding: 'hex',
    header: 'X-Slack-Signature',
    prefix: 'v0=',
    sign: 'v0:{timestamp}:{body}',
    timestamp: { header: 'X-Slack-Request-Timestamp' },
  },
  square: {
    algorithm: 'hmac-sha256',
    encoding: 'base64',
    header: 'x-square-hmacsha256-signature',
    sign: '{url}{body}',
  },
  'standard-webhooks': standardWebhooks('webhook'),
  stripe: {
    algorithm: 'hmac-sha256',
    encoding: 'hex',
    header: 'Stripe-Signature',
    field: 'v1',
    sign: '{timestamp}.{body}',
    timestamp: { field: 't' },
  },
  svix: standardWebhooks('svix'),
  typeform: { algorithm: 'hmac-sha256', encoding: 'base64', header: 'Typeform-Signature', prefix: 'sha256=' },
  xero: { algorithm: 'hmac-sha256', encoding: 'base64', header: 'x-xero-signature' },
  zendesk: {
    algorithm: 'hmac-sha256',
    encoding: 'base64',
    header: 'X-Zendesk-Webhook-Signature',
    sign: '{timestamp}{body}',
    timestamp: { header: 'X-Zendesk-Webhook-Signature-Timestamp', unit: 'rfc3339' },
    id: { header: 'x-zendesk-webhook-invocation-id' },
  },
  zoom: {
    algorithm: 'hmac-sha256',
    encoding: 'hex',
    header: 'x-zm-signature',
    prefix: 'v0=',
    sign: 'v0:{timestamp}:{body}',
    timestamp: { header: 'x-zm-request-timestamp' },
  },
} as const satisfies Partial<Record<ProviderId, unknown>>;

/** Its parameters are signed sorted and unescaped: no template says that. */
const BEYOND_TEMPLATES: readonly ProviderId[] = ['twilio', 'generic'];

describe('a generic source believes and refuses what the provider it describes does', () => {
  it('for every provider there is', () => {
    expect([...Object.keys(DESCRIBED), ...BEYOND_TEMPLATES].sort()).toEqual(Object.keys(PROVIDERS).sort());
  });

  it.each(Object.entries(DESCRIBED) as [ProviderId, unknown][])('%s', (id, options) => {
    const { delivery, provider, sample } = playProvider(id);
    const twin = generic.configure(options) as Provider;
    expect(Array.isArray(twin) ? twin : []).toEqual([]);
    const other = sample.keys('other').configured;
    const bothSay = (sent: SignedDelivery) => {
      const [theirs, ours] = [provider.verify(sent), twin.verify(sent)];
      expect(ours.ok, JSON.stringify([theirs, ours])).toBe(theirs.ok);
      if (theirs.ok) expect(ours).toEqual(theirs);
      return ours.ok;
    };

    expect(bothSay(delivery())).toBe(true);
    expect(bothSay({ ...delivery(), secrets: [other] })).toBe(false);
    const tolerance = sample.toleranceSeconds ?? 300;
    let refusals = 0;
    fc.assert(
      fc.property(changes(delivery(), tolerance), (change) => {
        refusals += bothSay(change(delivery)) ? 0 : 1;
      }),
      { numRuns: 200 },
    );
    // Most changes are of what is signed, some are not: enough that both answers were compared.
    expect(refusals).toBeGreaterThan(10);
    expect(twin.secretFault('')).toBe(provider.secretFault(''));
  });
});

type Change = (delivery: ReturnType<typeof playProvider>['delivery']) => SignedDelivery;

/** One thing done to a good delivery on its way, or by its sender's clock. */
function changes(good: SignedDelivery, toleranceSeconds: number): fc.Arbitrary<Change> {
  const names = fc.constantFrom(...Object.keys(good.headers));
  const spot = fc.tuple(fc.nat(), fc.constantFrom('', 'A', '0', '=', ',', ';', ' ', '.', '\u00e9'), fc.nat(1));
  const edit = (text: string, [at, put, dropped]: [number, string, number]) => {
    const from = at % (text.length + 1);
    return text.slice(0, from) + put + text.slice(from + dropped);
  };
  return fc.oneof(
    fc.tuple(names, spot).map(([name, where]): Change => {
      return (delivery) => withHeader(delivery(), name, edit(good.headers[name]?.[0] ?? '', where));
    }),
    spot.map(
      (where): Change =>
        (delivery) => {
          const sent = delivery();
          return { ...sent, rawBody: Buffer.from(edit(sent.rawBody.toString(), where)) };
        },
    ),
    names.map(
      (name): Change =>
        (delivery) =>
          withHeader(delivery(), name, ...(good.headers[name] ?? []), 'x'),
    ),
    names.map(
      (name): Change =>
        (delivery) =>
          withHeader(delivery(), name),
    ),
    fc.integer({ min: -toleranceSeconds - 3, max: toleranceSeconds + 3 }).map((ageSeconds): Change => {
      return (delivery) => delivery({ timestamp: NOW_SECONDS - ageSeconds });
    }),
    fc.constantFrom(-1, 1).map((side): Change => {
      return (delivery) => delivery({ timestamp: NOW_SECONDS + side * (toleranceSeconds + 1) });
    }),
    fc.integer({ min: 1, max: 400 }).map((own): Change => {
      return (delivery) => ({ ...delivery({ timestamp: NOW_SECONDS - 200 }), toleranceSeconds: own });
    }),
    fc.constantFrom({ url: `${good.url}/` }, { query: 'a=1' }, { method: 'PUT' }).map((other): Change => {
      return (delivery) => ({ ...delivery(), ...other });
    }),
  );
}
