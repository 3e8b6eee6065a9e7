import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { seedAction } from './fixtures.ts';
import { becomes, executorHarness, type Harness } from './harness.ts';

let harness: Harness;
let child: ChildProcess | undefined;

beforeAll(async () => {
  harness = await executorHarness();
});
afterEach(() => {
  child?.kill('SIGKILL');
});
afterAll(() => harness.stop());

test('what a connector leaves behind, or its wish to exit, does not end the executor', async () => {
  const { url, lines } = await startMain();
  const token = 'tok_4711_secret';
  const seed = async (stray: string) => {
    const action = await seedAction(harness.db, { tool: 'secret', args: { stray, token } });
    await harness.decide([action]);
    return action;
  };
  for (const stray of ['rejection', 'timer', 'late exit']) {
    await becomes(harness.db, (await seed(stray)).id, 'applied');
  }
  for (const [stray, said] of [
    ['exit', 'connector alpha called process.exit, which ends nothing here'],
    ['abort', 'connector alpha called process.abort, which ends nothing here'],
  ] as const) {
    expect(await becomes(harness.db, (await seed(stray)).id, 'indeterminate')).toMatchObject({ error: said });
  }
  const counted = async () =>
    /stray_errors_total\{.*connector="alpha".*\} (\d+)/.exec(await (await fetch(`${url}/metrics`)).text())?.[1];
  await expect.poll(counted).toBe('3');
  expect(child?.exitCode).toBeNull();
  const strays = lines.filter((line) => line.includes('left an error behind'));
  expect(strays).toHaveLength(3);
  expect(strays.filter((line) => line.includes('stray of •••'))).toHaveLength(2);
  expect(lines.join('')).not.toContain(token);
  child?.kill('SIGTERM');
  expect(await once(child as ChildProcess, 'exit')).toEqual([0, null]);
}, 60_000);

/** The process as a supervisor starts it. */
async function startMain(): Promise<{ url: string; lines: string[] }> {
  const { databaseUrl, redisUrl, natsUrl, workspaceDir, secretEnvironment } = harness.config();
  child = spawn(process.execPath, [fileURLToPath(new URL('../src/main.ts', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH ?? '',
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      NATS_URL: natsUrl,
      HOLDPOINT_WORKSPACE: workspaceDir,
      PORT: '0',
      ...(secretEnvironment as Record<string, string>),
    },
  });
  const lines: string[] = [];
  const running = Promise.withResolvers<string>();
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    lines.push(line);
    if (line.includes('executor is running')) running.resolve(JSON.parse(line).url);
  });
  return { url: await running.promise, lines };
}
