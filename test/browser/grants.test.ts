import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Desk, openDesk, type Room } from './desk.ts';

let desk: Desk;

beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk?.close());

async function grantPage(room: Room, approvalId: string): Promise<Page> {
  const { page } = await room.person('alice', ['reviewer'], { to: `/approvals/${approvalId}` });
  await page.getByRole('link', { name: 'Grant requests like this in advance' }).click();
  await page.getByRole('heading', { name: 'Grant in advance' }).waitFor();
  return page;
}

test('a class of requests is granted in advance, after a look at what it would have let through', async () => {
  const room = desk.room();
  const { approvalId } = await room.given({ args: { order: 'o-1', amount: 40 } });
  await room.given({ args: { order: 'o-2', amount: 30 } });
  await room.given({ args: { order: 'o-3', amount: 90 } });
  const page = await grantPage(room, approvalId);
  const preview = page.getByRole('region', { name: 'What it would have let through' });
  await preview.getByText('1 of the last 3').waitFor();
  await page.getByLabel('order', { exact: true }).selectOption('anything');
  await page.getByLabel('amount', { exact: true }).selectOption('at most');
  await page.getByLabel('amount at most').fill('50');
  await preview.getByText('2 of the last 3').waitFor();
  await preview.getByText('amount is 90, over 50').waitFor();
  await page.getByLabel('How often').fill('5');
  await page.getByLabel('Why').fill('small ones are always right');
  await page.getByRole('button', { name: 'Grant in advance' }).click();
  await page.waitForURL(/\/grants\?grant=/);
  await page.getByText('5 of 5').waitFor();
  await page.getByText('amount at most 50').waitFor();
  await page.getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await page.getByText('Nothing is granted in advance').waitFor();
  await page.getByLabel('Also those that are over').check();
  await page.getByText('revoked', { exact: true }).waitFor();
});

test('a grant that does not cover the request itself is refused in words', async () => {
  const room = desk.room();
  const { approvalId } = await room.given({ args: { amount: 40 } });
  const page = await grantPage(room, approvalId);
  await page.getByLabel('amount', { exact: true }).selectOption('at most');
  await page.getByLabel('amount at most').fill('10');
  await page.getByLabel('Why').fill('why not');
  await page.getByRole('button', { name: 'Grant in advance' }).click();
  await page.getByRole('alert').getByText('the action itself is not covered').waitFor();
  const grants = await desk.bench.db
    .selectFrom('standing_grants')
    .selectAll()
    .where('tenant', '=', room.tenant)
    .execute();
  expect(grants).toEqual([]);
});
