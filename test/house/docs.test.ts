import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runCommandLine } from '@holdpoint/cli/run';
import { FINDING_CODES } from '@holdpoint/policy/analysis/finding';
import { loadOperators } from '@holdpoint/sdk/start-operators';
import { loadNotifications } from '@holdpoint/shared/workspace/notifications';
import { loadPeople } from '@holdpoint/shared/workspace/people';
import { loadRunners } from '@holdpoint/shared/workspace/runners';
import { loadSources } from '@holdpoint/shared/workspace/sources';
import { loadTenantConnectors } from '@holdpoint/shared/workspace/tenant-connectors';
import { readTenantHooks } from '@holdpoint/shared/workspace/tenant-hooks';
import { loadTenantLimits } from '@holdpoint/shared/workspace/tenant-limits';
import { loadTenantPolicies } from '@holdpoint/shared/workspace/tenant-policies';
import { loadTools } from '@holdpoint/shared/workspace/tools';
import { afterAll, describe, expect, test } from 'vitest';
import { listFiles } from './read-tree.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const run = promisify(execFile);
const SECONDS = 1_000;

const pages = (await listFiles(root, ['.'])).filter((path) => path.endsWith('.md') && !path.startsWith('test/'));
const texts = new Map(
  await Promise.all(pages.map(async (path) => [path, await readFile(join(root, path), 'utf8')] as const)),
);
const withExamples = pages.filter((page) => examplesOf(textOf(page)).length > 0);
const commandLines = pages.flatMap((page) => commandLinesOf(textOf(page)));
const lintExamples = lintExamplesOf(textOf('docs/tasks/check-policies.md'));
const folders: string[] = [];

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

