import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { WRAPPER_FLAG } from './start-thread.ts';

describe('the flag that keeps ended threads from ending the process', () => {
  it('is one that this Node knows: set on a running process, a name that V8 has dropped would be passed over in silence', () => {
    const run = (flag: string) => spawnSync(process.execPath, [flag, '--eval', '0']).status;
    expect(run(WRAPPER_FLAG)).toBe(0);
    expect(run('--wasm-wrapper-no-such-flag=1')).not.toBe(0);
  });
});
