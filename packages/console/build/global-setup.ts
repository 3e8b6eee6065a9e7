import { ensureBuilt } from './ensure-built.ts';

/** For tests that ask for the console: it is the one of these sources. */
export async function setup(): Promise<void> {
  await ensureBuilt();
}
