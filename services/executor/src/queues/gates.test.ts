import { createLogger } from '@holdpoint/shared/runtime/logger';
import { createMetrics } from '@holdpoint/shared/runtime/metrics';
import { afterEach, expect, test, vi } from 'vitest';
import { executorMetrics } from '../metrics.ts';
import type { Bell } from './bell.ts';
import type { GateStore } from './gate-store.ts';
import { createGates } from './gates.ts';

const REDIS_MS = 1_000_000;
const OPEN_SECONDS = 5;

afterEach(() => vi.useRealTimers());

test('a circuit that opens before Redis was asked for its time is open for no longer, however far ahead our clock is', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: REDIS_MS + 600_000 });
  let asked = 0;
  const swapped = Promise.withResolvers<string>();
  const store: GateStore = {
    take: async () => undefined,
    give: async () => {},
    hold: async () => {},
    async swapCircuit(_connector, _expected, next) {
      swapped.resolve(next);
      return undefined;
    },
    async look() {
      asked += 1;
      // The first look is the poll's, and is lost.
      if (asked === 1) throw new Error('Redis is away');
      return { nowMs: REDIS_MS, gates: [{ circuit: '', holds: new Map() }] };
    },
  };
  const gates = createGates({
    store,
    bell: { paused: async () => new Set(), rest: async () => {} } as Partial<Bell> as Bell,
    limits: new Map([['shop', { breaker: { minimumCalls: 1, openSeconds: OPEN_SECONDS } }]]),
    metrics: executorMetrics(createMetrics('executor')),
    notes: { note: () => {}, checks: () => ({}) },
    logger: createLogger({ service: 'test', level: 'silent', instance: 'test' }),
    everyMs: 60_000,
    rateLimitedMaxMs: 1_000,
    probeMaxMs: 1_000,
  });
  const { permit } = await gates.admit('shop', 'effect', 'acme');
  permit?.claimed('token');
  gates.heard('token', { kind: 'unknown' } as never);
  const { until } = JSON.parse(await swapped.promise);
  expect(until - REDIS_MS).toBeGreaterThanOrEqual(OPEN_SECONDS * 1000);
  expect(until - REDIS_MS).toBeLessThan(OPEN_SECONDS * 1000 + 5_000);
  await gates.stop();
});
