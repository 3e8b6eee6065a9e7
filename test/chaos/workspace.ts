import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CONNECTORS, TENANT } from './core/traffic.ts';

export const CALL_TIMEOUT_MS = 1_000;
export const GITHUB_SECRET = 'github-9c1e-kept';
export const STANDARD_SECRET = `whsec_${Buffer.from('a secret of a campaign, 32 bytes').toString('base64')}`;
const CREDENTIAL = 'credential-4d7b-kept';

/** What is to be found nowhere: by what it looks like. A token of a person begins with its header. */
export const secretsOfCampaign: readonly RegExp[] = [
  /-kept\b/,
  new RegExp(STANDARD_SECRET.replace('whsec_', '')),
  /\bhp_chaos_/,
  /\beyJhbGci/,
];

/** Declares neither `idempotent` nor `reconcile`: what is lost of them, a person settles. */
const PLAIN_TOOLS = ['blind', 'pay', 'drop', 'capped'] as const;
export const plainTools = ofEveryConnector(PLAIN_TOOLS);
/** What is lost of them, the executor asks the far end about. */
export const askedTools = ofEveryConnector(['asked']);

/** Its calls can be repeated, so that nothing but a person's word says of what was done that it was not. */
export const limited = { tool: 'few', count: 1, perMs: 10_000 } as const;

function ofEveryConnector(tools: readonly string[]): ReadonlySet<string> {
  return new Set(CONNECTORS.flatMap((connector) => tools.map((tool) => `${connector}:${tool}`)));
}

const tools = (name: string): string => `
const quick = { secretArgs: ['card'], timeoutMs: ${CALL_TIMEOUT_MS}, retry: { attempts: 6, minDelayMs: 30, maxDelayMs: 800 } };
export default { name: '${name}', tools: {
  look: { risk: 'read', ...quick },
  safe: { risk: 'write', idempotent: true, ...quick },
  asked: { risk: 'write', ...quick },
  blind: { risk: 'write', ...quick },
  pay: { risk: 'write', ...quick },
  capped: { risk: 'write', ...quick },
  few: { risk: 'write', idempotent: true, ...quick },
  drop: { risk: 'destructive', ...quick },
} };
`;

const run = (name: string): string => `
const failure = (name, message) => Object.assign(new Error(message), { name });
const call = (tool) => async (args, ctx) => {
  const answer = await ctx.fetch(ctx.config.baseUrl + '/${name}/' + tool, {
    method: 'POST',
    headers: {
      'x-action': ctx.actionId, 'x-attempt': String(ctx.attempt), 'x-entity': ctx.entityKey ?? '',
      'idempotency-key': ctx.idempotencyKey ?? '', 'x-process': String(process.pid),
      authorization: ctx.secret('token'), 'x-card': args.card ?? '',
    },
  });
  const said = answer.ok ? '' : ': ' + (await answer.text());
  if (said) ctx.log.warn({ said, args }, 'the far end said ' + said);
  if (answer.status === 429) throw failure('RateLimited', 'the far end is busy' + said);
  if (answer.status >= 500) throw new Error('the far end answered ' + answer.status + said);
  if (answer.status >= 400) throw failure('Terminal', 'the far end refused with ' + answer.status + said);
  return answer.json();
};
const asked = async (args, ctx) => {
  const key = encodeURIComponent(ctx.idempotencyKey);
  const answer = await ctx.fetch(ctx.config.baseUrl + '/${name}/asked?key=' + key);
  if (!answer.ok) throw new Error('the far end answered ' + answer.status);
  const { applied } = await answer.json();
  return applied === null ? 'not_applied' : { applied };
};
const names = ['look', 'safe', 'asked', 'blind', 'pay', 'capped', 'few', 'drop'];
export default { run: Object.fromEntries(names.map((tool) => [tool, call(tool)])), reconcile: { asked } };
`;

const policies = `export default [
  { id: 'safes', tool: 'safe', decision: 'ALLOW' },
  { id: 'asked', tool: 'asked', decision: 'ALLOW' },
  { id: 'blinds', tool: 'blind', decision: 'ALLOW' },
  { id: 'few', tool: '${limited.tool}', limit: { count: ${limited.count}, per: '${limited.perMs / 1_000}s', by: 'entity' }, decision: 'ALLOW' },
  { id: 'capped', tool: 'capped', predicate: () => false, decision: 'ALLOW' },
  { id: 'pays', tool: 'pay', decision: 'ALERT', escalation: { audience: 'reviewer' } },
  { id: 'soon', tool: 'pay', when: (action) => action.args.soon === true, decision: 'ALERT',
    escalation: { audience: 'reviewer', ttlSeconds: 1 } },
];
`;

const sources = `export default [
  { id: 'github', provider: 'github', secrets: ['${GITHUB_SECRET}'] },
  { id: 'standard-webhooks', provider: 'standard-webhooks', secrets: ['${STANDARD_SECRET}'] },
];
`;

/** A workspace of plain objects: two connectors over one far end, one tenant. */
export async function writeWorkspace(dir: string, farEndUrl: string): Promise<void> {
  const own = JSON.stringify({
    credentials: { token: CREDENTIAL },
    config: { baseUrl: farEndUrl },
    network: { private: true },
  });
  const files = {
    ...Object.fromEntries(
      CONNECTORS.flatMap((name) => [
        [`connectors/${name}/tools.ts`, tools(name)],
        [`connectors/${name}/run.ts`, run(name)],
      ]),
    ),
    [`tenants/${TENANT}/policies.ts`]: policies,
    [`tenants/${TENANT}/connectors.ts`]: `export default { ${CONNECTORS.map((name) => `${name}: ${own}`).join(', ')} };\n`,
    [`tenants/${TENANT}/sources.ts`]: sources,
  };
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await writeFile(join(dir, file), text);
  }
}
