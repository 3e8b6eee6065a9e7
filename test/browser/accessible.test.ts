import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { line } from '../e2e/system.ts';
import { findBarriers, NARROW, overflowPx, WIDE } from './browser.ts';
import { openRooms, type Rooms } from './rooms.ts';

const ADMIN = ['reviewer', 'holdpoint-admin'];
let rooms: Rooms;
let paths: string[];

/** Something of everything, so that no room of the approver is empty; the others are looked at where they are proven. */
beforeAll(async () => {
  rooms = await openRooms();
  const { system } = rooms;
  const pay = { args: { amount: 95, card: '4242', note: 'a rather long word: '.repeat(8) }, entity_key: 'order:paid' };
  const { decisions } = await system.propose(
    {
      plan_id: 'of-everything',
      agent: { id: 'agent-7', on_behalf_of: 'someone@example.test', session_id: 'session-1' },
      actions: [line('pay', pay), line('set', { entity_key: 'order:paid' }), line('pay', { args: { amount: 12 } })],
    },
    20,
  );
  const [held] = decisions;
  const as = async (name: string, path: string, body: object) =>
    system.call('approvals', path, { body, key: await system.people.token(name, ['reviewer']) });
  await as('bob', `/v1/approvals/${held?.approval_id}/comments`, { text: 'who is the customer?' });
  await as('bob', '/v1/standing-grants', {
    approval_id: decisions[2]?.approval_id,
    args: [{ path: 'amount', max: 20 }],
    max_value: 20,
    until: new Date(Date.now() + 3_600_000).toISOString(),
    uses: 10,
    reason: 'small ones are always right',
  });
  paths = ['/', `/approvals/${held?.approval_id}`, '/grants', `/grants/new?approval=${held?.approval_id}`];
});
afterAll(() => rooms?.stop());

const LOOKS = [
  ['light and wide', { viewport: WIDE }],
  ['dark and wide', { viewport: WIDE, dark: true }],
  ['light and narrow', { viewport: NARROW }],
  ['dark and narrow', { viewport: NARROW, dark: true }],
] as const;

describe.each(LOOKS)('%s', (_, look) => {
  test('nobody is kept out of signing in', async () => {
    const page = await rooms.enter('ann', ADMIN, '/', look);
    await page.context().clearCookies();
    await page.reload();
    await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.context().close();
  });

  test('nobody is kept out of the inbox, a card and grants, and none is wider than the screen', async () => {
    const page = await rooms.enter('ann', ADMIN, '/', look);
    const found: string[] = [];
    for (const path of paths) {
      await page.goto(path);
      await page.locator('h1').first().waitFor();
      await page.waitForLoadState('networkidle');
      expect(await page.getByText('This page is broken').count()).toBe(0);
      found.push(...(await findBarriers(page)).map((barrier) => `${path} ${barrier}`));
      const over = await overflowPx(page);
      if (over > 0) found.push(`${path} is ${over}px too wide`);
    }
    expect(found).toEqual([]);
    expect(rooms.complaints()).toEqual([]);
    await page.context().close();
  });

  test('nobody is kept out of what opens over a page', async () => {
    const page = await rooms.enter('ann', ADMIN, paths[1] ?? '', look);
    await page.getByRole('button', { name: /^Approve/ }).waitFor();
    const found: string[] = [];
    for (const key of ['a', 'd', 'c', '?']) {
      await page.keyboard.press(key);
      await page.getByRole('dialog').waitFor();
      found.push(...(await findBarriers(page)).map((barrier) => `${key} ${barrier}`));
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
    expect(found).toEqual([]);
    await page.context().close();
  });
});
