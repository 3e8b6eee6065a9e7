import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { line } from '../e2e/system.ts';
import { findBarriers, NARROW, overflowPx } from './browser.ts';
import { openRooms, type Rooms } from './rooms.ts';

const ADMIN = ['reviewer', 'holdpoint-admin'];
let rooms: Rooms;
beforeAll(async () => {
  rooms = await openRooms();
});
afterAll(() => rooms?.stop());
afterEach(() => {
  expect(rooms.complaints()).toEqual([]);
});

let plans = 0;
async function propose(...actions: object[]) {
  plans += 1;
  const { decisions } = await rooms.system.propose({ plan_id: `rooms-${plans}`, actions }, 20);
  return decisions;
}

/** A GitHub delivery as it is signed. Answers the id of its event. */
async function deliver(id: string): Promise<string> {
  const body = JSON.stringify({ action: 'opened', issue: { number: 7 }, delivery: id });
  const signature = createHmac('sha256', 'its-a-secret').update(body).digest('hex');
  const response = await fetch(`${rooms.system.services.ingest[0]?.url}/hooks/acme/github`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'issues',
      'x-github-delivery': id,
      'x-hub-signature-256': `sha256=${signature}`,
    },
    body,
  });
  return ((await response.json()) as { event_id: string }).event_id;
}

/** What a page says, once it says that. */
async function says(page: Page, text: string | RegExp): Promise<void> {
  await page.getByText(text).first().waitFor({ timeout: 15_000 });
}

test('a refund is followed from its webhook through the people who approved it to its end', async () => {
  const eventId = await deliver('follow');
  const pay = line('pay', { args: { amount: 95, card: '4242-4242' }, entity_key: 'order:follow' });
  const { decisions } = await rooms.system.propose({ plan_id: 'follow', event_id: eventId, actions: [pay] }, 20);
  const [held] = decisions;
  const page = await rooms.enter('ann', ['reviewer'], `/actions/${held?.action_id}`);
  await says(page, 'It waits for people');
  await says(page, 'Webhook issues');
  const token = await rooms.system.people.token('ann', ['reviewer']);
  const approved = await rooms.system.call('approvals', `/v1/approvals/${held?.approval_id}/approve`, {
    body: { comment: 'looks right' },
    key: token,
  });
  expect(approved.status).toBe(200);
  await page.getByRole('listitem').filter({ hasText: 'Applied' }).waitFor();
  await page.reload();
  const steps = page.getByRole('list', { name: 'What happened, oldest first' }).locator('strong');
  await steps.first().waitFor();
  await says(page, 'Asked reviewer');
  expect(await steps.allTextContents()).toEqual([
    'Webhook issues',
    'Plan follow proposed',
    'Decided: ALERT, held for people',
    'Asked reviewer',
    'Approved: enough, so it is scored again',
    'Scored again: ALERT',
    'Attempt 1 begun',
    'Applied',
  ]);
  expect(await page.locator('main').textContent()).not.toContain('4242');
  await page.getByRole('button', { name: 'Receipt of: Applied' }).click();
  await page.getByRole('dialog').getByText('Copy as JSON').waitFor();
  await page.keyboard.press('Escape');
  expect(await page.getByRole('dialog').count()).toBe(0);
});

test('receipts are searched by an entity, opened, passed on by their address, and saved', async () => {
  const [done] = await propose(line('set', { entity_key: 'order:search' }));
  const page = await rooms.enter('ann', ['reviewer'], '/receipts');
  await page.getByLabel('Any id or key').fill('order:search');
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  await says(page, '3 receipts');
  expect(new URL(page.url()).search).toBe('?about=order%3Asearch');
  await page.getByLabel('Kind').selectOption('outcome');
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  await says(page, '1 receipt,');
  await page.reload();
  await says(page, '1 receipt,');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save these as NDJSON' }).click(),
  ]);
  const saved = (await readFile(await download.path(), 'utf8')).trimEnd().split('\n');
  expect(saved.map((text) => JSON.parse(text))).toMatchObject([{ kind: 'outcome', action: done?.action_id }]);
  await page.getByRole('link', { name: 'shop.set' }).click();
  await says(page, 'What happened');
  await page.goto(`${new URL(page.url()).origin}/receipts?about=nothing-of-the-kind`);
  await says(page, 'No receipt says so');
});

