// The only file that must run on whatever Node is on the PATH (>= 20): it installs what the lockfile names when that
// changed, then hands over to the Node that the lockfile pins, which runs TypeScript as it is. package.json `exec`s it: a
// shell in between would die of a signal without passing it on, and npm would call that a failure.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PNPM = 'pnpm@12.21.0';
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
/** What Node compiled once it reads back: a service starts in half of the time. */
const compiled = join(root, 'node_modules', '.cache', 'compiled');

const [name, ...args] = process.argv.slice(2);
/** Does nothing where it is current. */
const BUILD_CONSOLE = ['packages/console/build/main.ts'];
const commands = {
  start: [BUILD_CONSOLE, ['scripts/start.ts', ...args]],
  holdpoint: [['packages/cli/src/main.ts', ...args]],
  chaos: [['scripts/chaos.ts', ...args]],
  generate: [['scripts/generate.ts', ...args]],
  bench: [['bench/src/main.ts', ...args]],
  test: [BUILD_CONSOLE, ['node_modules/vitest/vitest.mjs', 'run', ...args]],
  check: [
    ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings'],
    ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json'],
    ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'packages/console/tsconfig.json'],
    ['scripts/generate.ts', '--check'],
    ['node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', 'test/house'],
  ],
};
if (!Object.hasOwn(commands, name ?? '')) {
  console.error(`usage: node scripts/run.mjs ${Object.keys(commands).join('|')} [args]`);
  process.exit(2);
}

install();
for (const command of commands[name]) {
  const code = await run(command);
  if (code !== 0) process.exit(code);
}

/** Installs from the lockfile when node_modules was not made from this very lockfile. */
function install() {
  const stampFile = join(root, 'node_modules', '.installed-from');
  const stamp = createHash('sha256')
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .digest('hex');
  if (existsSync(node) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  console.error('holdpoint: installing dependencies…');
  const done = spawnSync('npx', ['--yes', PNPM, 'install', '--frozen-lockfile', '--reporter=append-only'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (done.status !== 0) {
    console.error('holdpoint: the install failed; the lines above say why');
    process.exit(done.status ?? 1);
  }
  writeFileSync(stampFile, stamp);
}

/** Runs one command on the pinned Node; signals reach it, and its exit code is ours. */
function run(command) {
  return new Promise((resolve) => {
    const child = spawn(node, command, {
      cwd: root,
      stdio: 'inherit',
      env: { NODE_COMPILE_CACHE: compiled, ...process.env, PATH: `${dirname(node)}:${process.env.PATH ?? ''}` },
    });
    // A terminal's Ctrl-C reaches the child twice, by itself and through here: what drains must take the second as the first.
    const passOn = (signal) => child.kill(signal);
    process.on('SIGTERM', passOn);
    process.on('SIGINT', passOn);
    child.on('exit', (code, signal) => {
      process.off('SIGTERM', passOn);
      process.off('SIGINT', passOn);
      resolve(code ?? (signal === 'SIGINT' || signal === 'SIGTERM' ? 0 : 1));
    });
  });
}
