import type { FieldIssue } from '@holdpoint/shared/domain/errors';
import { adobeCommerce } from './adobe-commerce/adobe-commerce.ts';
import { bitbucket } from './bitbucket/bitbucket.ts';
import { discord } from './discord/discord.ts';
import { fabric } from './fabric/fabric.ts';
import { generic } from './generic/generic.ts';
import { github } from './github/github.ts';
import { gitlab } from './gitlab/gitlab.ts';
import { hubspot } from './hubspot/hubspot.ts';
import { jira } from './jira/jira.ts';
import { linear } from './linear/linear.ts';
import { meta } from './meta/meta.ts';
import { paddle } from './paddle/paddle.ts';
import { pagerduty } from './pagerduty/pagerduty.ts';
import type { ConfigurableProvider, Provider } from './provider.ts';
import { sendgrid } from './sendgrid/sendgrid.ts';
import { shopify } from './shopify/shopify.ts';
import { slack } from './slack/slack.ts';
import { square } from './square/square.ts';
import { standardWebhooks } from './standard-webhooks/standard-webhooks.ts';
import { stripe } from './stripe/stripe.ts';
import { svix } from './svix/svix.ts';
import { twilio } from './twilio/twilio.ts';
import { typeform } from './typeform/typeform.ts';
import { xero } from './xero/xero.ts';
import { zendesk } from './zendesk/zendesk.ts';
import { zoom } from './zoom/zoom.ts';

/** Every scheme, by the id that a source names. */
export const PROVIDERS = {
  'adobe-commerce': adobeCommerce,
  bitbucket,
  discord,
  fabric,
  generic,
  github,
  gitlab,
  hubspot,
  jira,
  linear,
  meta,
  paddle,
  pagerduty,
  sendgrid,
  shopify,
  slack,
  square,
  'standard-webhooks': standardWebhooks,
  stripe,
  svix,
  twilio,
  typeform,
  xero,
  zendesk,
  zoom,
} as const satisfies Record<string, Provider | ConfigurableProvider>;

export type ProviderId = keyof typeof PROVIDERS;

export function isProviderId(id: string): id is ProviderId {
  return Object.hasOwn(PROVIDERS, id);
}

/** The scheme as a source with these `options` has it, or what is wrong with them. */
export function configureProvider(id: ProviderId, options: unknown): Provider | readonly FieldIssue[] {
  const provider: Provider | ConfigurableProvider = PROVIDERS[id];
  if (isConfigurable(provider)) return provider.configure(options);
  return options === undefined ? provider : [{ path: '', reason: `${id} takes no options` }];
}

const isConfigurable = (provider: Provider | ConfigurableProvider): provider is ConfigurableProvider =>
  'configure' in provider;
