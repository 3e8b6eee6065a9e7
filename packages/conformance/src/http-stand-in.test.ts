import { afterEach, expect, test } from 'vitest';
import { type HttpStandIn, startHttpStandIn } from './http-stand-in.ts';
import type { Fault } from './spec.ts';

let standIn: HttpStandIn;
let made = 0;
afterEach(() => standIn.close());

async function suffering(fault: Fault) {
  made = 0;
  standIn = await startHttpStandIn({
    handle({ method }) {
      if (method !== 'GET') made += 1;
      return { status: 201, body: { made } };
    },
    rateLimited: (seconds) => ({ status: 429, headers: { 'retry-after': String(seconds) } }),
    exhausted: (response) => ({ ...response, headers: { 'x-left': '0' } }),
  });
  standIn.fault(fault, 'effect');
  expect((await fetch(standIn.url)).status, 'a read is spared').toBe(201);
  const headers = { authorization: 'Bearer key' };
  return fetch(standIn.url, { method: 'POST', headers, body: 'x', signal: AbortSignal.timeout(300) });
}

test.each([
  ['rate_limited', 429, 0],
  ['error_before', 500, 0],
  ['error_after', 500, 1],
  ['garbled', 200, 1],
  ['exhausted', 201, 1],
  ['echo', 400, 0],
] as const)('%s is answered with %i, and applied %i times', async (fault, status, applied) => {
  const response = await suffering(fault);
  expect(response.status).toBe(status);
  expect(made).toBe(applied);
  expect((await response.text()).includes('Bearer key')).toBe(fault === 'echo');
  expect((await fetch(standIn.url, { method: 'POST' })).status, 'once only').toBe(201);
});

test.each([
  ['silence_before', 0],
  ['silence_after', 1],
  ['reset_before', 0],
  ['reset_after', 1],
] as const)('%s gives no answer, and is applied %i times', async (fault, applied) => {
  await expect(suffering(fault)).rejects.toThrow();
  expect(made).toBe(applied);
});

test('cut_short is applied, and its answer cannot be read to its end', async () => {
  const response = await suffering('cut_short');
  expect(response.status).toBe(201);
  await expect(response.json()).rejects.toThrow();
  expect(made).toBe(1);
});
