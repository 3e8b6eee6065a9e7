import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { actionState, approvalStatus, eventually } from '../../services/approvals/test/fixtures.ts';
import { signInBy, type Visit, visit } from './browser.ts';
import { type Desk, openDesk, type Room } from './desk.ts';

let desk: Desk;
let room: Room;
const visits: Visit[] = [];

beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk?.close());
beforeEach(() => {
  room = desk.room();
});
afterEach(async () => {
  const complaints = visits.flatMap((one) => one.complaints);
  await Promise.all(visits.splice(0).map(({ context }) => context.close()));
  expect(complaints).toEqual([]);
});

async function person(...args: Parameters<Room['person']>): Promise<Page> {
  const made = await room.person(...args);
  visits.push(made);
  return made.page;
}

const entries = (page: Page): Locator => page.locator('.entry');
const focused = (page: Page): Promise<string | null> =>
  page.evaluate('document.activeElement?.closest("[data-id]")?.dataset.id ?? document.activeElement?.textContent');

test('a person signs in with a token, sees what waits, and signs out', async () => {
  await room.given({ reason: 'over 500' });
  const page = await person('alice');
  await page.getByRole('heading', { name: 'Waiting for you' }).waitFor();
  await page.getByText('over 500').waitFor();
  expect(await page.title()).toBe('(1) Inbox · Holdpoint');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in to Holdpoint' }).waitFor();
  expect(await page.getByText('over 500').count()).toBe(0);
});

test('a wrong token is refused on the page, and whoever is signed in stays where they wanted to go', async () => {
  const { approvalId } = await room.given();
  const made = await visit(desk.browser, desk.service.url);
  visits.push(made);
  await made.page.goto(`/approvals/${approvalId}`);
  await made.page.getByLabel('Your token').fill('nonsense');
  await made.page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await made.page.getByRole('alert').getByText('You are not signed in').waitFor();
  await signInBy(made.page, await room.token('alice'), `/approvals/${approvalId}`);
  await made.page.getByRole('heading', { name: 'shop.orders.hold' }).waitFor();
});

test('a new request appears by itself', async () => {
  const page = await person('alice');
  await page.getByText('Nothing waits for you').waitFor();
  await page.getByText('live', { exact: true }).waitFor();
  await room.ask({ reason: 'a new question', subject: 'refund' });
  await page.getByText('a new question').waitFor();
});

test('new requests move nothing under somebody’s hands until they are asked for', async () => {
  await room.given({ reason: 'the first' });
  const page = await person('alice');
  await page.getByText('live', { exact: true }).waitFor();
  await page.getByText('the first').waitFor();
  await page.keyboard.press('j');
  await room.ask({ reason: 'an urgent one', urgency: 'high' });
  await page.getByRole('button', { name: /1 new request/ }).waitFor();
  expect(await entries(page).count()).toBe(1);
  await page.keyboard.press('n');
  await page.getByText('an urgent one').waitFor();
  expect(await entries(page).first().textContent()).toContain('an urgent one');
});