test('what was known of the entity stands on the card and in the story', async () => {
  const held = line('pay', { args: { amount: 95, card: '4242-4242' }, entity_key: 'order:known' });
  const { decisions } = await rooms.system.propose({ plan_id: 'known', actions: [held] }, 20);
  const id = decisions[0]?.action_id ?? '';
  const data = { state: 'processing', note: 'fragile' };
  const entity = {
    connector: 'shop',
    name: 'orders',
    id: '7',
    data,
    version: '12',
    seenAt: '2026-01-01T00:00:00.000Z',
  };
  await rooms.system.db
    .updateTable('actions')
    .set({ entity: JSON.stringify(entity) })
    .where('id', '=', id)
    .execute();
  const page = await rooms.enter('ann', ['reviewer'], `/approvals/${decisions[0]?.approval_id}`);
  for (const path of [undefined, `/actions/${id}`]) {
    if (path) await page.goto(path);
    const known = page.getByRole('region', { name: 'What was known of its entity' });
    await known.getByText('orders 7, version 12').waitFor();
    await known.getByRole('row', { name: 'state processing' }).waitFor();
  }
});

test('an unknown outcome is settled after a person was told what that means', async () => {
  rooms.system.observer.behave({ status: () => 500 });
  const [unknown] = await propose(line('blind', { entity_key: 'order:unknown' }));
  rooms.system.observer.behave({});
  const page = await rooms.enter('ann', ['reviewer'], '/effects');
  const card = page.getByRole('article').filter({ hasText: 'order:unknown' });
  await card.getByText('The next actions of its entity wait for it').waitFor();
  await card.getByRole('button', { name: /It happened/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('is not done again').waitFor();
  expect(await dialog.getByRole('button', { name: 'Settle as applied' }).isDisabled()).toBe(true);
  await dialog.getByLabel('Why').fill('seen it in the shop');
  await dialog.getByRole('button', { name: 'Settle as applied' }).click();
  await card.waitFor({ state: 'detached' });
  const action = (await (await rooms.system.call('executor', `/v1/actions/${unknown?.action_id}`)).json()) as {
    state: string;
  };
  expect(action.state).toBe('applied');
});

test('everything is stopped by the big red button, and goes on when it is lifted', async () => {
  const page = await rooms.enter('ann', ['reviewer'], '/freezes');
  await says(page, 'Nothing is stopped');
  await page.getByRole('button', { name: 'Stop…' }).click();
  const dialog = page.getByRole('dialog');
  const stop = dialog.getByRole('button', { name: 'Stop everything' });
  await dialog.getByLabel('Why').fill('too many refunds');
  expect(await stop.isDisabled()).toBe(true);
  await dialog.getByLabel(/^Type/).fill('acme');
  await stop.click();
  await says(page, 'Stopped: everything');
  const { decisions } = await rooms.system.propose({ plan_id: 'frozen', actions: [line('set')] });
  const id = decisions[0]?.action_id ?? '';
  const flow = await rooms.enter('ann', ['reviewer'], '/flow');
  await says(flow, 'Stopped: everything');
  await says(flow, 'is frozen');
  await page.getByRole('button', { name: /Lift it/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Lift it' }).click();
  await says(page, 'Nothing is stopped');
  await rooms.system.until('it is applied', async () => {
    const found = (await (await rooms.system.call('executor', `/v1/actions/${id}`)).json()) as { state: string };
    return found.state === 'applied';
  });
});

test('what waits behind a freeze is taken back on its own page', async () => {
  const { call, services, keys } = rooms.system;
  const body = { connector: 'desk', reason: 'the desk is closed' };
  const { id } = (await (await call('executor', '/v1/freezes', { body })).json()) as { id: string };
  const [first, second] = [line('set', { entity_key: 'order:desk' }), line('set', { entity_key: 'order:desk' })];
  const actions = [first, second].map((one) => ({ ...one, connector: 'desk' }));
  const { decisions } = await rooms.system.propose({ plan_id: 'desk', actions });
  const page = await rooms.enter('ann', ['reviewer'], `/actions/${decisions[1]?.action_id}`);
  await says(page, '1 of its entity stands before it');
  await page.getByRole('button', { name: /^Cancel it/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel it' }).click();
  await page.getByRole('listitem').filter({ hasText: 'Cancelled' }).waitFor();
  expect(await page.getByRole('button', { name: /^Cancel it/ }).count()).toBe(0);
  const lifted = await fetch(`${services.executor[0]?.url}/v1/freezes/${id}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${keys.admin}` },
  });
  expect(lifted.status).toBe(200);
});

test('a what-if shows what would be blocked, by which reason, and what would not', async () => {
  const page = await rooms.enter(
    'root',
    ADMIN,
    '/policies?view=what-if&connector=shop&tool=set&value=820&entity_key=order%3A1',
  );
  await page.getByRole('button', { name: 'What if?' }).click();
  const answer = page.getByRole('region', { name: 'The decision' });
  await answer.getByText('BLOCK').first().waitFor();
  await answer.getByText('max_value').waitFor();
  await answer.getByText(/nearest change/).waitFor();
  await page.getByLabel('Value').fill('100');
  await page.getByRole('button', { name: 'What if?' }).click();
  await answer.getByText('ALLOW').first().waitFor();
  await page.getByLabel('Arguments, as JSON').fill('{');
  await page.getByRole('button', { name: 'What if?' }).click();
  await page
    .getByRole('alert')
    .getByText(/^args:/)
    .waitFor();
});

test('policies are for admins, and whoever is none is told so', async () => {
  const page = await rooms.enter('ann', ['reviewer'], '/policies');
  await says(page, 'Policies are for admins');
  const admin = await rooms.enter('root', ADMIN, '/policies?policy=sets');
  await says(admin, 'at most 500');
  await admin.getByRole('link', { name: 'Findings' }).click();
  await admin
    .getByText(/Nothing looks wrong|warning|info/)
    .first()
    .waitFor();
  await admin.getByRole('link', { name: 'Limits in use' }).click();
  await says(admin, 'No limit is in use');
});

test('the flow moves when work comes', async () => {
  const page = await rooms.enter('ann', ['reviewer'], '/flow');
  const row = page.getByRole('row').filter({ hasText: 'lines allowed' }).locator('td').nth(1);
  await page.getByText('In words').click();
  await row.waitFor();
  const before = Number(await row.textContent());
  await propose(line('set'), line('set'));
  await expect
    .poll(async () => Number(await row.textContent()), { timeout: 20_000 })
    .toBeGreaterThanOrEqual(before + 2);
  expect(await page.locator('.flow-way.flows').count()).toBeGreaterThan(0);
  await page.getByLabel('15 minutes').check();
  expect(new URL(page.url()).search).toBe('?window=900');
  await page.getByRole('row').filter({ hasText: 'shop' }).first().getByText('well').waitFor();
});

test('a source is seen to be well, and an admin publishes its event again', async () => {
  const id = await deliver('again');
  const reader = await rooms.enter('ann', ['reviewer'], '/sources');
  await reader.getByRole('row').filter({ hasText: 'github' }).getByText('well').waitFor();
  await says(reader, 'Events are for admins');
  const page = await rooms.enter('root', ADMIN, '/sources');
  await page.getByRole('button', { name: `Replay… ${id}` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Publish it again' }).click();
  await says(page, 'Published again as');
  const row = page.getByRole('link', { name: id, exact: true });
  await row.click();
  await says(page, 'Its data');
});

test('every room can be used without seeing it, without colours, and on a small screen', async () => {
  rooms.system.observer.behave({ status: () => 500 });
  const [unknown] = await propose(line('blind', { entity_key: 'order:barriers' }));
  rooms.system.observer.behave({});
  const paths = [
    [`/actions/${unknown?.action_id}`, 'What happened'],
    ['/receipts', 'newest first'],
    ['/effects', 'order:barriers'],
    ['/flow', 'Connectors'],
    ['/policies', 'at most 500'],
    ['/policies?view=findings', 'nothing ever permits'],
    ['/policies?view=what-if', 'Nothing is recorded'],
    ['/sources', 'github'],
    ['/freezes', 'Nothing is stopped'],
  ] as const;
  const found: string[] = [];
  for (const how of [{}, { dark: true }, { viewport: NARROW }]) {
    const page = await rooms.enter('root', ADMIN, '/', how);
    for (const [path, text] of paths) {
      await page.goto(path);
      await page.locator('main').getByText(text).first().waitFor();
      // It appears by and by, and is read for its colours only then.
      await page.locator('.loading').first().waitFor({ state: 'detached' });
      found.push(...(await findBarriers(page)).map((barrier) => `${path}: ${barrier}`));
      const tooWidePx = await overflowPx(page);
      if (tooWidePx > 0) found.push(`${path}: ${tooWidePx} px too wide`);
    }
  }
  expect(found).toEqual([]);
}, 180_000);

test('a room whose service is away says so, and comes back by itself', async () => {
  const page = await rooms.enter('ann', ['reviewer'], '/freezes');
  await says(page, 'Nothing is stopped');
  await page.route('**/console/api/executor/**', (route) => route.fulfill({ status: 503, body: '{}' }));
  await page.getByRole('alert').getByText('Freezes may be old').waitFor({ timeout: 40_000 });
  await says(page, 'Nothing is stopped');
  await page.unroute('**/console/api/executor/**');
  await page.getByRole('alert').waitFor({ state: 'detached', timeout: 20_000 });
});
