import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { operatorEnvelope } from '@holdpoint/shared/domain/event';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Scorer, startScorer } from '../src/scoring/scorer.ts';

const logger = createLogger({ service: 'test', level: 'silent', instance: 'test' });
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'holdpoint-scorer-'));
  await mkdir(join(dir, 'connectors/shop'), { recursive: true });
  await mkdir(join(dir, 'tenants/acme'), { recursive: true });
  await mkdir(join(dir, 'lib'));
  await writeFile(
    join(dir, 'connectors/shop/tools.ts'),
    "export default { name: 'shop', tools: { hold: { risk: 'write' }, loop: { risk: 'write', value: () => { for (;;); } } } };",
  );
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const policies = (text: string) => writeFile(join(dir, 'tenants/acme/policies.ts'), text);
const start = () => startScorer({ workspaceDir: dir, logger, userCodeMaxMs: 200 });
const lineFor = (tool: string, value?: number) => ({
  connector: 'shop',
  tool,
  args: {},
  ...(value !== undefined && { value }),
  entity_key: 'e',
  idempotency_key: 'k',
});
async function codes(scorer: Scorer, lines: unknown[], tenant = 'acme'): Promise<(string | undefined)[]> {
  const env = operatorEnvelope('risk');
  const [answer] = await scorer.score([{ tenant, operator: 'risk', env, lines, now: new Date(0).toISOString() }]);
  return answer?.ok ? answer.lines.map(({ verdict }) => verdict.reasons[0]?.code) : [];
}

test('a fresh thread sees a change in a file that a policy imports, which a second import in process would miss', async () => {
  await policies(
    "import { cap } from '../../lib/cap.ts'; export default [{ tool: 'hold', maxValue: cap, decision: 'ALLOW' }];",
  );
  await writeFile(join(dir, 'lib/cap.ts'), 'export const cap = 10;');
  const before = await start();
  expect(await codes(before, [lineFor('hold', 50)])).toEqual(['max_value']);
  await writeFile(join(dir, 'lib/cap.ts'), 'export const cap = 100;');
  const after = await start();
  expect(await codes(after, [lineFor('hold', 50)])).toEqual(['allowed']);
  await Promise.all([before.stop(), after.stop()]);
});

test('several lines that loop for ever, in a policy and in a tool, are blocked one by one', async () => {
  await policies(
    "export default [{ connector: 'shop', when: (action) => { if (action.value === 7) for (;;); return true; }, decision: 'ALLOW' }];",
  );
  const scorer = await start();
  const lines = [lineFor('hold'), lineFor('hold', 7), lineFor('loop'), lineFor('hold', 1)];
  expect(await codes(scorer, lines)).toEqual(['allowed', 'policy_error', 'policy_error', 'allowed']);
  await scorer.stop();
});

test('a tenant that the workspace does not know is permitted nothing, reads included', async () => {
  const scorer = await start();
  expect(await codes(scorer, [lineFor('hold')], 'stranger')).toEqual(['unknown_tool']);
  await scorer.stop();
});

test('a workspace that does not compile is refused whole, with the policy and the field', async () => {
  await policies(
    "export default [{ tool: 'hold', decision: 'ALLOW' }, { id: 'bad', when: '1 +', decision: 'ALERT' }];",
  );
  await expect(start()).rejects.toThrow(/policies\.1\.when/);
});
