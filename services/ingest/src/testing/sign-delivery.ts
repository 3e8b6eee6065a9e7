import { adobeCommerceSample } from '../providers/adobe-commerce/adobe-commerce-sample.ts';
import { bitbucketSample } from '../providers/bitbucket/bitbucket-sample.ts';
import { discordSample } from '../providers/discord/discord-sample.ts';
import { fabricSample } from '../providers/fabric/fabric-sample.ts';
import { genericSample } from '../providers/generic/generic-sample.ts';
import { githubSample } from '../providers/github/github-sample.ts';
import { gitlabSample } from '../providers/gitlab/gitlab-sample.ts';
import { hubspotSample } from '../providers/hubspot/hubspot-sample.ts';
import type { ProviderId } from '../providers/index.ts';
import { jiraSample } from '../providers/jira/jira-sample.ts';
import { linearSample } from '../providers/linear/linear-sample.ts';
import { metaSample } from '../providers/meta/meta-sample.ts';
import { paddleSample } from '../providers/paddle/paddle-sample.ts';
import { pagerdutySample } from '../providers/pagerduty/pagerduty-sample.ts';
import { sendgridSample } from '../providers/sendgrid/sendgrid-sample.ts';
import { shopifySample } from '../providers/shopify/shopify-sample.ts';
import { slackSample } from '../providers/slack/slack-sample.ts';
import { squareSample } from '../providers/square/square-sample.ts';
import { standardWebhooksSample } from '../providers/standard-webhooks/standard-webhooks-sample.ts';
import { stripeSample } from '../providers/stripe/stripe-sample.ts';
import { svixSample } from '../providers/svix/svix-sample.ts';
import { twilioSample } from '../providers/twilio/twilio-sample.ts';
import { typeformSample } from '../providers/typeform/typeform-sample.ts';
import { xeroSample } from '../providers/xero/xero-sample.ts';
import { zendeskSample } from '../providers/zendesk/zendesk-sample.ts';
import { zoomSample } from '../providers/zoom/zoom-sample.ts';
import type { ProviderSample } from './provider-sample.ts';

/** How to play each provider. */
export const SAMPLES = {
  'adobe-commerce': adobeCommerceSample,
  bitbucket: bitbucketSample,
  discord: discordSample,
  fabric: fabricSample,
  generic: genericSample,
  github: githubSample,
  gitlab: gitlabSample,
  hubspot: hubspotSample,
  jira: jiraSample,
  linear: linearSample,
  meta: metaSample,
  paddle: paddleSample,
  pagerduty: pagerdutySample,
  sendgrid: sendgridSample,
  shopify: shopifySample,
  slack: slackSample,
  square: squareSample,
  'standard-webhooks': standardWebhooksSample,
  stripe: stripeSample,
  svix: svixSample,
  twilio: twilioSample,
  typeform: typeformSample,
  xero: xeroSample,
  zendesk: zendeskSample,
  zoom: zoomSample,
} as const satisfies Record<ProviderId, ProviderSample>;

/** What a provider would put into one delivery; what is left out has a plain value. */
export interface DeliveryToSign {
  readonly secret: string;
  readonly body: Buffer | string;
  readonly id?: string;
  readonly type?: string;
  readonly timestamp?: number;
  readonly url?: string;
}

/** The headers that a provider would send with a delivery. */
export function signDelivery(provider: ProviderId, delivery: DeliveryToSign): Record<string, string> {
  const { secret, body, id = 'evt_1', type = 'thing.happened', url = 'https://hooks.example.com/in' } = delivery;
  const sample: ProviderSample = SAMPLES[provider];
  return sample.headers({
    signing: secret,
    body: typeof body === 'string' ? Buffer.from(body) : body,
    id,
    type,
    timestamp: delivery.timestamp ?? Math.floor(Date.now() / 1000),
    url,
  });
}
