import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TenantRules } from '@holdpoint/policy/compile/tenant-rules';
import { evaluate } from '@holdpoint/policy/decide/evaluate';
import { operatorEnvelope } from '@holdpoint/shared/domain/event';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadCandidate } from './load-candidate.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'holdpoint-candidate-'));
  await mkdir(join(dir, 'connectors/shop'), { recursive: true });
  await mkdir(join(dir, 'tenants/acme'), { recursive: true });
  const tools = "export default { name: 'shop', tools: { hold: { risk: 'write' }, ship: { risk: 'write' } } };";
  await writeFile(join(dir, 'connectors/shop/tools.ts'), tools);
  await writeFile(join(dir, 'tenants/acme/policies.ts'), "export default [{ tool: 'hold', decision: 'ALLOW' }];");
  await writeFile(join(dir, 'tenants/acme/grants.ts'), "export default [{ operator: 'bot', tools: ['shop:*'] }];");
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function candidate(name: string, text: string): Promise<TenantRules> {
  await writeFile(join(dir, name), text);
  return loadCandidate({ workspaceDir: dir, tenant: 'acme', file: join(dir, name) });
}

function decide({ policies, tools, grants, hooks }: TenantRules, tool: string, operator = 'bot', value = 0): string {
  const line = { connector: 'shop', tool, args: {}, value, entity_key: 'e', idempotency_key: 'k' };
  const env = operatorEnvelope(operator);
  return evaluate({ line, operator, env, policies, tools, grants, hooks, now: new Date(0) }).verdict.decision;
}

test('the policies of a file stand in place of the tenant’s own, over its grants and tools', async () => {
  const rules = await candidate('policies.json', '[{ "tool": "ship", "decision": "ALERT" }]');
  expect(decide(rules, 'ship')).toBe('ALERT');
  expect(decide(rules, 'hold')).toBe('BLOCK');
  expect(decide(rules, 'ship', 'stranger')).toBe('BLOCK');
});

test('a file of code keeps its functions, and another content is another version', async () => {
  const small = await candidate('small.ts', "export default [{ when: (a) => a.value < 5, decision: 'ALLOW' }];");
  expect([decide(small, 'ship', 'bot', 4), decide(small, 'ship', 'bot', 5)]).toEqual(['ALLOW', 'BLOCK']);
  const other = await candidate('other.ts', "export default [{ when: (a) => a.value < 6, decision: 'ALLOW' }];");
  expect(small.policies.version).toMatch(/^c-[0-9a-f]{16}$/);
  expect(other.policies.version).not.toBe(small.policies.version);
});

test('what cannot be used is refused by name', async () => {
  await expect(candidate('text.json', 'not json')).rejects.toThrow(/text\.json: is not JSON/);
  await expect(candidate('shape.json', '[{ "decision": "PERHAPS" }]')).rejects.toThrow(/shape\.json: 0\.decision/);
  const absent = { workspaceDir: dir, tenant: 'acme', file: join(dir, 'absent.ts') };
  await expect(loadCandidate(absent)).rejects.toThrow(/absent\.ts: is missing/);
  const stranger = { workspaceDir: dir, tenant: 'stranger', file: join(dir, 'small.ts') };
  await expect(loadCandidate(stranger)).rejects.toThrow(/tenants\/stranger: there is no such tenant/);
});
