import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { CHANNELS_MAX, type ChannelInput, loadNotifications } from './notifications.ts';
import { WorkspaceError } from './workspace-error.ts';

const dirs: string[] = [];

afterEach(async () => {
  await Promise.all(dirs.splice(0).map((dir) => rm(dir, { recursive: true, force: true })));
});

async function load(channels: unknown, env: Record<string, string> = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'holdpoint-notifications-'));
  dirs.push(dir);
  await mkdir(join(dir, 'tenants/acme'), { recursive: true });
  await writeFile(join(dir, 'tenants/acme/notifications.ts'), `export default ${JSON.stringify(channels)};`);
  return (await loadNotifications(dir, env)).get('acme');
}

async function faultsOf(channels: unknown, env: Record<string, string> = {}): Promise<string[]> {
  const error = await load(channels, env).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WorkspaceError);
  return (error as WorkspaceError).issues.map(({ path, reason }) => `${path}: ${reason}`);
}

const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const WEBHOOK: ChannelInput = { id: 'desk', type: 'webhook', url: 'https://acme.test/hook', secret: SECRET };

test('channels have their defaults, and their secrets from the environment', async () => {
  const env = { DESK_URL: 'https://acme.test/hook', HOLDPOINT_SECRET_DESK: SECRET, SMTP: 'smtps://u:p@mail.test' };
  const channels = await load(
    [
      { ...WEBHOOK, url: { secret: 'DESK_URL' }, secret: { secret: 'DESK' } },
      { id: 'chat', type: 'slack', token: 'xoxb-1', signingSecret: 's', channel: 'C0HOLD' },
      { id: 'post', type: 'email', smtp: { secret: 'SMTP' }, from: 'a@acme.test', to: ['Desk <b@acme.test>'] },
    ],
    env,
  );
  const all = ['requested', 'reminded', 'escalated', 'resolved'];
  expect(channels).toEqual([
    { ...WEBHOOK, on: all },
    {
      id: 'chat',
      type: 'slack',
      token: 'xoxb-1',
      signingSecret: 's',
      channel: 'C0HOLD',
      users: {},
      apiUrl: 'https://slack.com/api/',
      on: all,
    },
    {
      id: 'post',
      type: 'email',
      smtp: 'smtps://u:p@mail.test',
      from: 'a@acme.test',
      to: ['Desk <b@acme.test>'],
      on: ['requested', 'reminded', 'escalated'],
    },
  ]);
});

test('a tenant without the file has no channels', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'holdpoint-notifications-'));
  dirs.push(dir);
  await mkdir(join(dir, 'tenants/acme'), { recursive: true });
  expect(await loadNotifications(dir, {})).toEqual(new Map([['acme', []]]));
});

test('what cannot be a channel is refused with every place that is wrong', async () => {
  const alice = { principal: 'https://idp.test|alice', name: 'Alice', audiences: [] };
  const users = { alice, U1: { ...alice, principal: 'alice' } };
  expect(
    await faultsOf([
      { ...WEBHOOK, on: ['voted'] },
      { id: 'chat', type: 'slack', token: 't', signingSecret: 's', channel: '#general', users },
      { id: 'post', type: 'email', smtp: 'smtp://m', from: 'a@b\r\nBcc: c@d', to: [] },
      { id: 'two', type: 'email', smtp: 'smtp://m', from: 'a@b', to: ['Desk, Night <c@d>'] },
      { id: 'desk', type: 'pager' },
    ]),
  ).toEqual([
    expect.stringMatching(/^0\.on\.0: /),
    '1.channel: must be the id of a Slack channel',
    expect.stringMatching(/^1\.users\.alice: /),
    '1.users.U1.principal: must be <issuer>|<subject>',
    '2.from: must be an address',
    expect.stringMatching(/^2\.to: /),
    '3.to.0: must be an address',
    expect.stringMatching(/^4\.type: /),
  ]);
  expect(await faultsOf([WEBHOOK, WEBHOOK])).toEqual(['1.id: desk stands twice']);
  expect(
    await faultsOf(Array.from({ length: CHANNELS_MAX + 1 }, (_, n) => ({ ...WEBHOOK, id: `c${n}` }))),
  ).toHaveLength(1);
});

test('a secret that cannot be what it is for is refused, and not shown', async () => {
  const faults = await faultsOf(
    [
      { ...WEBHOOK, url: { secret: 'URL' }, secret: { secret: 'SHORT' } },
      { id: 'post', type: 'email', smtp: { secret: 'SMTP' }, from: 'a@b.test', to: ['c@b.test'] },
    ],
    { URL: 'file:///etc/hidden', SHORT: 'whsec_aGlkZGVu', SMTP: 'https://hidden.test' },
  );
  expect(faults).toEqual([
    '0.url: must be an http or https URL',
    '0.secret: must be whsec_ and 24 to 64 bytes in Base64',
    '1.smtp: must be a URL that begins with smtp:// or smtps://',
  ]);
  expect(await faultsOf([{ ...WEBHOOK, secret: { secret: 'GONE' } }])).toEqual([
    '0.secret: secret GONE is not set (environment: HOLDPOINT_SECRET_GONE or GONE)',
  ]);
});
