import { type ChildProcess, spawn } from 'node:child_process';
import { type Harness, SECRET } from './harness.ts';

/** An instance in a process of its own, for what only a process can suffer. Whoever starts it ends it. */
export function startProcess({ servers, workspaceDir }: Harness, over: Record<string, string> = {}): ChildProcess {
  const main = new URL('../src/main.ts', import.meta.url).pathname;
  return spawn(process.execPath, [main], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
      DATABASE_URL: servers.databaseUrl,
      REDIS_URL: 'redis://127.0.0.1:1',
      NATS_URL: servers.natsUrl,
      HOLDPOINT_WORKSPACE: workspaceDir,
      PORT: '0',
      PAYMENTS: SECRET,
      ...over,
    },
  });
}

/** From the line that says that it runs. */
export function urlOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = /"url":"([^"]+)"/.exec(text);
      if (found?.[1]) resolve(found[1]);
    });
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${text}`)));
  });
}
