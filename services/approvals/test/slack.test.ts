import type { Notification } from '@holdpoint/shared/domain/notification';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  approvalStatus,
  type Bench,
  call,
  eventually,
  givenApproval,
  ISSUER,
  openBench,
  receiptsOf,
} from './fixtures.ts';
import { givenChannels, type Workspace } from './receivers.ts';
import {
  elementsOf,
  linksOf,
  SLACK_CHANNEL,
  SLACK_SECRET,
  SLACK_TOKEN,
  type Slack,
  type SlackPost,
  startSlack,
} from './slack-stand-in.ts';

let bench: Bench;
let slack: Slack;
let workspace: Workspace;
let url: string;
let alice: string;

const USERS = {
  UALICE: { principal: `${ISSUER}|alice`, name: 'Alice', audiences: ['reviewer'] },
  UBOB: { principal: `${ISSUER}|bob`, name: 'Bob', audiences: ['reviewer'] },
  UCAROL: { principal: `${ISSUER}|carol`, name: 'Carol', audiences: ['compliance-team'] },
};

beforeAll(async () => {
  bench = await openBench();
  slack = await startSlack();
  alice = await bench.issuer.token('alice');
  workspace = await givenChannels([
    {
      id: 'chat',
      type: 'slack',
      token: SLACK_TOKEN,
      signingSecret: SLACK_SECRET,
      channel: SLACK_CHANNEL,
      users: USERS,
      apiUrl: slack.apiUrl,
    },
  ]);
  url = (await bench.start({ noticeSweepMs: 50 }, workspace.environment)).url;
  slack.door = `${url}/slack/acme/interactions`;
});
beforeEach(() => {
  slack.whispers.length = 0;
  slack.views.length = 0;
});
afterAll(async () => {
  await bench?.stop();
  await slack?.close();
  await workspace?.remove();
  expect(slack.faults).toEqual([]);
});

type About = Parameters<typeof givenApproval>[1];

async function posted(about: About = {}): Promise<{ approvalId: string; actionId: string; post: SlackPost }> {
  const given = await givenApproval(bench.owner, about);
  const post = await eventually('it is posted', () =>
    slack.posts.find((one) => elementsOf(one).some(({ value }) => value === given.approvalId)),
  );
  return { ...given, post };
}

function lastWhisper(): Promise<{ user: string; text: string }> {
  return eventually('somebody is told', () => slack.whispers.at(-1));
}

async function ended(post: SlackPost): Promise<string> {
  await eventually('the buttons are gone', () => (elementsOf(post).length === 0 ? true : undefined));
  return JSON.stringify(post.blocks);
}

describe('a message in Slack', () => {
  it('says what is asked, by whom and why, and leads to the card', async () => {
    const { approvalId, post } = await posted({ reason: 'over <!channel> & 500' });
    const text = JSON.stringify(post.blocks);
    for (const part of ['shop orders.hold', 'order-risk', 'agent-7', '820', 'order:1', 'reviewer', '9 minutes']) {
      expect(text).toContain(part);
    }
    expect(text).toContain('over &lt;!channel&gt; &amp; 500');
    expect(text).not.toContain('<!channel>');
    expect(linksOf(post)).toEqual([`https://holdpoint.test/approvals/${approvalId}`]);
    expect(elementsOf(post).map(({ text: shown }) => (shown as { text: string }).text)).toEqual(['Approve', 'Deny']);
  });

  it('keeps to the limits of blocks whatever stands in an approval', async () => {
    const { post } = await posted({ reason: `${'<&'.repeat(3_000)}\u202e`, requester: 'operator|x' });
    expect(slack.faults).toEqual([]);
    expect(JSON.stringify(post.blocks)).toContain('…');
  });

  it('loses its buttons and says how it ended, wherever it was decided', async () => {
    const { approvalId, post } = await posted();
    await call(url, alice, 'POST', `/v1/approvals/${approvalId}/deny`, { reason: 'not today' });
    expect(await ended(post)).toContain('denied (not today)');
    expect(post.text).toBe('Denied: shop orders.hold');
  });

  it('that is asked to wait is posted once, later', async () => {
    slack.limited = 1;
    const { approvalId, post } = await posted();
    const path = `/v1/notifications?approval_id=${approvalId}&state=sent`;
    const sent = await eventually('it is recorded', async () => {
      const { items } = (await call<{ items: Notification[] }>(url, alice, 'GET', path)).body;
      return items[0];
    });
    expect(sent.attempts).toBe(1);
    expect(post.metadata?.event_payload.id).toBe(sent.id);
    expect(slack.posts.filter((one) => elementsOf(one).some(({ value }) => value === approvalId))).toHaveLength(1);
  });
});

