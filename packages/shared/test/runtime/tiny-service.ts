import { writeSync } from 'node:fs';
import { readConfig } from '@holdpoint/shared/runtime/config';
import { runService } from '@holdpoint/shared/runtime/service';

/** A service that a test starts as a process: how it starts and stops is its first argument. */
const mode = process.argv[2];
const say = (line: string) => writeSync(1, `${line}\n`);

await runService({
  name: 'tiny',
  handStray(error) {
    if (!(error instanceof Error) || error.message !== 'another’s') return false;
    say('not ours');
    return true;
  },
  async start(signal) {
    // Something to live for, as a server's socket is.
    const alive = setInterval(() => {}, 1_000);
    if (mode === 'bad-config') readConfig({}, 'ingest');
    if (mode === 'fails') throw new Error('cannot start');
    if (mode === 'starting') {
      say('starting');
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    }
    if (mode === 'deaf') {
      say('starting');
      await new Promise(() => {});
    }
    if (mode === 'rejects-later') setImmediate(() => void Promise.reject(new Error('nobody caught this')));
    if (mode === 'runs-others') {
      setImmediate(() => void Promise.reject(new Error('another’s')));
      setImmediate(() => {
        throw new Error('another’s');
      });
    }
    if (mode === 'throws-later') setImmediate(() => JSON.parse('{'));
    return {
      url: 'http://127.0.0.1:0',
      async stop() {
        say('stopping');
        if (mode === 'hangs') await new Promise(() => {});
        if (mode === 'slow') await new Promise((resolve) => process.stdin.once('data', resolve));
        clearInterval(alive);
        say('stopped');
      },
    };
  },
});
