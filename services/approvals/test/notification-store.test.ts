import type { Notice } from '@holdpoint/shared/domain/notification';
import { CONSUMERS } from '@holdpoint/shared/messages/consumers';
import { STREAMS } from '@holdpoint/shared/messages/streams';
import { approvalSubject, deadSubject } from '@holdpoint/shared/messages/subjects';
import { newId } from '@holdpoint/shared/runtime/ids';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import { connectNats } from '@holdpoint/shared/runtime/nats';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addNotifications } from '../src/store/add-notifications.ts';
import { type ClaimedNotification, claimNotifications } from '../src/store/claim-notifications.ts';
import { endAttempt } from '../src/store/end-attempt.ts';
import { pruneNotifications } from '../src/store/prune-notifications.ts';
import { type Bench, call, eventually, givenApp, givenApproval, openBench, TENANT } from './fixtures.ts';
import { givenChannels, startReceiver, WEBHOOK_SECRET } from './receivers.ts';

let bench: Bench;
let approval: string;

beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.stop());
beforeEach(async () => {
  await bench.owner.deleteFrom('notifications').execute();
  approval = (await givenApproval(bench.owner)).approvalId;
});

const add = (notice: Notice, ended: readonly string[] = []) =>
  addNotifications(bench.db, [{ id: newId(), tenant: TENANT, approval, channel: 'desk', notice }], ended);
const claim = (leaseMs = 60_000, resting: readonly string[] = []) =>
  claimNotifications(bench.db, { limit: 10, leaseMs, resting });

async function claimOne(leaseMs?: number): Promise<ClaimedNotification> {
  const [claimed] = await claim(leaseMs);
  if (!claimed) throw new Error('nothing was due');
  return claimed;
}

describe('a notification', () => {
  it('is added once, whoever adds it', async () => {
    const added = await Promise.all(Array.from({ length: 10 }, () => add('requested')));
    expect(added.filter((count) => count === 1)).toHaveLength(1);
  });

  it('is claimed by one of those who look at once', async () => {
    await add('requested');
    const claims = await Promise.all(Array.from({ length: 10 }, () => claim()));
    expect(claims.flat()).toHaveLength(1);
  });

  it('whose sender died is sent by another, and the dead one records nothing', async () => {
    await add('requested');
    const dead = await claimOne(0);
    const alive = await claimOne();
    expect(alive).toMatchObject({ id: dead.id, attempts: 2 });
    expect(await endAttempt(bench.db, dead, { as: 'failed', error: 'late' })).toBe(false);
    expect(await endAttempt(bench.db, alive, { as: 'sent', receipt: undefined })).toBe(true);
    expect(await claim()).toEqual([]);
  });

  it('of an ending waits for what is being sent to its channel, and hurries what only waits', async () => {
    await add('requested');
    const asking = await claimOne();
    await add('granted', [approval]);
    expect(await claim()).toEqual([]);
    await endAttempt(bench.db, asking, { as: 'due', error: 'busy', afterMs: 3_600_000, counts: true });
    expect((await claimOne()).notice).toBe('granted');
    await add('denied', [approval]);
    expect((await claim()).map(({ notice }) => notice)).toEqual(['requested']);
  });

  it('to a channel that rests is left alone', async () => {
    await add('requested');
    expect(await claim(60_000, [`${TENANT}/desk`])).toEqual([]);
    expect(await claim(60_000, [`${TENANT}/other`])).toHaveLength(1);
  });

  it('goes some time after it ended, unless its approval still waits', async () => {
    await add('requested');
    await endAttempt(bench.db, await claimOne(), { as: 'sent', receipt: { ts: '1' } });
    const monthAgo = new Date(Date.now() - 31 * 24 * 3_600_000);
    await bench.owner.updateTable('notifications').set({ ended_at: monthAgo }).execute();
    expect(await pruneNotifications(bench.db, 30, 10)).toBe(0);
    await bench.owner.updateTable('approvals').set({ status: 'denied' }).where('id', '=', approval).execute();
    expect(await pruneNotifications(bench.db, 32, 10)).toBe(0);
    expect(await pruneNotifications(bench.db, 30, 10)).toBe(1);
  });
});

it('a fact that is none is dead-lettered, and holds up no other', async () => {
  const receiver = await startReceiver();
  const workspace = await givenChannels([{ id: 'desk', type: 'webhook', url: receiver.url, secret: WEBHOOK_SECRET }]);
  const { url } = await bench.start({ noticeSweepMs: 3_600_000 }, workspace.environment);
  const logger = createLogger({ service: 'test', level: 'silent', instance: 'test' });
  const nats = await connectNats({ url: bench.servers.natsUrl, name: 'test', logger });
  const operator = await givenApp(bench.owner, ['plan']);
  const ask = async () =>
    (await call(url, operator, 'POST', '/v1/approvals', { reason: 'x', audience: 'reviewer' })).body.id;
  const heard = (id: string) =>
    eventually('it is told', () => receiver.received.find(({ body }) => body.data.id === id));
  await heard(await ask());
  const subject = approvalSubject(TENANT, 'requested', 'order-risk');
  const hostile: (string | Uint8Array)[] = [
    '',
    'nonsense',
    JSON.stringify({ id: approval, tenant: 'bazaar' }),
    JSON.stringify({ id: 'x' }),
    JSON.stringify({ id: [approval], tenant: TENANT }),
    JSON.stringify({ id: `${approval}\0`, tenant: TENANT }),
    new Uint8Array([0x22, 0xff, 0x22]),
    '['.repeat(1024 * 1024),
  ];
  for (const body of hostile) await nats.js.publish(subject, body);
  // Of an approval that is not there, and of tenants that cannot be: there is nobody to tell.
  for (const tenant of ['__proto__', '*', 'x'.repeat(3_000)]) {
    await nats.js.publish(approvalSubject(tenant, 'requested', 'risk'), JSON.stringify({ id: newId(), tenant }));
  }
  await nats.js.publish(approvalSubject('*', 'requested', 'risk'), '{}');
  await nats.js.publish(
    approvalSubject(TENANT, '__proto__' as 'requested', 'risk'),
    JSON.stringify({ id: newId(), tenant: TENANT }),
  );
  await heard(await ask());
  const subjects = await eventually('they are dead-lettered', async () => {
    const { state } = await nats.jsm.streams.info(STREAMS.DEAD.name, { subjects_filter: '>' });
    return state.messages === hostile.length + 1 ? state.subjects : undefined;
  });
  expect(subjects).toEqual({
    [deadSubject('APPROVALS', TENANT)]: hostile.length,
    [deadSubject('APPROVALS', '')]: 1,
  });
  const { stream, config } = CONSUMERS.notices;
  const held = async () => (await nats.jsm.consumers.info(stream, config.durable_name)).num_ack_pending;
  await eventually('none is left', async () => (await held()) === 0);
  await nats.close();
  await receiver.close();
  await workspace.remove();
});
