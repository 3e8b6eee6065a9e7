import { createHmac, randomBytes } from 'node:crypto';
import { defineOperator } from '@holdpoint/sdk/operator';
import { type RunningOperator, runOperator } from '@holdpoint/sdk/run-operator';
import type { EventId } from '@holdpoint/shared/domain/ids';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import { afterEach, expect, test } from 'vitest';
import { type CollectedSpan, type Collector, startCollector } from './collector.ts';
import { line, type System, startSystem } from './system.ts';

const ending: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let end = ending.pop(); end; end = ending.pop()) await end();
});

async function start(endpoint: string): Promise<System> {
  const system = await startSystem({ environment: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } });
  ending.push(() => system.stop());
  return system;
}

async function collect(): Promise<Collector> {
  const collector = await startCollector();
  ending.push(() => collector.stop());
  return collector;
}

/** Proposes one line that runs and one that is held for every issue, each with something in it that traces may not tell. */
function startTriage({ nats }: System): RunningOperator {
  const operator = defineOperator({
    name: 'triage',
    tenant: 'acme',
    events: [{ source: 'github' }],
    plan: () => ({
      actions: [
        {
          connector: 'shop',
          tool: 'set',
          args: { note: 'its-an-argument' },
          entity_key: 'o:1',
          idempotency_key: 'k-1',
        },
        {
          connector: 'shop',
          tool: 'pay',
          args: { amount: 1, card: '4242' },
          entity_key: 'o:2',
          idempotency_key: 'k-2',
        },
      ],
    }),
  });
  const logger = createLogger({ service: 'test', level: 'silent', instance: 'test' });
  const running = runOperator({ operator, nats, logger });
  ending.push(() => running.stop());
  return running;
}

async function deliver(system: System, headers: Record<string, string> = {}): Promise<EventId> {
  const body = JSON.stringify({ action: 'opened', issue: { number: 7, title: 'its-a-body' } });
  const signature = createHmac('sha256', 'its-a-secret').update(body).digest('hex');
  const answer = await fetch(`${system.services.ingest[0]?.url}/hooks/acme/github`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'issues',
      'x-github-delivery': randomBytes(8).toString('hex'),
      'x-hub-signature-256': `sha256=${signature}`,
      ...headers,
    },
    body,
  });
  expect(answer.status).toBe(202);
  return ((await answer.json()) as { event_id: EventId }).event_id;
}

test('one trace leads from a signed webhook through an operator, a decision and a vote to the effects', async () => {
  const collector = await collect();
  const system = await start(collector.url);
  startTriage(system);
  const [traceId, sender] = ['5'.repeat(32), '7'.repeat(16)];
  const event = await deliver(system, { traceparent: `00-${traceId}-${sender}-00` });

  const held = await system.until('a line is held', async () => {
    const answer = await system.call('approvals', '/v1/approvals?status=pending');
    return ((await answer.json()) as { items: { id: string }[] }).items[0];
  });
  const ann = await system.people.token('ann', ['reviewer']);
  const granted = await system.call('approvals', `/v1/approvals/${held.id}/approve`, { body: {}, key: ann });
  expect(granted.status).toBe(200);

  const named = (name: string) => collector.spans.filter((span) => span.traceId === traceId && span.name === name);
  await system.until(
    'both effects and the vote are told',
    async () => named('effect').length === 2 && named('vote')[0],
  );
  const only = (name: string): CollectedSpan => {
    expect(named(name)).toHaveLength(1);
    return named(name)[0] as CollectedSpan;
  };

  const [webhook, decision, vote] = [only('webhook'), only('decide plan'), only('vote')];
  expect(webhook).toMatchObject({
    service: 'holdpoint-ingest',
    parentSpanId: sender,
    attributes: {
      'holdpoint.tenant': 'acme',
      'holdpoint.source': 'github',
      'holdpoint.provider': 'github',
      'holdpoint.result': 'accepted',
      'holdpoint.event_id': event,
    },
  });
  expect(decision).toMatchObject({
    service: 'holdpoint-evaluator',
    parentSpanId: webhook.spanId,
    attributes: {
      'holdpoint.operator': 'triage',
      'holdpoint.decisions.allow': 1,
      'holdpoint.decisions.alert': 1,
      'holdpoint.decisions.block': 0,
    },
  });
  expect(vote).toMatchObject({
    service: 'holdpoint-approvals',
    parentSpanId: decision.spanId,
    attributes: { 'holdpoint.vote': 'approve', 'holdpoint.result': 'granted' },
  });
  for (const effect of named('effect')) {
    expect(effect).toMatchObject({
      service: 'holdpoint-executor',
      parentSpanId: decision.spanId,
      attributes: { 'holdpoint.connector': 'shop', 'holdpoint.attempt': 1, 'holdpoint.outcome': 'applied' },
    });
  }
  expect(
    named('effect')
      .map(({ attributes }) => attributes['holdpoint.tool'])
      .sort(),
  ).toEqual(['pay', 'set']);
  const everything = collector.spans.map(({ sent }) => sent).join();
  expect(everything).not.toMatch(/its-an-argument|its-a-body|its-a-secret|4242|hp_/);
});