describe('the pages', () => {
  test('have examples to hold to', () => {
    expect(withExamples.length).toBeGreaterThan(3);
  });

  test.each(pages)('%s links to what is there', async (page) => {
    const links = [...textOf(page).matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target);
    const broken: string[] = [];
    for (const link of links) {
      await access(join(root, dirname(page), link)).catch(() => broken.push(link));
    }
    expect(broken).toEqual([]);
  });

  test.each(withExamples)(
    '%s has examples that load as a workspace',
    async (page) => {
      const folder = await asWorkspace(page);
      const has = async (path: string): Promise<boolean> =>
        (await listFiles(folder, ['.'])).some((file) => file.startsWith(path));
      const tenantFile = (name: string): Promise<boolean> => has(`tenants/acme/${name}.ts`);
      if (await has('connectors/')) await loadRunners(folder, await loadTools(folder));
      if (await tenantFile('connectors')) await loadTenantConnectors(folder, ANY_SECRET);
      if (await tenantFile('notifications')) {
        expect((await loadNotifications(folder, ANY_SECRET)).get('acme')).not.toEqual([]);
      }
      if (await tenantFile('people')) expect((await loadPeople(folder)).get('acme')).toBeDefined();
      if (await tenantFile('sources')) expect((await loadSources(folder, ANY_SECRET)).get('acme')).not.toEqual([]);
      if (await tenantFile('limits')) expect((await loadTenantLimits(folder)).get('acme')).not.toEqual({});
      if (await tenantFile('hooks')) {
        expect(await readTenantHooks(folder, 'acme')).not.toEqual({ webhooks: [], actions: [] });
      }
      if (await tenantFile('policies')) {
        expect((await loadTenantPolicies(folder)).get('acme')?.policies).not.toEqual([]);
      }
      if (examplesOf(textOf(page)).some(({ path }) => path.endsWith('.cases.yaml'))) {
        expect(await holdpoint(['policies', 'test', '--workspace', folder], folder)).toMatchObject({ code: 0 });
      }
      if (examplesOf(textOf(page)).some(({ path }) => path.endsWith('/conformance.ts'))) {
        expect(await holdpoint(['connectors', 'test', '--workspace', folder], folder)).toMatchObject({ code: 0 });
      }
      if (await has('operators/')) expect(await loadOperators(folder)).not.toEqual([]);
    },
    20 * SECONDS,
  );

  test(
    'have examples that the compiler takes',
    async () => {
      const written = await Promise.all(withExamples.map(asWorkspace));
      const config = { extends: join(root, 'tsconfig.json'), include: written.map((folder) => `${folder}/**/*.ts`) };
      const file = join(written[0] ?? '', 'tsconfig.json');
      await writeFile(file, JSON.stringify(config));
      const tsc = join(root, 'node_modules/typescript/bin/tsc');
      const { stdout } = await run(process.execPath, [tsc, '--noEmit', '-p', file]).catch(
        (error: { stdout: string }) => error,
      );
      expect(stdout).toBe('');
    },
    60 * SECONDS,
  );

  test.each(commandLines)('%s is a command line that is understood', async (_, args) => {
    const folder = await mkdtemp(join(tmpdir(), 'docs-test-'));
    folders.push(folder);
    // The plan and the policies that the pages speak of.
    await writeFile(join(folder, 'plan.json'), JSON.stringify({ plan_id: 'p', actions: [{}] }));
    for (const name of ['main', 'next']) await writeFile(join(folder, `policies.${name}.json`), '[]');
    // Nothing runs there, so that it is read and no more; what asks files alone asks the example workspace, and comes to 0.
    // All of them take long, and each has a test of its own.
    const few = args.join(' ') === 'connectors test' ? ['desk'] : [];
    const { code, said } = await holdpoint([...args, ...few, '--data', folder], folder);
    if (code !== 0) expect({ code, said }).toEqual({ code: 1, said: expect.stringContaining('nothing runs here') });
  });

  test.each(lintExamples)('%s is what lint says of its example', async (heading, policies, said) => {
    const folder = await mkdtemp(join(tmpdir(), 'docs-test-'));
    folders.push(folder);
    await writeFile(join(folder, 'example.json'), policies);
    const told = await holdpoint(['policies', 'lint', '--candidate', 'example.json'], folder);
    expect(told.code, told.said).toBe(heading.includes('error') ? 1 : 0);
    for (const line of said.trim().split('\n')) expect(told.said).toContain(line.trim());
    expect(told.said).toContain(/`(\w+)`/.exec(heading)?.[1]);
  });

  test('show every code of lint', () => {
    const page = textOf('docs/tasks/check-policies.md');
    expect(lintExamples.length).toBeGreaterThan(10);
    expect(FINDING_CODES.filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
  });

  test('are checked by something that can fail', () => {
    expect(examplesOf('```ts\n// tenants/acme/policies.ts\nexport default 1;\n```\n')).toHaveLength(1);
    expect(commandLines.length).toBeGreaterThan(10);
    expect(examplesOf('```ts\nconst a = 1;\n```\n```sh\n# tenants/a.ts\n```')).toEqual([]);
  });
});

async function holdpoint(args: readonly string[], typedIn: string): Promise<{ code: number; said: string }> {
  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  const interrupted = () => AbortSignal.abort();
  const surroundings = {
    out: say,
    err: say,
    outBytes: () => undefined,
    dim: (text: string) => text,
    typedIn,
    interrupted,
  };
  return { code: await runCommandLine(args, surroundings), said: said.join('\n') };
}

const ANY_SECRET: Readonly<Record<string, string>> = new Proxy(
  {},
  {
    get: (_, name) =>
      String(name).includes('SMTP') ? 'smtps://mail.test' : 'whsec_ZGV2ZWxvcG1lbnQgb25seSwgbm90IGEgc2VjcmV0ISE=',
  },
);

interface Example {
  readonly path: string;
  readonly code: string;
}

/** Fenced `ts` and `yaml` blocks whose first line names their file. */
function examplesOf(text: string): Example[] {
  return [...text.matchAll(/^```(?:ts\n\/\/|yaml\n#) ([\w./-]+\.(?:ts|yaml))\n([\s\S]*?)^```$/gm)].map(
    ([, path = '', code = '']) => ({
      path,
      code,
    }),
  );
}

/** What follows `npm run holdpoint --` in its pages, in the words of a shell. */
function commandLinesOf(text: string): (readonly [string, readonly string[]])[] {
  return [...text.matchAll(/^npm run (?:--silent )?holdpoint -- ([^#\n>|]*)/gm)].map(([line, words = '']) => [
    line.trim(),
    [...words.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? ''),
  ]);
}

/** Under a heading: policies, and what lint says of them. */
function lintExamplesOf(text: string): [heading: string, policies: string, said: string][] {
  const found = text.matchAll(
    /^### (.*)\n\n(?:(?!^#|^```)[^\n]*\n)+?```json\n([\s\S]*?)^```\n\n```text\n([\s\S]*?)^```$/gm,
  );
  return [...found].map(([, heading = '', policies = '', said = '']) => [heading, policies, said]);
}

/** The page's examples as files, where their imports are found. Node refuses to run TypeScript inside `node_modules`. */
async function asWorkspace(page: string): Promise<string> {
  const folder = await mkdtemp(join(root, 'workspace', '.docs-test-'));
  folders.push(folder);
  for (const { path, code } of examplesOf(textOf(page))) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), code);
  }
  if (!(await listFiles(folder, ['connectors'])).length) await addConnectors(folder, textOf(page));
  return folder;
}

/** A page that shows one part of a workspace stands on the example's connectors. */
async function addConnectors(folder: string, text: string): Promise<void> {
  const known = ['shop', 'desk', 'tickets'].filter((name) => text.includes(name));
  for (const name of known) {
    await mkdir(join(folder, 'connectors', name), { recursive: true });
    const tools = `export default { name: '${name}', tools: {} };\n`;
    await writeFile(join(folder, 'connectors', name, 'tools.ts'), tools);
    await writeFile(join(folder, 'connectors', name, 'run.ts'), 'export default { run: {} };\n');
  }
}

function textOf(page: string): string {
  return texts.get(page) ?? '';
}
