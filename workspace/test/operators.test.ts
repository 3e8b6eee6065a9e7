import { readFile } from 'node:fs/promises';
import type { OperatorDefinition, OperatorEvent, Proposal } from '@holdpoint/sdk/operator';
import { operatorEnvelope } from '@holdpoint/shared/domain/event';
import type { ReceivedEvent } from '@holdpoint/shared/messages/event-message';
import { loadTools } from '@holdpoint/shared/workspace/tools';
import { expect, it } from 'vitest';
import issueTriage from '../operators/issue-triage.ts';
import orderRisk from '../operators/order-risk.ts';

const workspace = new URL('..', import.meta.url).pathname;

async function payload(file: string): Promise<unknown> {
  return JSON.parse(await readFile(new URL(`../samples/payloads/${file}.json`, import.meta.url), 'utf8'));
}

async function planFor(
  operator: OperatorDefinition,
  event: Pick<ReceivedEvent, 'source' | 'type' | 'data'> & Partial<ReceivedEvent>,
): Promise<Proposal | null> {
  const id = event.id ?? `${event.source}.t.k1`;
  const told = { tenant: 'acme', rootId: id, digest: 'd', size: 2, ...event, id };
  const whole: ReceivedEvent = { ...operatorEnvelope('x'), ...told };
  const ctx = { tenant: 'acme', operator: operator.name, signal: new AbortController().signal };
  return operator.plan(whole as OperatorEvent<never>, ctx);
}

const lines = (proposal: Proposal | null) =>
  proposal?.actions.map(({ tool, entity_key, value }) => [tool, entity_key, value]);

it('a Shopify order over the watched total is held and noted, under its exact id', async () => {
  const data = await payload('shopify-order-create');
  expect(String((data as { id: number }).id)).not.toBe('820982911946154508');
  const proposal = await planFor(orderRisk, { source: 'shopify', type: 'orders/create', data });
  expect(lines(proposal)).toEqual([
    ['orders.hold', 'order:820982911946154508', 408],
    ['orders.note', 'order:820982911946154508', undefined],
  ]);
});

it('a small order, and one whose id is lost, are left alone', async () => {
  const order = (data: object) => planFor(orderRisk, { source: 'shopify', type: 'orders/create', data });
  expect(await order({ id: 7, total_price: '250.00' })).toBeNull();
  expect(lines(await order({ id: 7, total_price: '250.01' }))).toHaveLength(2);
  expect(await order({ id: 2 ** 60, total_price: '900.00' })).toBeNull();
  expect(await order({ id: 7, total_price: 'much' })).toBeNull();
});

it('a risky charge is offered back in full; a usual one is not', async () => {
  const data = (await payload('stripe-charge-succeeded')) as { data: { object: object } };
  const proposal = await planFor(orderRisk, { source: 'stripe', type: 'charge.succeeded', data });
  expect(lines(proposal)).toEqual([
    ['orders.refund', 'order:450789469', 1299],
    ['orders.note', 'order:450789469', undefined],
  ]);
  expect(proposal?.actions[0]?.args).toEqual({ order_id: '450789469', amount: 1299, currency: 'USD' });
  const usual = { ...data, data: { object: { ...data.data.object, outcome: { risk_level: 'normal' } } } };
  expect(await planFor(orderRisk, { source: 'stripe', type: 'charge.succeeded', data: usual })).toBeNull();
});

it('a dispute asks for a hold and for a cancellation', async () => {
  const data = await payload('stripe-dispute-created');
  expect(lines(await planFor(orderRisk, { source: 'stripe', type: 'charge.dispute.created', data }))).toEqual([
    ['orders.hold', 'order:ch_1AZtxr2eZvKYlo2CJDX8whov', 10],
    ['orders.cancel', 'order:ch_1AZtxr2eZvKYlo2CJDX8whov', 10],
  ]);
});

it('a refund at the bank, a paid order and a created record are a line each', async () => {
  const of = async (source: string, type: string, file: string) =>
    lines(await planFor(orderRisk, { source, type, data: await payload(file) }));
  expect(await of('stripe', 'charge.refunded', 'stripe-charge-refunded')).toEqual([
    ['orders.note', 'order:450789470', undefined],
  ]);
  expect(await of('events', 'order.paid', 'events-order-paid')).toEqual([
    ['orders.ship', 'order:450789471', undefined],
  ]);
  expect(await of('records', 'record.created', 'records-record-created')).toEqual([
    ['orders.note', 'order:450789472', undefined],
  ]);
});

it('an opened issue is labelled by its title and answered; other things that befall it are not', async () => {
  const data = (await payload('github-issues-opened')) as { action: string };
  const proposal = await planFor(issueTriage, { source: 'github', type: 'issues', data });
  expect(lines(proposal)).toEqual([
    ['issues.label', 'issue:Codertocat/Hello-World#1', undefined],
    ['issues.comment', 'issue:Codertocat/Hello-World#1', undefined],
  ]);
  expect(proposal?.actions[0]?.args.labels).toEqual(['documentation']);
  expect(
    await planFor(issueTriage, { source: 'github', type: 'issues', data: { ...data, action: 'closed' } }),
  ).toBeNull();
});

it('a payload that is none is nobody’s plan', async () => {
  for (const source of ['shopify', 'stripe', 'events', 'records']) {
    expect(await planFor(orderRisk, { source, type: 't', data: null })).toBeNull();
  }
  expect(await planFor(issueTriage, { source: 'github', type: 'issues', data: null })).toBeNull();
});

it('a replay of an event proposes the same keys, and its lines have one each', async () => {
  const data = await payload('shopify-order-create');
  const event = { source: 'shopify', type: 'orders/create', data };
  const original = await planFor(orderRisk, { ...event, id: 'shopify.t.k1' });
  const replayed = await planFor(orderRisk, { ...event, id: 'shopify.t.k2', rootId: 'shopify.t.k1' });
  const keys = (proposal: Proposal | null) => proposal?.actions.map((action) => action.idempotency_key);
  expect(keys(replayed)).toEqual(keys(original));
  expect(new Set(keys(original)).size).toBe(2);
});

it('what the operators propose is what the tools take', async () => {
  const catalog = await loadTools(workspace);
  const samples = [
    ['shopify', 'shopify-order-create', orderRisk],
    ['stripe', 'stripe-charge-succeeded', orderRisk],
    ['stripe', 'stripe-dispute-created', orderRisk],
    ['events', 'events-order-paid', orderRisk],
    ['github', 'github-issues-opened', issueTriage],
  ] as const;
  for (const [source, file, operator] of samples) {
    const proposal = await planFor(operator, { source, type: 't', data: await payload(file) });
    for (const action of proposal?.actions ?? []) {
      const tool = catalog[action.connector]?.[action.tool];
      expect(await tool?.args?.['~standard'].validate(action.args)).toEqual({ value: action.args });
      expect(tool?.entityKey?.(action.args as never)).toBe(action.entity_key);
      if (tool?.value) expect(tool.value(action.args as never)).toBe(action.value);
    }
  }
});
