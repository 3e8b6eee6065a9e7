import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const TOOLS = (name: string) => `export default { name: '${name}', tools: {
  'read': { risk: 'read' },
  'set': { risk: 'write', idempotent: true },
  'blind': { risk: 'write', timeoutMs: 1000 },
  'pay': { risk: 'write', value: (args) => args.amount, secretArgs: ['card'] },
  'drop': { risk: 'destructive' },
} };`;

const RUN = `
const call = async (args, ctx) => {
  const answer = await ctx.fetch(ctx.config.baseUrl + '/' + (args.n ?? ''), {
    method: 'POST',
    headers: { 'idempotency-key': ctx.idempotencyKey ?? '', 'x-entity': ctx.entityKey ?? '' },
  });
  const failure = (name, message) => Object.assign(new Error(message), { name });
  if (answer.status === 429) throw failure('Retryable', 'the far end is busy');
  if (answer.status >= 500) throw new Error('the far end answered ' + answer.status);
  if (answer.status >= 400) throw failure('Terminal', 'the far end refused with ' + answer.status);
  return answer.json();
};
export default { run: { read: call, set: call, blind: call, pay: call, drop: call } };`;

const POLICIES = `export default [
  { id: 'sets', tool: 'set', maxValue: 500, decision: 'ALLOW' },
  { id: 'blinds', tool: 'blind', decision: 'ALLOW' },
  { id: 'pays', tool: 'pay', decision: 'ALERT', escalation: { audience: 'reviewer' } },
  { id: 'soon', tool: 'pay', when: (action) => action.args.soon === true, decision: 'ALERT', escalation: { audience: 'reviewer', ttlSeconds: 1 } },
];`;

/** A workspace that imports nothing, outside the repository: two connectors over one far end, one tenant. `more`: by path. */
export async function writeFixtureWorkspace(
  baseUrl: string,
  more: Readonly<Record<string, string>> = {},
): Promise<{ dir: string; remove(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'holdpoint-e2e-'));
  const own = `{ config: { baseUrl: '${baseUrl}' } }`;
  const files = {
    'connectors/shop/tools.ts': TOOLS('shop'),
    'connectors/shop/run.ts': RUN,
    'connectors/desk/tools.ts': TOOLS('desk'),
    'connectors/desk/run.ts': RUN,
    'tenants/acme/policies.ts': POLICIES,
    'tenants/acme/connectors.ts': `export default { shop: ${own}, desk: ${own} };`,
    'tenants/acme/sources.ts': "export default [{ id: 'github', provider: 'github', secrets: ['its-a-secret'] }];",
    ...more,
  };
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await writeFile(join(dir, file), text);
  }
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
}
