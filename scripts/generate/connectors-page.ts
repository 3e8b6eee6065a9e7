import { runner as email } from '@holdpoint/connectors/email/run';
import { email as emailTools } from '@holdpoint/connectors/email/tools';
import { runner as github } from '@holdpoint/connectors/github/run';
import { github as githubTools } from '@holdpoint/connectors/github/tools';
import { runner as http } from '@holdpoint/connectors/http/run';
import { http as httpTools } from '@holdpoint/connectors/http/tools';
import { runner as hubspot } from '@holdpoint/connectors/hubspot/run';
import { hubspot as hubspotTools } from '@holdpoint/connectors/hubspot/tools';
import { runner as magento } from '@holdpoint/connectors/magento/run';
import { magento as magentoTools } from '@holdpoint/connectors/magento/tools';
import { runner as shopify } from '@holdpoint/connectors/shopify/run';
import { shopify as shopifyTools } from '@holdpoint/connectors/shopify/tools';
import { runner as slack } from '@holdpoint/connectors/slack/run';
import { slack as slackTools } from '@holdpoint/connectors/slack/tools';
import { runner as stripe } from '@holdpoint/connectors/stripe/run';
import { stripe as stripeTools } from '@holdpoint/connectors/stripe/tools';
import type { ConnectorRunner, ToolsFile } from '@holdpoint/sdk/define';
import type { Tool } from '@holdpoint/shared/domain/tool';
import { code, generatedFrom, page, table } from './markdown.ts';

interface Shipped {
  readonly tools: ToolsFile;
  readonly runner: ConnectorRunner;
  readonly about: string;
  /** What a tenant's `connectors.ts` gives it. */
  readonly given: string;
}

const SHIPPED: readonly Shipped[] = [
  {
    tools: httpTools,
    runner: http,
    given:
      'credentials `token`, or `username` and `password`; config `baseUrl`, `auth`, `authHeader`, `idempotencyHeader`, `allowedPaths`, `timeoutMs`',
    about: 'Any system that speaks JSON over HTTP. [More](../tasks/call-a-house-system.md)',
  },
  {
    tools: stripeTools,
    runner: stripe,
    given: 'credential `api_key`; config `baseUrl`',
    about: 'Stripe, by its own SDK. [More](../tasks/use-stripe.md)',
  },
  {
    tools: githubTools,
    runner: github,
    given:
      'credential `token`; config `baseUrl` of a GitHub Enterprise Server, `marker: false` where nothing hidden may be written',
    about: 'GitHub, or a GitHub Enterprise Server, by its REST API.',
  },
  {
    tools: slackTools,
    runner: slack,
    given: 'credential `token`; config `metadata: false` where messages may carry none',
    about: 'Slack, by its Web API.',
  },
  {
    tools: shopifyTools,
    runner: shopify,
    given: 'credential `token`; config `baseUrl`: `https://acme.myshopify.com/`',
    about: 'A Shopify shop, by the GraphQL Admin API.',
  },
  {
    tools: magentoTools,
    runner: magento,
    given: 'credential `token`; config `baseUrl`: `https://shop.example/rest/default/`',
    about: 'A Magento or Adobe Commerce shop, by its REST API.',
  },
  {
    tools: hubspotTools,
    runner: hubspot,
    given: 'credential `token`; config `actionProperty`',
    about: 'A HubSpot account, by the CRM API. [More](../tasks/work-a-hubspot-account.md)',
  },
  {
    tools: emailTools,
    runner: email,
    given:
      'credentials `user` and `password`; config `host`, `port`, `tls`, `ca`, `login`, `from`, `fromName`, `allowedDomains`',
    about: 'Mail over SMTP. [More](../tasks/send-mail.md)',
  },
];

export function connectorsPage(): string {
  return page(
    '# Shipped connectors',
    generatedFrom('packages/connectors/src/*/tools.ts'),
    'A workspace takes one up by two lines: `connectors/stripe/tools.ts` is `export { stripe as default } from ' +
      "'@holdpoint/connectors/stripe/tools';`, and `connectors/stripe/run.ts` is `export { runner as default } from " +
      "'@holdpoint/connectors/stripe/run';`. Each passes [the conformance suite](../tasks/test-a-connector.md) against a " +
      "stand-in that speaks its vendor's protocol.",
    'What follows a call without an answer: *called again*, for the vendor honours the key or doing it twice is as doing it once; ' +
      '*asked about*, for the connector can find out; *settled by a person*, for nobody else can know.',
    ...SHIPPED.flatMap(({ tools, runner, about, given }) => [
      `## ${code(tools.name)}`,
      about + entitiesOf(tools),
      `A tenant gives it: ${given}.`,
      table(
        ['tool', 'risk', 'without an answer', 'value'],
        Object.entries(tools.tools).map(([name, tool]) => [
          code(name),
          tool.risk,
          withoutAnswer(tool, Object.hasOwn(runner.reconcile ?? {}, name)),
          tool.value ? 'of its arguments' : '—',
        ]),
      ),
    ]),
  );
}

function entitiesOf({ entities = {} }: ToolsFile): string {
  const names = Object.keys(entities).map(code);
  return names.length === 0 ? '' : ` It [keeps](../tasks/keep-entities.md) ${names.join(' and ')}.`;
}

function withoutAnswer({ risk, idempotent }: Tool, asks: boolean): string {
  if (risk === 'read' || idempotent) return 'called again';
  return asks ? 'asked about' : 'settled by a person';
}
