import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ConnectorContext } from './connector-runner.ts';
import { loadRunners } from './runners.ts';
import { secret } from './secrets.ts';
import { loadSources } from './sources.ts';
import { loadTenantConnectors } from './tenant-connectors.ts';
import { loadTenantPolicies } from './tenant-policies.ts';
import { listTenants } from './tenants.ts';
import { loadTools } from './tools.ts';
import { workspaceVersion } from './version.ts';
import { WorkspaceError, type WorkspaceIssue } from './workspace-error.ts';

const dirs: string[] = [];

afterEach(async () => {
  await Promise.all(dirs.splice(0).map((dir) => rm(dir, { recursive: true, force: true })));
});

const TOOLS =
  "export default { name: 'shop', tools: { 'orders.hold': { risk: 'write' }, 'orders.read': { risk: 'read' } } };";
const RUN =
  "export default { run: { 'orders.hold': async (args, ctx) => ({ held: ctx.tenant }), 'orders.read': () => 1 } };";
const POLICIES = "export default [{ connector: 'shop', tool: 'orders.hold', maxValue: 500, decision: 'ALLOW' }];";

const SMALLEST = {
  'connectors/shop/tools.ts': TOOLS,
  'connectors/shop/run.ts': RUN,
  'tenants/acme/policies.ts': POLICIES,
};

/** A workspace outside the repository: plain objects, no package.json, nothing imported. */
async function workspace(files: Readonly<Record<string, string>>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'holdpoint-workspace-'));
  dirs.push(dir);
  await put(dir, files);
  return dir;
}

async function put(dir: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await writeFile(join(dir, file), text);
  }
}

async function issuesOf(work: Promise<unknown>): Promise<readonly WorkspaceIssue[]> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(WorkspaceError);
  return (error as WorkspaceError).issues;
}

describe('the smallest workspace', () => {
  it('is connectors and one tenant with policies, in plain objects', async () => {
    const dir = await workspace(SMALLEST);
    expect(await listTenants(dir)).toEqual(['acme']);
    expect(await loadTools(dir)).toEqual({
      shop: { 'orders.hold': { risk: 'write' }, 'orders.read': { risk: 'read' } },
    });
    expect(await loadSources(dir, {})).toEqual(new Map([['acme', []]]));
    expect(await loadTenantConnectors(dir, {})).toEqual(
      new Map([['acme', new Map([['shop', { credentials: {}, config: {} }]])]]),
    );
    const policies = (await loadTenantPolicies(dir)).get('acme');
    expect(policies).toMatchObject({
      tenant: 'acme',
      policies: [{ connector: 'shop', tool: 'orders.hold', maxValue: 500, decision: 'ALLOW' }],
      escalations: { defaults: { audience: 'reviewer', ttlSeconds: 86_400, mode: 'hold' } },
      connectors: ['shop'],
    });
    expect(policies).not.toHaveProperty('grants');
    const run = (await loadRunners(dir)).get('shop')?.run['orders.hold'];
    expect(await run?.({} as never, { tenant: 'acme' } as ConnectorContext)).toEqual({ held: 'acme' });
  });

  it('needs a connector and a tenant with policies', async () => {
    const empty = await workspace({});
    expect(await issuesOf(loadTools(empty))).toEqual([
      { file: 'connectors', path: '', reason: 'there is no connector' },
    ]);
    expect(await issuesOf(loadTenantPolicies(empty))).toEqual([
      { file: 'tenants', path: '', reason: 'no tenant has policies' },
    ]);
  });

  it('passes over hidden folders and refuses a tenant whose name is none', async () => {
    const dir = await workspace({ ...SMALLEST, 'tenants/.git/x.ts': '' });
    expect(await listTenants(dir)).toEqual(['acme']);
    await put(dir, { 'tenants/Acme.Corp/policies.ts': POLICIES });
    expect(await issuesOf(listTenants(dir))).toMatchObject([{ file: 'tenants/Acme.Corp' }]);
  });
});

