import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startOperators } from '@holdpoint/sdk/start-operators';
import { workspaceOperators } from '@holdpoint/sdk/workspace-operators';
import { eventId } from '@holdpoint/shared/domain/event';
import { EVENT_HEADERS } from '@holdpoint/shared/messages/event-message';
import { OWNER } from '@holdpoint/shared/messages/nats-accounts';
import { OPERATOR_DOMAIN } from '@holdpoint/shared/messages/nats-rights';
import { eventSubject, planSubject } from '@holdpoint/shared/messages/subjects';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import { connectNats, publishAll } from '@holdpoint/shared/runtime/nats';
import { prepareNats } from '@holdpoint/shared/runtime/prepare-nats';
import { loadRunners } from '@holdpoint/shared/workspace/runners';
import { loadSources } from '@holdpoint/shared/workspace/sources';
import { loadTenantConnectors } from '@holdpoint/shared/workspace/tenant-connectors';
import { loadTenantPolicies } from '@holdpoint/shared/workspace/tenant-policies';
import { testServers } from '@holdpoint/stack/testing/test-servers';
import { verify } from '@octokit/webhooks-methods';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { describe, expect, it, vi } from 'vitest';
import { sendSamples } from '../samples/send.ts';
import { VENDORS, vendorUrls } from '../vendors/vendors.ts';

const dir = new URL('..', import.meta.url).pathname;

describe('the example workspace', () => {
  it('loads, with nothing but addresses from the environment', async () => {
    const policies = (await loadTenantPolicies(dir)).get('acme');
    const names = ['desk', 'email', 'github', 'http', 'hubspot', 'magento', 'shop', 'shopify', 'slack', 'stripe'];
    expect([...(policies?.connectors ?? [])].sort()).toEqual(names);
    expect(policies?.policies.some(({ tool }) => tool === 'orders.cancel')).toBe(false);
    expect(policies?.grants?.map(({ operator }) => operator)).toEqual(['order-risk', 'claims', 'issue-triage']);
    expect([...(await loadRunners(dir)).keys()]).toEqual(names);
    const sources = (await loadSources(dir, {})).get('acme');
    expect(sources?.map(({ provider }) => provider).sort()).toEqual([
      'fabric',
      'github',
      'shopify',
      'standard-webhooks',
      'stripe',
    ]);
    const ports = Object.fromEntries(VENDORS.map((name, index) => [name, index + 2]));
    const addresses = { SHOP_URL: 'http://127.0.0.1:1', ...vendorUrls(ports) };
    const connectors = await loadTenantConnectors(dir, addresses);
    expect(connectors.get('acme')?.get('desk')?.config).toEqual({ baseUrl: 'http://127.0.0.1:1' });
    expect(connectors.get('acme')?.get('stripe')?.config).toEqual({ baseUrl: 'http://127.0.0.1:2/' });
    await expect(loadTenantConnectors(dir, {})).rejects.toThrow(/SHOP_URL/);
  });

  it('runs its operators, with the rights that compose gives them: a sample event becomes a plan on the operator’s own subject', async () => {
    const accounts = await readFile(new URL('../deploy/nats-accounts.conf', `file://${dir}`), 'utf8');
    const servers = await testServers({
      redis: false,
      natsAuthorization: (password) => accounts.replaceAll(/\$NATS_[A-Z_]*PASSWORD/g, JSON.stringify(password)),
    });
    const logger = createLogger({ service: 'test', level: 'silent', instance: 'test' });
    const nats = await connectNats({ url: servers.natsUrl, name: 'test', logger });
    await prepareNats(nats, await workspaceOperators(dir, 'acme'), logger);
    const natsUrl = servers.natsUrl.replace(`//${OWNER}:`, '//operators=acme:');
    const operators = await startOperators(dir, { natsUrl, natsDomain: OPERATOR_DOMAIN, tenant: 'acme', logger });
    try {
      expect(operators.operators.map(({ name }) => name)).toEqual(['claims', 'issue-triage', 'order-risk']);
      const subject = eventSubject('acme', eventId('events', 'order.paid', 'k1'));
      const headers = { [EVENT_HEADERS.type]: 'order.paid' };
      await publishAll(nats.js, [{ subject, headers, body: '{"data":{"order_id":"7"}}' }]);
      const plan = await vi.waitFor(
        async () => {
          const message = await nats.jsm.streams.getMessage('PLANS', {
            last_by_subj: planSubject('acme', 'order-risk'),
          });
          return message?.json<{ event_id: string; actions: unknown[] }>() ?? expect.fail('no plan yet');
        },
        { timeout: 15_000, interval: 25 },
      );
      expect(plan.event_id).toBe('events.order=2Epaid.k1');
      expect(plan.actions).toMatchObject([{ tool: 'orders.ship', entity_key: 'order:7' }]);
    } finally {
      await operators.stop();
      await nats.close();
      await servers.stop();
    }
  });
});

describe('the samples', () => {
  it('are signed as each provider’s own SDK verifies, but for the one that is forged', async () => {
    const secrets = new Map(
      (await loadSources(dir, {}))
        .get('acme')
        ?.map(({ id, provider, secrets: [secret = ''] }) => [id, { provider, secret }]),
    );
    const sdk = {
      stripe: (body: string, header: Header, secret: string) =>
        Boolean(Stripe.webhooks.constructEvent(body, header('stripe-signature'), secret)),
      github: (body: string, header: Header, secret: string) => verify(secret, body, header('x-hub-signature-256')),
      'standard-webhooks': (body: string, header: Header, secret: string) =>
        Boolean(
          new Webhook(secret).verify(body, {
            'webhook-id': header('webhook-id'),
            'webhook-timestamp': header('webhook-timestamp'),
            'webhook-signature': header('webhook-signature'),
          }),
        ),
    };
    type Header = (name: string) => string;
    const bodies = new Map<string, number>();
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks).toString();
      bodies.set(body, (bodies.get(body) ?? 0) + 1);
      const { provider = '', secret = '' } = secrets.get(request.url?.split('/').at(-1) ?? '') ?? {};
      const check = sdk[provider as keyof typeof sdk] as (typeof sdk)['github'] | undefined;
      const good = check ? await check(body, (name) => String(request.headers[name]), secret) : true;
      response.writeHead(good ? 202 : 401).end(JSON.stringify({ event_id: good ? `${provider}.t.k` : undefined }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const ingestUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const sources = [...secrets].map(([id, { provider, secret }]) => ({ tenant: 'acme', id, provider, secret }));
    const told: string[] = [];
    const sent = await sendSamples({ ingestUrl, sources, log: ({ title }) => told.push(title) });
    server.close();
    server.closeAllConnections();
    expect(sent.filter(({ status }) => status === 401).map(({ title }) => title)).toEqual([
      'GitHub: with a wrong signature',
    ]);
    expect(sent.filter(({ status, event_id }) => status === 202 && event_id)).toHaveLength(10);
    expect(told).toEqual(sent.map(({ title }) => title));
    expect([...bodies.values()].filter((count) => count === 2)).toHaveLength(2);
  });
});
