import { SERVICES, type ServiceName } from '@holdpoint/shared/runtime/config';
import { signedDeliveries } from '../b2/deliveries.ts';
import { flood as deliver } from '../b2/send.ts';
import { flood } from '../b4/flood.ts';
import { overEntities } from '../load.ts';
import type { Child } from '../processes/child.ts';
import type { Servers } from '../servers.ts';
import { SOURCE, TENANT } from '../workspace.ts';
import { type Memory, memoryOf } from './memory.ts';

const LINES_PER_PLAN = 5;
/** Proposed at once; then its outcomes are waited for. */
const WAVE_ACTIONS = 2_000;
const ENTITIES = 1_000;
const CONNECTIONS = 8;
export const SAMPLES = 10;

export type RunningServices = Readonly<Record<ServiceName, Child & { readonly url: string }>>;

/** What each service held after each tenth of so many actions. A plan's event is delivered for each. */
export async function memoryOverActions(
  servers: Servers,
  services: RunningServices,
  actions: number,
  onSample: (done: number, seconds: number, memory: Readonly<Record<ServiceName, Memory>>) => void,
): Promise<Record<ServiceName, Memory[]>> {
  const memory: Record<ServiceName, Memory[]> = { ingest: [], evaluator: [], executor: [], approvals: [] };
  const startedAt = performance.now();
  for (let tenth = 1, done = 0; tenth <= SAMPLES; tenth += 1) {
    const until = Math.round((actions * tenth) / SAMPLES);
    while (done < until) {
      const count = Math.min(WAVE_ACTIONS, until - done);
      const deliveries = signedDeliveries(Math.ceil(count / LINES_PER_PLAN), {
        path: `/hooks/${TENANT}/${SOURCE}`,
        duplicateShare: 0,
      });
      // Of 1,000 entities in all: a lane that is used again and again is what a long life has.
      await Promise.all([
        flood(servers, overEntities(count, ENTITIES), LINES_PER_PLAN),
        deliver(services.ingest.url, deliveries, CONNECTIONS),
      ]);
      done += count;
    }
    const now: Partial<Record<ServiceName, Memory>> = {};
    for (const service of SERVICES) {
      now[service] = await memoryOf(services[service]);
      memory[service].push(now[service]);
    }
    onSample(done, (performance.now() - startedAt) / 1000, now as Record<ServiceName, Memory>);
  }
  return memory;
}