describe('a file that cannot be used', () => {
  it('is named with every place that is wrong in it', async () => {
    const dir = await workspace({
      ...SMALLEST,
      'tenants/acme/policies.ts':
        "export default [{ tool: 'x', decision: 'MAYBE' }, { decision: 'ALLOW', maxvalue: 5 }, { decision: 'BLOCK', maxValue: -1 }];",
      'tenants/acme/grants.ts': "export default [{ operator: 'Bad Name', tools: ['orders.hold'] }];",
    });
    const issues = await issuesOf(loadTenantPolicies(dir));
    expect(issues.map(({ file, path }) => `${file}: ${path}`)).toEqual([
      'tenants/acme/policies.ts: 0.decision',
      'tenants/acme/policies.ts: 1.maxvalue',
      'tenants/acme/policies.ts: 2.maxValue',
      'tenants/acme/grants.ts: 0.operator',
      'tenants/acme/grants.ts: 0.tools.0',
    ]);
    expect(issues[1]?.reason).toBe('unknown key');
  });

  it('has its action hooks with their defaults, and is refused with every fault of theirs', async () => {
    const pass = 'before: () => undefined';
    const load = async (actions: string) => {
      const hooks = `export default { webhooks: [], actions: [${actions}] };`;
      return loadTenantPolicies(await workspace({ ...SMALLEST, 'tenants/acme/hooks.ts': hooks }));
    };
    expect((await load(`{ id: 'a', tools: 'orders.*', ${pass} }`)).get('acme')?.hooks).toMatchObject([
      { id: 'a', tools: ['orders.*'], priority: 50, critical: true, afterTimeoutMs: 10_000, retry: { attempts: 5 } },
    ]);
    const faults = `{ id: 'a' }, { id: 'b', timeoutMs: 5, ${pass} }, { id: 'c', priority: 101, ${pass} }`;
    expect(await issuesOf(load(faults))).toMatchObject([
      { file: 'tenants/acme/hooks.ts', path: 'actions.0', reason: 'has neither before nor after' },
      { path: 'actions.1.timeoutMs', reason: 'unknown key' },
      { path: 'actions.2.priority' },
    ]);
    expect(await issuesOf(load(`{ id: 'a', ${pass} }, { id: 'a', ${pass} }`))).toMatchObject([
      { path: 'actions.1.id' },
    ]);
    expect(await issuesOf(load(`{ id: 'a', connector: 'shopp', ${pass} }`))).toMatchObject([
      { path: 'actions.0.connector', reason: 'a: the tenant has no connector shopp' },
    ]);
  });

  it('is named when it throws, does not parse, or exports nothing', async () => {
    const throwing = await workspace({ ...SMALLEST, 'tenants/acme/policies.ts': "throw new Error('no luck');" });
    const [thrown] = await issuesOf(loadTenantPolicies(throwing));
    expect(thrown).toMatchObject({ file: 'tenants/acme/policies.ts', path: '' });
    expect(thrown?.reason).toContain('no luck');
    const broken = await workspace({ ...SMALLEST, 'tenants/acme/policies.ts': 'export default [{,' });
    expect(await issuesOf(loadTenantPolicies(broken))).toMatchObject([{ file: 'tenants/acme/policies.ts' }]);
    const mute = await workspace({ ...SMALLEST, 'tenants/acme/policies.ts': 'export const policies = [];' });
    expect(await issuesOf(loadTenantPolicies(mute))).toMatchObject([{ reason: 'has no default export' }]);
  });

  it('is refused past its size', async () => {
    const dir = await workspace({ ...SMALLEST, 'tenants/acme/policies.ts': `${POLICIES}//${'x'.repeat(1024 * 1024)}` });
    expect((await issuesOf(loadTenantPolicies(dir)))[0]?.reason).toMatch(/at most 1048576$/);
  });
});