describe('by keyboard alone', () => {
  test('a request is found, opened, approved, and the next one has the focus', async () => {
    const first = await room.given({ reason: 'the first', ttlMs: 100_000 });
    const second = await room.given({ reason: 'the second', ttlMs: 200_000 });
    const page = await person('alice');
    await page.getByText('the second').waitFor();
    await page.keyboard.press('j');
    expect(await focused(page)).toBe(first.approvalId);
    await page.keyboard.press('j');
    expect(await focused(page)).toBe(second.approvalId);
    await page.keyboard.press('k');
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/approvals/${first.approvalId}`);
    await page.getByRole('heading', { name: 'Arguments' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('the second').waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('a');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.type('looks right');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await approvalStatus(desk.bench.db, first.approvalId)).toBe('granted');
    expect(await actionState(desk.bench.db, first.actionId)).toBe('rescore');
    await eventually('focus moved on', async () => ((await focused(page)) === second.approvalId ? true : undefined));
    expect(await entries(page).count()).toBe(1);
  });

  test('a denial asks for its reason, and is not made without', async () => {
    const { approvalId } = await room.given();
    const page = await person('alice');
    await page.getByText('over 500').waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('d');
    await page.getByLabel('Reason to deny').waitFor();
    await page.keyboard.press('Enter');
    expect(await approvalStatus(desk.bench.db, approvalId)).toBe('pending');
    await page.keyboard.type('not this one');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await approvalStatus(desk.bench.db, approvalId)).toBe('denied');
    await page.getByText('Nothing waits for you').waitFor();
  });

  test('every room is reached, the keys are shown, and they can be turned off', async () => {
    const page = await person('alice');
    await page.getByText('Nothing waits for you').waitFor();
    await page.keyboard.press('?');
    const dialog = page.getByRole('dialog', { name: 'Keys' });
    await dialog.getByText('Unknown outcomes').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    for (const [keys, path] of [
      ['gs', '/grants'],
      ['gr', '/receipts'],
      ['gu', '/effects'],
      ['gf', '/flow'],
      ['gp', '/policies'],
      ['go', '/sources'],
      ['gz', '/freezes'],
      ['gi', '/'],
    ] as const) {
      for (const key of keys) await page.keyboard.press(key);
      await page.waitForURL((url) => url.pathname === path);
    }
    await page.keyboard.press('?');
    await dialog.getByRole('checkbox').uncheck();
    await page.keyboard.press('Escape');
    await page.keyboard.press('g');
    await page.keyboard.press('r');
    expect(new URL(page.url()).pathname).toBe('/');
  });

  test('a vote is taken back', async () => {
    const { approvalId } = await room.given({ requirements: [{ audience: 'reviewer', quorum: 2 }] });
    const page = await person('alice');
    await page.getByText('over 500').waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('a');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Waiting for others' }).waitFor();
    await page.getByText('1 more of reviewer').waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('u');
    await page.getByText('is taken back').waitFor();
    const votes = await desk.bench.db.selectFrom('votes').selectAll().where('approval', '=', approvalId).execute();
    expect(votes).toEqual([]);
  });

  test('what still waits after a vote moves to the others while the work goes on', async () => {
    await room.given({ reason: 'for two', ttlMs: 100_000, requirements: [{ audience: 'reviewer', quorum: 2 }] });
    const next = await room.given({ reason: 'the next', ttlMs: 200_000 });
    const page = await person('alice');
    await page.getByText('the next').waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('a');
    await page.keyboard.press('Enter');
    const others = page.getByRole('region', { name: /Waiting for others/ });
    await others.getByText('for two').waitFor();
    expect(await focused(page)).toBe(next.approvalId);
    expect(await entries(page).count()).toBe(2);
    expect(await page.getByRole('button', { name: /new request/ }).count()).toBe(0);
  });

  test('a comment is made', async () => {
    const { approvalId } = await room.given();
    const page = await person('alice');
    await page.getByText('over 500').waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('c');
    await page.keyboard.type('who is the customer?');
    await page.keyboard.press('Enter');
    await page.getByText(/Your comment on .* is there/).waitFor();
    await page.goto(`/approvals/${approvalId}`);
    await page.getByText('who is the customer?').waitFor();
  });
});

test('several are decided at once, and each is told', async () => {
  const given = await Promise.all(['one', 'two', 'three'].map((reason) => room.given({ reason })));
  const page = await person('alice');
  await page.getByText('three').waitFor();
  for (const _ of given) {
    await page.keyboard.press('j');
    await page.keyboard.press('x');
  }
  await page.getByText('3 selected').waitFor();
  await page.keyboard.press('d');
  const gone = given[0];
  if (gone) await room.post('bob', `/v1/approvals/${gone.approvalId}/approve`);
  await page.getByLabel('Reason to deny').fill('not now');
  await page.keyboard.press('Enter');
  const results = page.getByRole('dialog', { name: '2 of 3 done' });
  await results.getByText('Not done: this was granted before').waitFor();
  expect(await results.getByText('It is denied.').count()).toBe(2);
  await page.keyboard.press('Escape');
  await page.getByText('Nothing waits for you').waitFor();
});

test('of two tabs one grants, and the other says how it ended', async () => {
  const { approvalId, actionId } = await room.given();
  const page = await person('alice');
  const [made] = visits;
  const other = await made?.context.newPage();
  if (!other) throw new Error('no tab');
  for (const tab of [page, other]) {
    await tab.goto(`/approvals/${approvalId}`);
    await tab.getByRole('button', { name: /^Approve/ }).click();
    await tab.getByRole('dialog').waitFor();
  }
  await room.post('bob', `/v1/approvals/${approvalId}/deny`, { reason: 'seen before' });
  for (const tab of [page, other]) {
    await tab
      .getByRole('dialog')
      .getByRole('button', { name: /^Approve/ })
      .click();
    await tab.getByText('Nothing was done').waitFor();
    await tab.getByText('denied by bob: “seen before”').first().waitFor();
  }
  expect(await actionState(desk.bench.db, actionId)).toBe('denied');
});

test('somebody else’s decision appears at once, and the buttons go', async () => {
  const { approvalId } = await room.given();
  const page = await person('alice', ['reviewer'], { to: `/approvals/${approvalId}` });
  await page.getByText('live', { exact: true }).waitFor();
  await page.getByRole('button', { name: /^Approve/ }).waitFor();
  await room.post('bob', `/v1/approvals/${approvalId}/approve`, { comment: 'fine by me' });
  await page.getByText('granted by bob: “fine by me”').waitFor();
  expect(await page.getByRole('button', { name: /^Approve/ }).count()).toBe(0);
});

test('what runs out while it is open can no longer be decided', async () => {
  const { approvalId } = await room.given({ ttlMs: 3_000 });
  const page = await person('alice', ['reviewer'], { to: `/approvals/${approvalId}` });
  await page.getByRole('button', { name: /^Approve/ }).waitFor();
  await page.getByRole('button', { name: /^Approve/ }).waitFor({ state: 'detached' });
  await page.getByRole('heading', { name: 'Decided' }).waitFor();
  await page.locator('.decision .badge').getByText('expired').waitFor();
});

test('what is asked differently under one’s eyes is to be read again before it is decided', async () => {
  const { approvalId } = await room.given();
  const page = await person('alice', ['reviewer'], { to: `/approvals/${approvalId}` });
  await page.getByText('live', { exact: true }).waitFor();
  await page.getByRole('button', { name: /^Approve/ }).waitFor();
  await desk.bench.owner.updateTable('approvals').set({ digest: 'd2' }).where('id', '=', approvalId).execute();
  await room.post('bob', `/v1/approvals/${approvalId}/comments`, { text: 'look again' });
  await page.getByText('What is asked has changed').waitFor();
  expect(await page.getByRole('button', { name: /^Approve/ }).count()).toBe(0);
  await page.getByRole('button', { name: 'I have read it' }).click();
  await page.getByRole('button', { name: /^Approve/ }).waitFor();
});

test('without the stream it asks again and again, and says so', async () => {
  const made = await visit(desk.browser, desk.service.url);
  visits.push(made);
  await made.page.route('**/v1/approvals/stream', (route) => route.abort());
  await signInBy(made.page, await room.token('alice'));
  await made.page.getByText('asking every few seconds').waitFor();
  await room.ask({ reason: 'a quiet question' });
  await made.page.getByText('a quiet question').waitFor();
});

test('a session that is over leads to the sign-in page, and back to where one was', async () => {
  const { approvalId } = await room.given();
  const page = await person('alice', ['reviewer'], { to: `/approvals/${approvalId}` });
  await page.getByRole('button', { name: /^Approve/ }).click();
  await visits[0]?.context.clearCookies();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^Approve/ })
    .click();
  await page.getByText('Your session is over').waitFor();
  await page.getByLabel('Your token').fill(await room.token('alice'));
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('heading', { name: 'shop.orders.hold' }).waitFor();
  expect(await approvalStatus(desk.bench.db, approvalId)).toBe('pending');
});

test('what others are asked is shown with why it is not this person’s to decide', async () => {
  const { approvalId } = await room.given({ onBehalfOf: 'alice' });
  const page = await person('carol', ['compliance-team'], { to: `/approvals/${approvalId}` });
  await page.getByText('This is for reviewer to decide.').waitFor();
  const alice = await person('alice', ['reviewer'], { to: `/approvals/${approvalId}` });
  await alice.getByText('you may deny it, and not approve it').waitFor();
  expect(await alice.getByRole('button', { name: /^Approve/ }).count()).toBe(0);
});

test('text of others stays text, and hides nothing', async () => {
  const evil = '<img src=x onerror="document.title=1">';
  const { approvalId } = await room.given({ reason: evil, args: { [evil]: evil, note: 'abc\u202Edcb' } });
  const page = await person('alice', ['reviewer'], { to: `/approvals/${approvalId}` });
  await page.getByText('abc⟨U+202E⟩dcb').waitFor();
  expect(await page.locator('img').count()).toBe(0);
});