describe('a click in Slack', () => {
  it('approves as the person that the Slack user is', async () => {
    const { approvalId, actionId, post } = await posted();
    const click = await slack.click('UALICE', post, 'Approve');
    expect(click).toMatchObject({ status: 200, body: '' });
    expect(click.tookMs).toBeLessThan(3_000);
    expect(await approvalStatus(bench.db, approvalId)).toBe('granted');
    expect(await lastWhisper()).toEqual({ user: 'UALICE', text: 'This is granted.' });
    expect(await ended(post)).toContain('Alice: approved');
    expect((await receiptsOf(bench.db, actionId)).map(({ actor }) => actor)).toEqual([`${ISSUER}|alice`]);
  });

  it('that comes again, as Slack retries, is one vote', async () => {
    const { approvalId, post } = await posted({ requirements: [{ audience: 'reviewer', quorum: 2 }] });
    const clicks = await Promise.all(
      [0, 1, 2].map((n) =>
        slack.click(
          'UALICE',
          post,
          'Approve',
          n === 0 ? {} : { 'x-slack-retry-num': String(n), 'x-slack-retry-reason': 'http_timeout' },
        ),
      ),
    );
    expect(clicks.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await approvalStatus(bench.db, approvalId)).toBe('pending');
    expect(await lastWhisper()).toMatchObject({ text: 'Your approval counts; more people have to approve.' });
    // Nor may the same person vote once more in the console.
    const { body } = await call(url, alice, 'POST', `/v1/approvals/${approvalId}/approve`);
    expect(body).toMatchObject({ status: 'pending', votes: [{ principal: `${ISSUER}|alice` }] });
    await slack.click('UBOB', post, 'Approve');
    expect(await approvalStatus(bench.db, approvalId)).toBe('granted');
  });

  it('denies with the reason that a modal asks for', async () => {
    const { approvalId, post } = await posted();
    expect(await slack.click('UBOB', post, 'Deny')).toMatchObject({ status: 200, body: '' });
    const view = await eventually('a modal opens', () => slack.views[0]);
    expect(await approvalStatus(bench.db, approvalId)).toBe('pending');
    const nothing = await slack.submit('UBOB', view, '   ');
    expect(JSON.parse(nothing.body)).toEqual({
      response_action: 'errors',
      errors: { reason: 'A denial needs a reason.' },
    });
    expect(await slack.submit('UBOB', view, 'looks like fraud')).toMatchObject({ status: 200, body: '' });
    expect(await approvalStatus(bench.db, approvalId)).toBe('denied');
    expect(await ended(post)).toContain('Bob: denied (looks like fraud)');
  });

  it('of somebody who is not known, or not asked, or who asked themselves, decides nothing', async () => {
    const { approvalId, post } = await posted({ requester: `${ISSUER}|alice` });
    await slack.click('USTRANGER', post, 'Approve');
    expect((await lastWhisper()).text).toContain('not known here');
    await slack.click('USTRANGER', post, 'Deny');
    expect(slack.views).toEqual([]);
    await slack.click('UCAROL', post, 'Approve');
    await eventually('Carol is told', () =>
      slack.whispers.find(({ text }) => text === 'This is for reviewer to decide.'),
    );
    await slack.click('UALICE', post, 'Approve');
    await eventually('Alice is told', () =>
      slack.whispers.find(({ text }) => text.startsWith('Nobody decides what they asked for')),
    );
    expect(await approvalStatus(bench.db, approvalId)).toBe('pending');
  });

  it('that comes too late says so, and takes the buttons away', async () => {
    const { approvalId, post } = await posted();
    const before = structuredClone(post);
    await bench.owner.updateTable('approvals').set({ expires_at: new Date() }).where('id', '=', approvalId).execute();
    await eventually('it runs out', async () =>
      (await approvalStatus(bench.db, approvalId)) === 'expired' ? true : undefined,
    );
    await ended(post);
    // As somebody still sees it whose screen is old.
    await slack.click('UALICE', before, 'Approve');
    expect((await lastWhisper()).text).toBe('The time to decide is over.');
    expect(elementsOf(before)).toEqual([]);
    expect(await approvalStatus(bench.db, approvalId)).toBe('expired');
  });

  it('that Slack has not signed, or signed long ago, is refused', async () => {
    const { approvalId, post } = await posted();
    const [button] = elementsOf(post);
    const payload = {
      type: 'block_actions',
      user: { id: 'UALICE' },
      trigger_id: 't',
      response_url: `${slack.apiUrl}nowhere`,
      actions: [{ action_id: button?.action_id, value: approvalId }],
    };
    const refusals = await Promise.all([
      slack.send(payload, { secret: 'another' }),
      slack.send(payload, { atMs: Date.now() - 301_000 }),
      slack.send(payload, { atMs: Date.now() + 301_000 }),
      slack.send(payload, { headers: { 'x-slack-signature': '' } }),
    ]);
    expect(refusals.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    expect(await approvalStatus(bench.db, approvalId)).toBe('pending');
    slack.door = `${url}/slack/bazaar/interactions`;
    expect((await slack.send(payload)).status).toBe(404);
    slack.door = `${url}/slack/acme/interactions`;
  });

  it('names no approval of another tenant', async () => {
    const { approvalId } = await givenApproval(bench.owner, { tenant: 'bazaar' });
    const { post } = await posted();
    const [approve] = elementsOf(post);
    const forged = { ...post, blocks: [{ type: 'actions', elements: [{ ...approve, value: approvalId }] }] };
    await slack.click('UALICE', forged, 'Approve');
    expect((await lastWhisper()).text).toBe('No such approval.');
    expect(await approvalStatus(bench.db, approvalId)).toBe('pending');
  });
});

it('links consumed by mail scanners decide nothing: those of a message in Slack', async () => {
  const { approvalId, post } = await posted();
  for (const link of linksOf(post)) {
    const path = new URL(link).pathname;
    for (const method of ['GET', 'HEAD']) await fetch(`${url}${path}`, { method });
  }
  for (const method of ['GET', 'HEAD']) {
    expect((await fetch(slack.door, { method })).status).toBe(404);
  }
  expect(await approvalStatus(bench.db, approvalId)).toBe('pending');
});