describe('tools and their code', () => {
  it('refuses a connector whose name is not its folder, and one without tools.ts', async () => {
    const dir = await workspace({ ...SMALLEST, 'connectors/desk/tools.ts': TOOLS, 'connectors/bare/run.ts': RUN });
    expect(await issuesOf(loadTools(dir))).toEqual([
      { file: 'connectors/bare/tools.ts', path: '', reason: 'is missing' },
      { file: 'connectors/desk/tools.ts', path: 'name', reason: 'must be desk, as its folder is called' },
    ]);
  });

  it('keeps the functions and schema of a tool, and refuses what is neither', async () => {
    const schema = "{ '~standard': { version: 1, vendor: 'mine', validate: (value) => ({ value }) } }";
    const dir = await workspace({
      'connectors/shop/tools.ts': `export default { name: 'shop', tools: {
        hold: { risk: 'write', args: ${schema}, entityKey: (a) => 'order:' + a.id, value: (a) => a.amount },
      } };`,
    });
    const hold = (await loadTools(dir)).shop?.hold;
    expect(hold?.entityKey?.({ id: 7 } as never)).toBe('order:7');
    expect(hold?.args?.['~standard'].validate(3)).toEqual({ value: 3 });
    const wrong = await workspace({
      'connectors/shop/tools.ts':
        "export default { name: 'shop', tools: { 'or ders': { risk: 'write' }, hold: { risk: 'mild', args: {}, value: 3, retry: { minDelayMs: 9, maxDelayMs: 1 } } } };",
    });
    expect((await issuesOf(loadTools(wrong))).map(({ path }) => path)).toEqual([
      'tools.or ders',
      'tools.hold.risk',
      'tools.hold.args',
      'tools.hold.value',
      'tools.hold.retry.minDelayMs',
    ]);
  });

  it('wants a function for every declared tool and for no other', async () => {
    const dir = await workspace({
      ...SMALLEST,
      'connectors/shop/run.ts':
        "export default { run: { 'orders.hold': () => 1, 'orders.drop': () => 1 }, reconcile: { 'orders.gone': () => 'unknown' } };",
    });
    expect((await issuesOf(loadRunners(dir))).map(({ path, reason }) => `${path} ${reason}`)).toEqual([
      'run.orders.read is missing; tools.ts declares it',
      'run.orders.drop tools.ts does not declare it',
      'reconcile.orders.gone tools.ts does not declare it',
    ]);
  });

  it('hands back the author’s own object, so that init and run share what they keep', async () => {
    const dir = await workspace({
      'connectors/shop/tools.ts': "export default { name: 'shop', tools: { hold: { risk: 'write' } } };",
      'connectors/shop/run.ts': 'export default { init() { this.made = 1; }, run: { hold: () => 1 } };',
    });
    const runner = (await loadRunners(dir)).get('shop');
    runner?.init?.({ tenants: {}, log: console } as never);
    expect(runner).toHaveProperty('made', 1);
  });
});

