import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WRAPPER_FLAG } from './start-thread.ts';

describe('the flag that keeps ended threads from ending the process', () => {
  it('is one that this Node knows: set on a running process, a name that V8 has dropped would be passed over in silence', () => {
    const run = (flag: string) => spawnSync(process.execPath, [flag, '--eval', '0']).status;
    expect(run(WRAPPER_FLAG)).toBe(0);
    expect(run('--wasm-wrapper-no-such-flag=1')).not.toBe(0);
  });
});

describe('a thread with an environment of its own', () => {
  const PROGRAM =
    "data:text/javascript,import { getCompileCacheDir } from 'node:module'; console.log(getCompileCacheDir() ?? 'none')";
  const START = `import(${JSON.stringify(new URL('./start-thread.ts', import.meta.url).href)})
    .then(({ startThread }) => startThread(new URL(${JSON.stringify(PROGRAM)}), { env: {} }))`;

  it('reads back what Node compiled before, where the process does', () => {
    const said = (env: Record<string, string>) =>
      spawnSync(process.execPath, ['--eval', START], { env, encoding: 'utf8' }).stdout.trim();
    const folder = mkdtempSync(join(tmpdir(), 'holdpoint-compiled-'));
    try {
      expect(said({ NODE_COMPILE_CACHE: folder })).toContain(folder);
      expect(said({})).toBe('none');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
