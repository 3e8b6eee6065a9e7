import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createStopper } from '@holdpoint/shared/runtime/service';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { recordingLogger } from './recording-logger.ts';

const TINY = fileURLToPath(new URL('./tiny-service.ts', import.meta.url));
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function start(mode: string) {
  const child = spawn(process.execPath, [TINY, mode], { stdio: ['pipe', 'pipe', 'pipe'] });
  children.push(child);
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    said.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    said.err += chunk;
  });
  const exit = once(child, 'close').then(([code]) => code as number);
  const hears = (text: string) => vi.waitFor(() => expect(said.out).toContain(text), { timeout: 10_000 });
  return { child, said, exit, hears };
}

describe('runService', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('%s drains and ends with 0', async (signal) => {
    const { child, said, exit, hears } = start('well');
    await hears('is running');
    child.kill(signal);
    expect(await exit).toBe(0);
    expect(said.out).toMatch(/stopping\n[\s\S]*stopped\n/);
  });

  test('a repeated signal does not cut the drain short', async () => {
    const { child, exit, hears } = start('slow');
    await hears('is running');
    child.kill('SIGTERM');
    await hears('stopping');
    child.kill('SIGTERM');
    child.kill('SIGINT');
    child.stdin.write('go on\n');
    await hears('stopped\n');
    expect(await exit).toBe(0);
  });

  test('what another’s code leaves behind does not end the service that knows it for what it is', async () => {
    const { child, said, exit, hears } = start('runs-others');
    await hears('is running');
    await vi.waitFor(() => expect(said.out.match(/not ours/g)).toHaveLength(2));
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
  });

  test.each([
    ['drain', 'hangs', 'is running'],
    ['start', 'deaf', 'starting'],
  ])('a %s that never ends is ended, with 1, before ten seconds', async (_, mode, sign) => {
    const { child, said, exit, hears } = start(mode);
    await hears(sign);
    const startedAt = performance.now();
    child.kill('SIGTERM');
    expect(await exit).toBe(1);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(said.out).toContain('did not drain');
  });

  test('a bad configuration is one line on stderr and 78', async () => {
    const { said, exit } = start('bad-config');
    expect(await exit).toBe(78);
    expect(said.err).toBe('DATABASE_URL: is required\n');
  });

  test.each([
    ['fails', 'cannot start'],
    ['rejects-later', 'nobody caught this'],
    ['throws-later', 'JSON'],
  ])('a service that %s ends with 1 and says why', async (mode, why) => {
    const { said, exit } = start(mode);
    expect(await exit).toBe(1);
    const fatal = said.out.split('\n').find((line) => line.includes('"fatal"'));
    expect(JSON.parse(fatal ?? '{}').err.message).toContain(why);
  });

  test('a signal while it starts ends the start, with 0', async () => {
    const { child, exit, hears } = start('starting');
    await hears('starting');
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
  });
});

describe('createStopper', () => {
  test('stops in reverse, one after another, once; one that fails or hangs does not keep the rest', async () => {
    const { logger, lines } = recordingLogger();
    const stopper = createStopper(logger);
    const order: string[] = [];
    stopper.onStop('database', () => order.push('database'));
    stopper.onStop('nats', () => {
      order.push('nats');
      throw new Error('already gone');
    });
    stopper.onStop('workers', () => new Promise(() => order.push('workers')), 20);
    stopper.onStop('http', async () => {
      await new Promise(setImmediate);
      order.push('http');
    });
    await Promise.all([stopper.stop(), stopper.stop()]);
    expect(order).toEqual(['http', 'workers', 'nats', 'database']);
    const complaints = lines.map((line) => JSON.parse(line)).filter((line) => line.level === 'error');
    expect(complaints.map((line) => line.step)).toEqual(['workers', 'nats']);
  });
});
