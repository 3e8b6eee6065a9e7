import { readFile } from 'node:fs/promises';
import { callConnector } from '@holdpoint/calls/call-connector';
import { createConnectorNetwork } from '@holdpoint/calls/connector-network';
import { callSecrets } from '@holdpoint/calls/core/call-secrets';
import type { EventEnvelope } from '@holdpoint/shared/domain/event';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import { loadRunners } from '@holdpoint/shared/workspace/runners';
import { loadTenantConnectors } from '@holdpoint/shared/workspace/tenant-connectors';
import { loadTools } from '@holdpoint/shared/workspace/tools';
import { freePort } from '@holdpoint/stack/port';
import { afterAll, beforeAll, expect, it } from 'vitest';
import claims from '../operators/claims.ts';
import { startVendors } from '../vendors/server.ts';
import { VENDORS, type Vendor, vendorUrls } from '../vendors/vendors.ts';

const dir = new URL('..', import.meta.url).pathname;
const network = createConnectorNetwork();
let vendors: Awaited<ReturnType<typeof startVendors>>;
let urls: Record<string, string>;

beforeAll(async () => {
  const ports = {} as Record<Vendor, number>;
  for (const name of VENDORS) ports[name] = await freePort();
  vendors = await startVendors({ ports });
  urls = vendorUrls(ports);
});
afterAll(async () => {
  await vendors?.stop();
  await network.close();
});

it('every line of a claim is taken by the system that it is for', async () => {
  const payload = JSON.parse(
    await readFile(new URL('../samples/payloads/events-claim-opened.json', import.meta.url), 'utf8'),
  );
  const event = { id: 'events.claim=2Eopened.k1', rootId: 'events.claim=2Eopened.k1', source: 'events', data: payload };
  const context = { tenant: 'acme', operator: 'claims', signal: new AbortController().signal };
  const proposal = await claims.plan(event as unknown as EventEnvelope as never, context);
  const runners = await loadRunners(dir);
  const given = (await loadTenantConnectors(dir, { SHOP_URL: 'http://127.0.0.1:1', ...urls })).get('acme');
  const tools = await loadTools(dir);
  const called: string[] = [];
  for (const { connector, tool, args } of proposal?.actions ?? []) {
    // The shop is a server of its own; see shop.test.ts.
    if (connector === 'http') continue;
    const runner = runners.get(connector);
    if (!runner) throw new Error(`there is no ${connector}`);
    const parsed = await tools[connector]?.[tool]?.args?.['~standard'].validate(args);
    if (!parsed || parsed.issues) throw new Error(`${connector} ${tool} refuses its arguments`);
    const action = {
      id: `a-${connector}`,
      tenant: 'acme',
      connector,
      tool,
      args: parsed.value as Record<string, unknown>,
      entity_key: 'e',
      idempotency_key: `k-${connector}`,
      attempts: 1,
    };
    const end = await callConnector({
      action,
      part: 'run',
      runner,
      given: given?.get(connector),
      timeoutMs: 10_000,
      lease: { held: () => true },
      abandon: new AbortController().signal,
      kv: {} as never,
      db: {},
      pool: network.pool(connector, 'anywhere'),
      reach: 'anywhere',
      logger: createLogger({ service: 'test', level: 'silent', instance: 'test' }),
      secrets: callSecrets({}, [], []),
      onStray: () => {},
    });
    expect([connector, end.kind, end.kind === 'answered' ? '' : end.message]).toEqual([connector, 'answered', '']);
    called.push(connector);
  }
  expect(called.sort()).toEqual([...VENDORS].sort());
});
