// Loaded before a service's own code (`node --import`): profiles the process between two messages, so that neither its start
// nor its idling counts; and tells what memory it holds.
import { Session } from 'node:inspector/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';
import { tell } from './tally.ts';
import type { Wanted } from './wanted.ts';

const EVERY_US = 500;

if (isMainThread) {
  const session = new Session();
  process.on('message', async ({ want }: Wanted) => {
    if (want === 'profile') {
      session.connect();
      await session.post('Profiler.enable');
      await session.post('Profiler.setSamplingInterval', { interval: EVERY_US });
      await session.post('Profiler.start');
      tell({ told: 'profiling' });
    } else if (want === 'profiled') {
      const { profile } = await session.post('Profiler.stop');
      session.disconnect();
      tell({ told: 'profiled', profile });
    } else if (want === 'memory') {
      collectGarbage();
      tell({ told: 'memory', heapBytes: process.memoryUsage().heapUsed });
    }
  });
  // A benchmark that was broken off leaves nobody behind.
  process.once('disconnect', () => process.exit(1));
  // The channel alone must not keep a process that is done.
  process.channel?.unref();
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