test('a plan over HTTP stands under the request that proposed it, and each attempt is an effect of its own', async () => {
  const collector = await collect();
  const system = await start(collector.url);
  let refusals = 1;
  system.observer.behave({ status: () => (refusals-- > 0 ? 429 : 200) });
  await system.propose({ plan_id: 'direct', actions: [line('set')] }, 20);
  const named = (name: string) => collector.spans.filter((span) => span.name === name);
  await system.until('two attempts are told', async () => named('effect').length === 2 && named('POST /v1/plans')[0]);
  const [request, decision] = [named('POST /v1/plans')[0], named('decide plan')[0]];
  expect(request).toMatchObject({
    service: 'holdpoint-evaluator',
    parentSpanId: undefined,
    attributes: { 'http.route': '/v1/plans', 'http.response.status_code': 200 },
  });
  expect(decision).toMatchObject({ traceId: request?.traceId, parentSpanId: request?.spanId });
  expect(named('effect').map(({ traceId, parentSpanId, attributes }) => [traceId, parentSpanId, attributes])).toEqual(
    [
      [1, 'retry'],
      [2, 'applied'],
    ].map(([attempt, outcome]) => [
      request?.traceId,
      decision?.spanId,
      expect.objectContaining({ 'holdpoint.attempt': attempt, 'holdpoint.outcome': outcome }),
    ]),
  );
});

test('a collector that is away keeps nothing from being done, and every service still stops', async () => {
  const gone = await startCollector();
  await gone.stop();
  const system = await start(gone.url);
  const { outcomes } = await system.propose({ plan_id: 'away', actions: [line('set'), line('set')] }, 20);
  expect(outcomes?.map(({ outcome }) => outcome)).toEqual(['applied', 'applied']);
  await stopsInTime(system);
});

test('a collector that never answers keeps nothing from being done, and every service still stops', async () => {
  const collector = await collect();
  collector.hang();
  const system = await start(collector.url);
  await system.propose({ plan_id: 'slow-1', actions: [line('set')] }, 20);
  await system.until('the collector was asked', async () => collector.requests() > 0);
  const { outcomes } = await system.propose({ plan_id: 'slow-2', actions: [line('set')] }, 20);
  expect(outcomes?.[0]).toMatchObject({ outcome: 'applied' });
  await stopsInTime(system);
});

/** Far above what it takes, and below what a request to the collector may take with its retries. */
const STOP_MAX_MS = 4_000;

async function stopsInTime({ services }: System): Promise<void> {
  for (const service of Object.values(services).flat()) {
    const stopped = service.stop().then(() => 'stopped');
    const late = new Promise((resolve) => setTimeout(resolve, STOP_MAX_MS, 'late').unref());
    expect(await Promise.race([stopped, late])).toBe('stopped');
  }
}