describe('sources', () => {
  const sources = (text: string) => ({ ...SMALLEST, 'tenants/acme/sources.ts': `export default ${text};` });

  it('resolve their secrets from the environment they are given, prefixed name first', async () => {
    const dir = await workspace(
      sources("[{ id: 'stripe', provider: 'stripe', secrets: [{ secret: 'STRIPE' }, { secret: 'OLD' }, 'plain'] }]"),
    );
    const env = { HOLDPOINT_SECRET_STRIPE: 'whsec_new', STRIPE: 'unused', OLD: 'whsec_old' };
    expect((await loadSources(dir, env)).get('acme')).toEqual([
      { id: 'stripe', provider: 'stripe', secrets: ['whsec_new', 'whsec_old', 'plain'] },
    ]);
  });

  it('name every secret that is missing or empty, and no value', async () => {
    const dir = await workspace(
      sources(
        "[{ id: 'a', provider: 'stripe', secrets: [{ secret: 'GONE' }, { secret: 'BLANK' }, { secret: 'SET' }, { secret: 'constructor' }] }]",
      ),
    );
    const issues = await issuesOf(loadSources(dir, { BLANK: '', SET: 'very-secret' }));
    expect(issues.map(({ path, reason }) => `${path}: ${reason}`)).toEqual([
      '0.secrets.0: secret GONE is not set (environment: HOLDPOINT_SECRET_GONE or GONE)',
      '0.secrets.1: secret BLANK is empty (environment: HOLDPOINT_SECRET_BLANK or BLANK)',
      '0.secrets.3: secret constructor is not set (environment: HOLDPOINT_SECRET_constructor or constructor)',
    ]);
    expect(JSON.stringify(issues)).not.toContain('very-secret');
  });

  it('refuse an empty secret, no secret, a body limit past 25 MiB, unknown keys, and an id that stands twice', async () => {
    const dir = await workspace(
      sources(`[
        { id: 'a', provider: 'stripe', secrets: [] },
        { id: 'b', provider: 'stripe', secrets: [''] },
        { id: 'c', provider: 'stripe', secrets: ['x'], bodyMaxBytes: 25 * 1024 * 1024 + 1, secret: 'x' },
      ]`),
    );
    expect((await issuesOf(loadSources(dir, {}))).map(({ path }) => path)).toEqual([
      '0.secrets',
      '1.secrets.0',
      '2.bodyMaxBytes',
      '2.secret',
    ]);
    const twice = await workspace(
      sources(`[{ id: 'a', provider: 'x', secrets: ['s'] }, { id: 'a', provider: 'y', secrets: ['s'], agent: 'z' }]`),
    );
    expect((await issuesOf(loadSources(twice, {}))).map(({ path }) => path)).toEqual(['1.id', '1']);
  });

  it('of two tenants never share the subscription of an agent, whose route names no tenant', async () => {
    const one = "[{ id: 'a', provider: 'fabric', secrets: ['s'], agent: 'val', subscription: 'created' }]";
    const dir = await workspace({ ...sources(one), 'tenants/zeta/sources.ts': `export default ${one};` });
    expect(await issuesOf(loadSources(dir, {}))).toMatchObject([
      { file: 'tenants/zeta/sources.ts', path: '0.subscription' },
    ]);
  });
});

describe("a tenant's connectors", () => {
  const connectors = (text: string) => ({ ...SMALLEST, 'tenants/acme/connectors.ts': `export default ${text};` });

  it('come with credentials and config resolved, for the executor alone', async () => {
    const dir = await workspace(
      connectors(
        "{ shop: { credentials: { token: { secret: 'T' } }, config: { baseUrl: { secret: 'URL' }, size: 3 } } }",
      ),
    );
    const own = await loadTenantConnectors(dir, { T: 'tok', URL: 'http://127.0.0.1:1' });
    expect(own.get('acme')?.get('shop')).toEqual({
      credentials: { token: 'tok' },
      config: { baseUrl: 'http://127.0.0.1:1', size: 3 },
    });
    await expect(loadTenantPolicies(dir)).resolves.toBeInstanceOf(Map);
    expect(await issuesOf(loadTenantConnectors(dir, { T: 'tok' }))).toMatchObject([{ path: 'shop.config.baseUrl' }]);
  });

  it('are only those that are listed, and none that does not exist', async () => {
    const none = await workspace(connectors('{}'));
    expect((await loadTenantConnectors(none, {})).get('acme')).toEqual(new Map());
    expect((await loadTenantPolicies(none)).get('acme')?.connectors).toEqual([]);
    const wrong = await workspace(connectors('{ shopp: {} }'));
    expect(await issuesOf(loadTenantPolicies(wrong))).toMatchObject([{ path: 'shopp' }]);
  });

  it('carry permissions to the policies', async () => {
    const dir = await workspace(
      connectors("{ shop: { permissions: { mode: 'strict', overrides: { 'orders.hold': 'allow' } } } }"),
    );
    expect((await loadTenantPolicies(dir)).get('acme')?.permissions).toEqual({
      shop: { mode: 'strict', overrides: { 'orders.hold': 'allow' } },
    });
  });
});

