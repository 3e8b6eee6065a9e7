import { brotliCompressSync, gzipSync } from 'node:zlib';
import { readBuiltApp } from '@holdpoint/console/built-app';
import { expect, test } from 'vitest';
import { openDesk } from './desk.ts';

const COMPRESSED_MAX_BYTES = 200 * 1000;

test('the whole console is under 200 KB compressed, and is the one for people, not for developers', async () => {
  const built = await readBuiltApp();
  const files = [Buffer.from(built?.indexHtml ?? ''), ...(built?.assets ?? []).map(({ bytes }) => bytes)];
  const sum = (compress: (bytes: Buffer) => Buffer): number =>
    files.reduce((total, bytes) => total + compress(bytes).length, 0);
  const [gzip, brotli] = [sum(gzipSync), sum(brotliCompressSync)];
  console.log(`the console: ${gzip} bytes by gzip, ${brotli} by brotli, in ${files.length} files`);
  expect(files.length).toBeGreaterThan(8);
  expect(gzip).toBeLessThan(COMPRESSED_MAX_BYTES);
  expect(files.some((bytes) => bytes.includes('jsxDEV'))).toBe(false);
});

test('the first view is measured', async () => {
  const desk = await openDesk();
  const room = desk.room();
  for (let count = 0; count < 50; count += 1) await room.given();
  const { page } = await room.person('alice');
  const shownMs: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const from = performance.now();
    await page.goto('/', { waitUntil: 'commit' });
    await page.locator('.entry').nth(49).waitFor();
    shownMs.push(Math.round(performance.now() - from));
  }
  console.log(`the inbox with 50 requests is there after ${shownMs.join(', ')} ms`);
  await desk.close();
});
