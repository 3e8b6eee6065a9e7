import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { type FirstWords, threadReady } from './thread-ready.ts';

const words: FirstWords<string> = {
  loadMaxMs: 20_000,
  read(message) {
    if (typeof message !== 'string') throw new Error('broken');
    return message.startsWith('ready') ? message : undefined;
  },
  failure: (reason) => new Error(`it cannot be loaded: ${reason}`),
};
const thread = (code: string) =>
  new Worker(`const { parentPort } = require('node:worker_threads'); ${code}`, { eval: true });
const stays = 'setInterval(() => {}, 1000);';

test('answers with the first message that says it is ready, and lets the thread live', async () => {
  const worker = thread(
    `parentPort.on('message', (text) => parentPort.postMessage(text)); parentPort.postMessage('wait'); parentPort.postMessage('ready 1');`,
  );
  await expect(threadReady(worker, words)).resolves.toBe('ready 1');
  const echo = once(worker, 'message');
  worker.postMessage('still there');
  expect(await echo).toEqual(['still there']);
  expect(worker.listenerCount('message') + worker.listenerCount('error') + worker.listenerCount('exit')).toBe(0);
  await worker.terminate();
});

test.each([
  ['what it found wrong', `parentPort.postMessage({}); ${stays}`, words, 'broken'],
  ['its death', "throw new Error('boom');", words, 'it cannot be loaded: boom'],
  ['its end', 'process.exit(0);', words, 'it cannot be loaded: its code ended the thread'],
  ['its silence', stays, { ...words, loadMaxMs: 50 }, 'it cannot be loaded: not within 50 ms'],
  ['a loop', 'for (;;);', { ...words, loadMaxMs: 50 }, 'it cannot be loaded: not within 50 ms'],
])('is refused for %s, and the thread is ended', async (_what, code, limits, message) => {
  const worker = thread(code);
  const exit = new Promise((resolve) => worker.once('exit', resolve));
  await expect(threadReady(worker, limits)).rejects.toThrow(message);
  await exit;
});
