import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Decision } from '@holdpoint/shared/domain/action';
import type { PolicyChange, RejectedSet } from '@holdpoint/shared/domain/policy-change';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { createKit, type Kit, line, WORKSPACE } from './kit.ts';

export const POLICIES = 'tenants/acme/policies.ts';
/** Holds up to so much, and no more. */
export const capped = (cap: number, more = ''): string =>
  `export default [{ id: 'holds', connector: 'shop', tool: 'orders.hold', maxValue: ${cap}, decision: 'ALLOW' }]; ${more}`;

interface Shown {
  readonly version: string;
  readonly policies: readonly Record<string, unknown>[];
  readonly rejected?: RejectedSet;
}

export interface Change {
  readonly id: string;
  readonly version: string;
  readonly changes: readonly PolicyChange[];
}

export interface ReloadKit extends Kit {
  /** Writes a file of the workspace. */
  put(file: string, text: string): Promise<void>;
  get<T>(service: RunningService, path: string): Promise<T>;
  policies(service: RunningService): Promise<Shown>;
  /** Waits until others are in force. */
  versionAfter(service: RunningService, before: string): Promise<string>;
  rejectionOf(service: RunningService): Promise<RejectedSet>;
  changes(service: RunningService): Promise<readonly Change[]>;
  decide(service: RunningService, value: number): Promise<Decision>;
}

/** A workspace to be edited while evaluators run on it. */
export async function createReloadKit(): Promise<ReloadKit> {
  const kit = await createKit({ ...WORKSPACE, [POLICIES]: capped(10) });
  let plans = 0;

  async function get<T>(service: RunningService, path: string): Promise<T> {
    const answer = await fetch(`${service.url}${path}`, { headers: { authorization: `Bearer ${kit.keys.admin}` } });
    if (answer.status !== 200) throw new Error(await answer.text());
    return (await answer.json()) as T;
  }
  const policies = (service: RunningService) => get<Shown>(service, '/v1/policies');

  return {
    ...kit,
    get,
    policies,
    async put(file, text) {
      const path = join(kit.workspaceDir, file);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    },
    versionAfter: (service, before) =>
      kit.until(async () => {
        const { version } = await policies(service);
        return version !== before && version;
      }),
    rejectionOf: (service) => kit.until(async () => (await policies(service)).rejected),
    changes: async (service) => (await get<{ items: Change[] }>(service, '/v1/policies/changes')).items,
    async decide(service, value) {
      plans += 1;
      const actions = [line('orders.hold', { value })];
      const answer = await kit.post(service, '/v1/plans', { plan_id: `plan-${plans}`, operator: 'risk', actions });
      if (answer.status !== 200) throw new Error(await answer.text());
      return ((await answer.json()) as { decisions: [Decision] }).decisions[0];
    },
  };
}
