import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type Environment, onPath } from './binaries.ts';
import { environment } from './config.ts';
import { isRoot } from './identity.ts';
import type { Log } from './server.ts';

const APT_DEADLINE_MS = 300_000;
// Two that install at once wait for each other.
const APT_OPTIONS = ['-o', 'DPkg::Lock::Timeout=60', '-o', 'Dpkg::Use-Pty=0'];
const run = promisify(execFile);

/** On Debian as root; elsewhere, and where it cannot be had, nothing happens but a line of log. */
export async function installByApt(name: string, env: Environment, log: Log): Promise<void> {
  const apt = await onPath('apt-get', env);
  if (apt === undefined || !isRoot() || !(await isDebian())) return;
  log(`${name}: none on the PATH, installing it with apt-get`);
  await install(apt, name).catch(() => log(`${name}: apt-get could not install it`));
}

function isDebian(): Promise<boolean> {
  return access('/etc/debian_version').then(
    () => true,
    () => false,
  );
}

async function install(apt: string, name: string): Promise<void> {
  const env = { ...environment(), DEBIAN_FRONTEND: 'noninteractive' };
  const options = { timeout: APT_DEADLINE_MS, env };
  const once = () => run(apt, [...APT_OPTIONS, 'install', '-y', '--no-install-recommends', name], options);
  await once().catch(async () => {
    // A fresh image has no package lists yet.
    await run(apt, [...APT_OPTIONS, 'update'], options);
    await once();
  });
}
