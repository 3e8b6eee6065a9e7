import type { RunningService } from '@holdpoint/shared/runtime/service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, openBench } from './fixtures.ts';

let bench: Bench;
let service: RunningService;

beforeAll(async () => {
  bench = await openBench();
  service = await bench.start();
});
afterAll(() => bench?.stop());

const open = (path: string) => fetch(`${service.url}${path}`, { redirect: 'manual' });

describe('the console’s files', () => {
  it.each([
    '/',
    '/grants/new',
    '/approvals/0192f7c1-0000-7000-8000-000000000000',
    '/grants',
    '/actions/x',
    '/receipts',
    '/freezes',
  ])('%s is answered by the app’s document, which nothing keeps and nothing may be added to', async (path) => {
    const answer = await open(path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    const text = await answer.text();
    expect(text).toContain('<div id="app">');
    expect(text).not.toMatch(/<script(?! type="module" crossorigin src=)|\son[a-z]+=|style=|<style/i);
  });

  it('are named by their content, and kept', async () => {
    const text = await (await open('/grants')).text();
    const files = [...text.matchAll(/"(\/console\/assets\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(files.length).toBeGreaterThanOrEqual(3);
    for (const path of files) {
      const answer = await open(path);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('cache-control')).toContain('immutable');
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(answer.headers.get('content-type')).toMatch(/^(text\/javascript|text\/css|image\/svg)/);
    }
  });

  it('are all there is: what is no page is a problem of ours', async () => {
    for (const path of ['/console/assets/index-0.js', '/v1/nothing', '/nothing', '/approvals/a/b']) {
      const answer = await open(path);
      expect(answer.status).toBe(404);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
    }
  });
});
