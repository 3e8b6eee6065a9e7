import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import { connectNats, ensureStreams, isNatsLoss, publishAll } from '@holdpoint/shared/runtime/nats';
import { findNats, openNats } from '@holdpoint/stack/nats';
import { expect, onTestFinished, test } from 'vitest';
import { environment } from '../../scripts/start/config.ts';
import { openSmallDisk, type SmallDisk } from './small-disk.ts';

const ANSWER_MAX_MS = 300;

test('NATS on a full disk acknowledges nothing until it has space and was started again, loses nothing, and is told not to be ready', async (context) => {
  const dir = await mkdtemp(join(tmpdir(), 'holdpoint-disk-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  let disk: SmallDisk | undefined;
  const command = await findNats(environment());
  if (command === undefined) throw new Error('tests need NATS 2.10 or newer: none is installed here');
  const server = await openNats(command, dir, 'secret', () => {}, {
    async openDisk(folder) {
      disk = await openSmallDisk(folder);
      return disk && { within: disk.within, storeMaxBytes: 1024 ** 3 };
    },
  });
  onTestFinished(() => disk?.stop());
  onTestFinished(() => server.handle.stop());
  // See docs/decisions/0021-a-full-disk-where-it-can-be-had.md.
  if (disk === undefined) return context.skip('the machine lets nobody have a disk of its own');

  const logger = createLogger({ service: 'test', level: 'silent', instance: 'test' });
  const nats = await connectNats({ url: server.url, name: 'test', logger });
  onTestFinished(() => nats.close());
  await ensureStreams(nats.jsm, [{ name: 'S', subjects: ['s.*'], storage: 'file' }], logger);
  const body = 'x'.repeat(10_000);
  const send = () => nats.js.publish('s.a', body, { timeout: ANSWER_MAX_MS });
  await publishAll(nats.js, [{ subject: 's.a', body }]);
  await nats.ping();

  expect(await disk.fill()).toBe(true);
  await expect(send()).rejects.toSatisfy(isNatsLoss);
  await expect(nats.ping()).rejects.toThrow('not stored');
  await disk.free();
  await expect(send()).rejects.toSatisfy(isNatsLoss);
  await server.handle.restart();
  await expect
    .poll(
      () =>
        nats.ping().then(
          () => true,
          () => false,
        ),
      { timeout: 20_000, interval: 50 },
    )
    .toBe(true);
  await publishAll(nats.js, [{ subject: 's.a', body }]);
  expect((await nats.jsm.streams.info('S')).state.messages).toBe(2);
});
