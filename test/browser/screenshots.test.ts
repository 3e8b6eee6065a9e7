import { createHmac } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { line } from '../e2e/system.ts';
import { NARROW } from './browser.ts';
import { openRooms, type Rooms } from './rooms.ts';

/** Written when they are asked for: `SCREENSHOTS=1 npm test -- --project browser test/browser/screenshots.test.ts`. */
const IMAGES = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'docs/images');

const FILES = {
  'connectors/shop/tools.ts': `export default { name: 'shop', tools: {
    'orders.read': { risk: 'read' },
    'orders.refund': { risk: 'write', value: (args) => args.amount, secretArgs: ['to.iban'] },
    'orders.hold': { risk: 'write' },
    'customers.delete': { risk: 'destructive' },
  } };`,
  'connectors/shop/run.ts': `const done = async () => ({ ok: true });
    export default { run: { 'orders.read': done, 'orders.refund': done, 'orders.hold': done, 'customers.delete': done } };`,
  'tenants/acme/policies.ts': `export default [
    { id: 'refunds-up-to-100', tool: 'orders.refund', appliesUpTo: 100, decision: 'ALLOW' },
    { id: 'refunds-above-100', tool: 'orders.refund', appliesAbove: 100, decision: 'ALERT',
      escalation: { audience: 'reviewer', reason: 'a refund of \${value} for \${entity_key} is over 100', ttlSeconds: 5400 } },
    { id: 'refunds-above-500', tool: 'orders.refund', appliesAbove: 500, decision: 'ALERT',
      escalation: { audience: 'compliance-team', reason: 'over 500, so compliance agrees as well', ttlSeconds: 2700 } },
    { id: 'holds', tool: 'orders.hold', decision: 'ALERT',
      escalation: { audience: 'reviewer', quorum: 2, reason: 'two people hold an order', ttlSeconds: 14400 } },
    { id: 'deletions', tool: 'customers.delete', decision: 'ALERT',
      escalation: { audience: 'compliance-team', reason: 'a deletion cannot be undone', ttlSeconds: 86400 } },
  ];`,
};

let rooms: Rooms;
let big = '';
let followed = '';

const refund = (order: string, amount: number, more: object = {}) =>
  line('orders.refund', {
    entity_key: `order:${order}`,
    args: {
      order,
      amount,
      currency: 'EUR',
      reason: 'arrived damaged',
      to: { name: 'Maria Rossi', iban: 'IT60 X054' },
      ...more,
    },
  });

describe.runIf(process.env.SCREENSHOTS)('pictures for the pages', () => {
  beforeAll(async () => {
    rooms = await openRooms({ files: FILES });
    const { system } = rooms;
    const event = await deliver();
    const agent = { id: 'refund-agent', on_behalf_of: 'maria.rossi@example.com', session_id: 'chat-8841' };
    await system.propose({ plan_id: 'small', agent, actions: [refund('1042', 40)] }, 20);
    const middling = await system.propose({
      plan_id: 'chat-8840-2',
      event_id: event,
      agent,
      actions: [refund('1040', 180)],
    });
    followed = middling.decisions[0]?.action_id ?? '';
    const { decisions } = await system.propose(
      { plan_id: 'chat-8841-1', event_id: event, agent, actions: [refund('1042', 820)] },
      20,
    );
    big = decisions[0]?.approval_id ?? '';
    const others = await system.propose({
      plan_id: 'others',
      actions: [
        refund('1077', 240),
        refund('1081', 130),
        line('orders.hold', { entity_key: 'order:1090', args: { order: '1090', why: 'address does not match' } }),
        line('customers.delete', { entity_key: 'customer:77', args: { customer: '77' } }),
      ],
    });
    const bob = await system.people.token('Bob Keller', ['reviewer']);
    for (const id of [middling.decisions[0]?.approval_id, big, others.decisions[2]?.approval_id]) {
      await system.call('approvals', `/v1/approvals/${id}/approve`, {
        key: bob,
        body: { comment: 'photos look right' },
      });
    }
    const carol = await system.people.token('Carol Winter', ['compliance-team']);
    await system.call('approvals', `/v1/approvals/${big}/comments`, {
      key: carol,
      body: { text: 'Second refund for this order this month: please check the first.' },
    });
  });
  afterAll(() => rooms?.stop());

  test('are taken', async () => {
    const shots = [
      ['inbox', '/', { viewport: { width: 1280, height: 720 } }],
      ['card', `/approvals/${big}`, { viewport: { width: 1280, height: 1000 } }],
      ['card-dark', `/approvals/${big}`, { viewport: { width: 1280, height: 1000 }, dark: true }],
      ['inbox-small', '/', { viewport: NARROW }],
      ['card-small', `/approvals/${big}`, { viewport: NARROW }],
      ['timeline', `/actions/${followed}`, { viewport: { width: 1180, height: 1240 } }],
    ] as const;
    for (const [name, path, look] of shots) {
      const page = await rooms.enter('Alice Meyer', ['reviewer', 'compliance-team', 'holdpoint-admin'], path, look);
      await page.getByText('live', { exact: true }).waitFor({ state: 'attached' });
      await page.waitForLoadState('networkidle');
      await page.screenshot({ path: join(IMAGES, `${name}.png`) });
    }
  });

  test('and of what moves, and of what would', async () => {
    const { system } = rooms;
    await system.until('the refund is applied', async () => {
      const action = (await (await system.call('executor', `/v1/actions/${followed}`)).json()) as { state: string };
      return action.state === 'applied';
    });
    for (let number = 0; number < 20; number += 1) {
      const order = `2${number}`;
      await system.propose(
        { plan_id: `busy-${number}`, actions: [refund(order, 20), refund(`${order}b`, 30), line('customers.drop')] },
        20,
      );
    }
    const flow = await rooms.enter('Alice Meyer', ['holdpoint-admin'], '/flow', {
      viewport: { width: 1180, height: 880 },
    });
    await flow.locator('.flow-way.flows').nth(4).waitFor({ state: 'attached' });
    await flow.screenshot({ path: join(IMAGES, 'flow.png') });
    const asked = `/policies?${new URLSearchParams({
      view: 'what-if',
      connector: 'shop',
      tool: 'orders.refund',
      operator: 'refund-agent',
      entity_key: 'order:1042',
      args: JSON.stringify({ order: '1042', amount: 180 }),
    })}`;
    const policies = await rooms.enter('Alice Meyer', ['holdpoint-admin'], asked, {
      viewport: { width: 1180, height: 720 },
    });
    await policies.getByRole('button', { name: 'What if?' }).click();
    await policies.getByRole('region', { name: 'The decision' }).waitFor();
    await policies.screenshot({ path: join(IMAGES, 'policies.png') });
  });
});

async function deliver(): Promise<string> {
  const body = JSON.stringify({ action: 'opened', issue: { number: 1042, title: 'arrived damaged' } });
  const response = await fetch(`${rooms.system.services.ingest[0]?.url}/hooks/acme/github`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'issues',
      'x-github-delivery': 'd-1042',
      'x-hub-signature-256': `sha256=${createHmac('sha256', 'its-a-secret').update(body).digest('hex')}`,
    },
    body,
  });
  return ((await response.json()) as { event_id: string }).event_id;
}
