import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { capped, createReloadKit, POLICIES, type ReloadKit } from './reload-kit.ts';

let kit: ReloadKit;
let service: RunningService;
let refusals = 0;
beforeAll(async () => {
  kit = await createReloadKit();
  service = await kit.start({ rulesLoadMaxMs: 8_000 });
});
afterAll(() => kit.stop());

describe('a changed workspace is refused, and what was in force stays, where it', () => {
  test.each<[string, string, string, RegExp]>([
    ['is no code', POLICIES, 'export default [', /policies\.ts cannot be loaded/],
    ['does not compile', POLICIES, "export default [{ id: 'bad', when: '1 +', decision: 'ALERT' }]", /policies\.ts/],
    [
      'waits for ever',
      POLICIES,
      `await new Promise(() => setInterval(() => {}, 1000)); ${capped(100)}`,
      /not within 8000 ms/,
    ],
    ['loops for ever', POLICIES, `for (;;); ${capped(100)}`, /not within 8000 ms/],
    ['ends its thread', POLICIES, `process.exit(0); ${capped(100)}`, /ended the thread/],
    ['is too large', POLICIES, `${capped(100)} //${'x'.repeat(1024 * 1024)}`, /at most/],
    ['imports what is not there', POLICIES, `import './nowhere.ts'; ${capped(100)}`, /nowhere\.ts/],
    [
      'fails a case',
      'tenants/acme/policies.cases.yaml',
      `cases:
  - name: large holds are permitted
    action: { connector: shop, tool: orders.hold, args: {}, value: 50, entity_key: e, idempotency_key: k }
    expect: { decision: ALLOW }`,
      /policies\.cases\.yaml:2.*large holds are permitted/,
    ],
  ])(
    '%s',
    async (_, file, text, said) => {
      const told = await kit.changes(service);
      const before = await kit.decide(service, 50);
      await kit.put(file, text);
      const rejected = await kit.rejectionOf(service);
      expect(rejected.issues.map((issue) => `${issue.file} ${issue.reason}`).join('\n')).toMatch(said);
      expect(await kit.decide(service, 50)).toMatchObject({ decision: 'BLOCK', policy_version: before.policy_version });
      const ready = await fetch(`${service.url}/readyz`);
      expect([ready.status, await ready.json()]).toMatchObject([200, { checks: { policies: 'rejected' } }]);
      expect(await (await fetch(`${service.url}/metrics`)).text()).toContain(
        `holdpoint_policy_reload_total{result="refused",service="evaluator"} ${++refusals}`,
      );
      expect(await kit.changes(service)).toHaveLength(told.length);
      await rm(join(kit.workspaceDir, 'tenants/acme/policies.cases.yaml'), { force: true });
      await kit.put(POLICIES, capped(100));
      const good = await kit.versionAfter(service, before.policy_version);
      expect((await kit.decide(service, 50)).decision).toBe('ALLOW');
      expect((await kit.policies(service)).rejected).toBeUndefined();
      await kit.put(POLICIES, capped(10));
      await kit.versionAfter(service, good);
    },
    60_000,
  );
});
