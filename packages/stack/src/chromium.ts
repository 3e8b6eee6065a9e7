import { installByApt } from './apt.ts';
import { type Environment, isExecutable, onPath } from './binaries.ts';
import type { Log } from './server.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'] as const;

/** `CHROMIUM_PATH`, else on the PATH; on Debian as root it is installed when it is not there yet. */
export async function findChromium(env: Environment, log: Log): Promise<string | undefined> {
  const { CHROMIUM_PATH: given } = env;
  if (given) return (await isExecutable(given)) ? given : undefined;
  const found = await chromiumOnPath(env);
  if (found !== undefined) return found;
  await installByApt('chromium', env, log);
  return chromiumOnPath(env);
}

async function chromiumOnPath(env: Environment): Promise<string | undefined> {
  const found = await Promise.all(NAMES.map((name) => onPath(name, env)));
  return found.find((file) => file !== undefined);
}
