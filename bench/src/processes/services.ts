import { join } from 'node:path';
import { freePort } from '@holdpoint/stack/port';
import { until } from '@holdpoint/stack/until';
import type { RunDatabase, Servers } from '../servers.ts';
import { type Child, startChild } from './child.ts';

const READY_MAX_MS = 30_000;

/** Starts a service as `npm start` does, in a process of its own, and waits until it is ready. */
export async function startService(
  service: 'ingest' | 'evaluator' | 'executor' | 'approvals',
  { stack, folder }: Servers,
  database: RunDatabase,
  workspaceDir: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Child & { readonly url: string }> {
  const port = await freePort();
  const child = await startChild({
    file: join('..', 'services', service, 'src', 'main.ts'),
    env: {
      DATABASE_URL: database.url,
      REDIS_URL: stack.redisUrl,
      NATS_URL: stack.natsUrl,
      HOLDPOINT_WORKSPACE: workspaceDir,
      HOST: '127.0.0.1',
      PORT: String(port),
      ...env,
    },
    logFile: join(folder, `${service}.log`),
  });
  const ready = await until(
    async () => {
      // Throws where it has ended.
      await child.heard('ready', 0);
      return isReady(`http://127.0.0.1:${port}/readyz`);
    },
    READY_MAX_MS,
    40,
  );
  if (ready) return { ...child, url: `http://127.0.0.1:${port}` };
  await child.stop();
  throw new Error(`the ${service} is not ready after ${READY_MAX_MS} ms`);
}

async function isReady(url: string): Promise<true | undefined> {
  try {
    const response = await fetch(url);
    await response.body?.cancel();
    return response.ok ? true : undefined;
  } catch {
    return undefined;
  }
}
