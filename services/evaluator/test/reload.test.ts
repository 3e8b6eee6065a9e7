import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Decision } from '@holdpoint/shared/domain/action';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { line } from './kit.ts';
import { type Change, capped, createReloadKit, POLICIES, type ReloadKit } from './reload-kit.ts';

let kit: ReloadKit;
beforeEach(async () => {
  kit = await createReloadKit();
});
afterEach(() => kit.stop());

test('an edit decides from the next batch on, and is told of once', async () => {
  const service = await kit.start();
  const before = await kit.decide(service, 50);
  expect(before.reasons[0]?.code).toBe('max_value');
  await kit.put(POLICIES, capped(100));
  const version = await kit.versionAfter(service, before.policy_version);
  expect(await kit.decide(service, 50)).toMatchObject({ decision: 'ALLOW', policy_version: version });
  expect(await kit.changes(service)).toMatchObject([
    {
      version,
      changes: [
        { code: 'policies_changed', message: `${version} takes the place of ${before.policy_version}` },
        { code: 'now_looser', message: 'shop orders.hold over 10 up to 100: BLOCK → ALLOW' },
        { code: 'policy_changed', policy: 'holds', message: 'holds has another maxValue' },
      ],
    },
    { version: before.policy_version, changes: [{ code: 'policies_changed' }, { code: 'policy_added' }] },
  ]);
});

test('an edit of what a policy imports is one of the policy, and has a version of its own', async () => {
  await kit.put('lib/cap.ts', 'export const cap = 10;');
  await kit.put('lib/caps.ts', "export { cap } from './cap.ts';");
  await kit.put(
    POLICIES,
    `import { cap } from '../../lib/caps.ts'; ${capped(0).replace('maxValue: 0', 'maxValue: cap')}`,
  );
  const service = await kit.start();
  const before = await kit.decide(service, 50);
  expect(before.decision).toBe('BLOCK');
  await kit.put('lib/cap.ts', 'export const cap = 100;');
  await kit.versionAfter(service, before.policy_version);
  expect((await kit.decide(service, 50)).decision).toBe('ALLOW');
});

test('a file that is gone for a moment, as editors save, changes nothing', async () => {
  await kit.put('tenants/other/policies.ts', capped(1));
  const service = await kit.start();
  const { version } = await kit.policies(service);
  const [file, aside] = [join(kit.workspaceDir, POLICIES), join(kit.workspaceDir, '../aside.ts')];
  await rename(file, aside);
  const seen: Decision[] = [];
  const until = performance.now() + 1_000;
  while (performance.now() < until) seen.push(await kit.decide(service, 5));
  await rename(aside, file);
  await kit.put('tenants/other/policies.ts', capped(2));
  await kit.put('tenants/acme/grants.ts', "export default [{ operator: 'risk', tools: ['shop:*'] }];");
  await kit.versionAfter(service, version);
  expect(new Set(seen.map(({ decision }) => decision))).toEqual(new Set(['ALLOW']));
  expect(await kit.changes(service)).toHaveLength(2);
});

test('a thread that is replaced while a refused edit lies on the disk comes back with what is in force', async () => {
  await kit.put(
    POLICIES,
    capped(10).replace(
      "decision: 'ALLOW'",
      'when: (action) => { if (action.value === 7) for (;;); return true; }, decision: "ALLOW"',
    ),
  );
  const service = await kit.start();
  const { policy_version } = await kit.decide(service, 5);
  await kit.put(POLICIES, 'export default [');
  await kit.rejectionOf(service);
  expect(await kit.decide(service, 7)).toMatchObject({ decision: 'BLOCK', policy_version });
  expect(await kit.decide(service, 5)).toMatchObject({ decision: 'ALLOW', policy_version });
});

test('under load nothing is lost or decided twice while policies change twenty times, and versions never go back', async () => {
  const service = await kit.start();
  const versions = [(await kit.policies(service)).version];
  let sent = 0;
  let reloading = true;
  const load = (async () => {
    while (reloading) {
      await Promise.all(
        Array.from({ length: 20 }, () => {
          sent += 1;
          return kit.publish({
            plan_id: `load-${sent}`,
            actions: [line('orders.hold', { value: 50 }), line('orders.hold', { value: 5 })],
          });
        }),
      );
      await kit.decide(service, 50);
    }
  })();
  for (let cap = 11; cap <= 30; cap += 1) {
    await kit.put(POLICIES, capped(cap));
    versions.push(await kit.versionAfter(service, versions.at(-1) as string));
  }
  reloading = false;
  await load;
  const rows = await kit.until(async () => {
    const found = await kit.db
      .selectFrom('actions')
      .select(['plan', 'plan_id', 'policy_version', 'decided_at', 'decision'])
      .where('plan_id', 'like', 'load-%')
      .orderBy('decided_at')
      .execute();
    return found.length === sent * 2 && found;
  });
  expect(new Set(rows.map(({ plan_id }) => plan_id)).size).toBe(sent);
  expect(rows.map(({ decision }) => decision).filter((one) => one === 'ALLOW')).toHaveLength(sent);
  const order = rows.map(({ policy_version }) => versions.indexOf(policy_version));
  expect(order).toEqual([...order].sort((a, b) => a - b));
  expect(new Set(order).size).toBeGreaterThan(10);
  expect(new Set(rows.map(({ plan, policy_version }) => `${plan} ${policy_version}`)).size).toBe(sent);
  expect(await kit.changes(service)).toHaveLength(21);
}, 120_000);

test('of three instances one tells of each change, and there and back is two', async () => {
  const services = await Promise.all([kit.start(), kit.start(), kit.start()]);
  const first = services[0] as RunningService;
  const { version: a } = await kit.policies(first);
  const all = (before: string) => Promise.all(services.map((service) => kit.versionAfter(service, before)));
  await kit.put(POLICIES, capped(100));
  const [b = ''] = await all(a);
  await kit.put(POLICIES, capped(10));
  expect(await all(b)).toEqual([a, a, a]);
  expect((await kit.changes(first)).map(({ version }) => version)).toEqual([a, b, a]);
  await kit.start();
  expect(await kit.changes(first)).toHaveLength(3);
  const page = await kit.get<{ items: Change[]; next_cursor: string }>(first, '/v1/policies/changes?limit=2');
  const next = await kit.get<{ items: Change[]; next_cursor?: string }>(
    first,
    `/v1/policies/changes?cursor=${page.next_cursor}`,
  );
  expect([...page.items, ...next.items]).toEqual(await kit.changes(first));
  expect(next.next_cursor).toBeUndefined();
});

test('a tenant that is taken out of the workspace is permitted nothing any more, and told of', async () => {
  await kit.put('tenants/other/policies.ts', capped(1));
  const service = await kit.start();
  const { version } = await kit.policies(service);
  await rm(join(kit.workspaceDir, 'tenants/acme'), { recursive: true });
  expect(await kit.versionAfter(service, version)).toBe('none');
  expect((await kit.decide(service, 5)).decision).toBe('BLOCK');
  expect(await kit.changes(service)).toMatchObject([
    {
      version: 'none',
      changes: [
        { message: `${version} is withdrawn: the tenant has no policies any more` },
        { code: 'policy_removed' },
      ],
    },
    {},
  ]);
});