describe('escalations', () => {
  it('are the usual ones where the file says nothing', async () => {
    const dir = await workspace({
      ...SMALLEST,
      'tenants/acme/escalations.ts': `export default {
        defaults: { audience: 'night-shift', ttlSeconds: undefined },
        audiences: { 'night-shift': { quorum: 2 } },
        approvalRules: [{ pattern: 'delete_*', audience: 'project-admin', ttlSeconds: 3600 }],
      };`,
    });
    expect((await loadTenantPolicies(dir)).get('acme')?.escalations).toEqual({
      defaults: { audience: 'night-shift', quorum: 1, ttlSeconds: 86_400, mode: 'hold', selfApproval: false },
      audiences: { 'night-shift': { quorum: 2 } },
      approvalRules: [{ pattern: 'delete_*', audience: 'project-admin', ttlSeconds: 3600 }],
    });
  });
});

describe('versions', () => {
  const version = async (dir: string, tenant = 'acme') => (await loadTenantPolicies(dir)).get(tenant)?.version;

  it('of policies follow the files that decide, and no other', async () => {
    const dir = await workspace({ ...SMALLEST, 'tenants/zeta/policies.ts': POLICIES });
    const before = await version(dir);
    expect(before).toMatch(/^p-[0-9a-f]{16}$/);
    await put(dir, { 'tenants/acme/sources.ts': 'export default [];', 'connectors/shop/run.ts': `${RUN}//` });
    expect(await version(dir)).toBe(before);
    const seen = new Set([before]);
    for (const [file, text] of [
      ['tenants/acme/policies.ts', `${POLICIES}//`],
      ['tenants/acme/grants.ts', "export default [{ operator: 'a', tools: ['shop:orders.*'] }];"],
      ['tenants/acme/escalations.ts', 'export default {};'],
      ['connectors/shop/tools.ts', `${TOOLS}//`],
    ] as const) {
      await put(dir, { [file]: text });
      seen.add(await version(dir));
    }
    expect(seen.size).toBe(5);
  });

  it('of policies follow a file of hooks where any runs before actions, and not where none does', async () => {
    const pass = "before: () => 'pass'";
    const dir = await workspace({ ...SMALLEST, 'tenants/zeta/policies.ts': POLICIES });
    const [acme, zeta] = [await version(dir), await version(dir, 'zeta')];
    await put(dir, {
      'tenants/acme/hooks.ts': `export default { webhooks: [{ id: 'w', ${pass} }], actions: [{ id: 'a', after: () => 1 }] };`,
      'tenants/zeta/hooks.ts': `export default { actions: [{ id: 'a', ${pass} }] };`,
    });
    expect(await version(dir)).toBe(acme);
    expect(await version(dir, 'zeta')).not.toBe(zeta);
  });

  it('of one tenant do not change with another’s files', async () => {
    const dir = await workspace({ ...SMALLEST, 'tenants/zeta/policies.ts': POLICIES });
    const before = await version(dir);
    await put(dir, { 'tenants/zeta/policies.ts': `${POLICIES}//` });
    expect(await version(dir)).toBe(before);
  });

  it('of the workspace follow every file but hidden and installed ones', async () => {
    const dir = await workspace(SMALLEST);
    const before = await workspaceVersion(dir);
    await put(dir, { '.cache/x': '1', 'node_modules/a/index.js': '1' });
    expect(await workspaceVersion(dir)).toBe(before);
    await put(dir, { 'lib/rules.ts': 'export const cap = 1;' });
    expect(await workspaceVersion(dir)).not.toBe(before);
  });

  it('of the workspace tell apart files that run together into the same bytes', async () => {
    const one = await workspace({ a: 'xb', c: 'y' });
    const other = await workspace({ a: 'x', bc: 'y' });
    expect(await workspaceVersion(one)).not.toBe(await workspaceVersion(other));
  });
});

it('a secret reference is a plain object', () => {
  expect(secret('SHOP_TOKEN')).toEqual({ secret: 'SHOP_TOKEN' });
});
